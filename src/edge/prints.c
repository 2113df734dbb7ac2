#include "edge/prints.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { NO_ID_LEFT = HITS_IDS };

static uint32_t print_http(const struct hits_ring *ring, uint32_t place, char out[HITS_WORD_MAX])
{
    static const char *const versions[] = {"http/1.0", "http/1.1", "http/2"};
    const struct hits_print print = ring->prints[place];
    int n = snprintf(out, HITS_WORD_MAX, "%s fields=%u names=%016llx", versions[print.minor % 3],
                     print.n_fields & 127U, (unsigned long long)print.names);
    return (uint32_t)n;
}

static uint32_t print_tls(const struct hits_ring *ring, uint32_t place, char out[HITS_WORD_MAX])
{
    const struct tls_hello hello = ring->hellos[place];
    return (uint32_t)tls_hello_print(&hello, out);
}

_Static_assert((int)TLS_HELLO_TEXT <= (int)HITS_WORD_MAX, "a TLS fingerprint is a word");

typedef uint32_t (*printer)(const struct hits_ring *ring, uint32_t place, char out[HITS_WORD_MAX]);
static const printer printers[PRINTS_KINDS] = {print_http, print_tls};

static uint16_t id_of_text(struct prints_table *table, const struct prints_text *text)
{
    for (uint32_t id = 1; id <= table->n; id++) {
        if (table->texts[id].len == text->len && memcmp(table->texts[id].at, text->at, text->len) == 0) {
            return (uint16_t)id;
        }
    }
    if (table->n == HITS_IDS - 1) {
        return NO_ID_LEFT;
    }
    table->texts[++table->n] = *text;
    return (uint16_t)table->n;
}

uint16_t prints_id(struct prints *prints, enum prints_kind kind, const struct hits_ring *ring,
                   uint32_t worker, uint16_t place)
{
    assert(worker < EDGE_WORKERS_MAX);
    if (place == 0 || place > HITS_PRINTS) { /* a worker may have been taken over */
        return 0;
    }
    struct prints_table *table = &prints->tables[kind];
    uint16_t *id = &table->id_of[worker][place - 1];
    if (*id == 0) {
        struct prints_text text = {0};
        text.len = printers[kind](ring, place - 1U, text.at);
        *id = id_of_text(table, &text);
    }
    return *id == NO_ID_LEFT ? 0 : *id;
}

struct span prints_text(const struct prints *prints, enum prints_kind kind, uint16_t id)
{
    const struct prints_table *table = &prints->tables[kind];
    assert(id > 0 && id <= table->n);
    return span_of(table->texts[id].at, table->texts[id].len);
}
