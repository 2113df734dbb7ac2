/* The rows read by two threads, a half each. Where the second begins is only a guess, a row end near the middle: it may lie
 * inside quotes. It is proved afterwards. What a reader does at a row's start depends on nothing that stands before it, so when
 * the first thread, reading from the top, comes to a row that starts at that very place, the second has read exactly what the
 * first would have read from there on. When it does not, the first reads on to the end and the second's work is dropped. */
#include "audit/rows.h"

#include "os/aside.h"

#include <stdlib.h>

enum { HALVES_FROM = 512 * 1024, ARENA_BUDGET = 512 << 20 };

struct half {
    struct auditor auditor;
    struct database database;
    struct arena arena;
    struct aside aside;
};

/* Behind the first line feed in the second half; NULL when there is none. */
static const char *guess_split(struct span rows)
{
    struct span rest = span_from(rows, rows.len / 2);
    const char *feed = rest.len == 0 ? NULL : memchr(rest.at, '\n', rest.len);
    return feed == NULL || feed + 1 == rest.at + rest.len ? NULL : feed + 1;
}

/* An auditor that knows what the head says and has seen no row. */
static struct half *half_new(const struct auditor *a, const char *split)
{
    struct half *half = calloc(1, sizeof *half);
    if (half == NULL) {
        abort();
    }
    struct auditor *b = &half->auditor;
    const struct span rest = a->reader.rest;
    arena_init(&half->arena, ARENA_BUDGET);
    half->database = *a->database;
    memset(half->database.findings, 0, sizeof half->database.findings);
    *b = *a;
    b->database = &half->database;
    b->row.stops = b->stops;
    b->arena = &half->arena;
    csv_reader_init(&b->reader, span_from(rest, (size_t)(split - rest.at)), a->reader.separator);
    seen_init_next(&b->keys, &a->keys, a->keys.part.room / 2);
    seen_init_next(&b->images, &a->images, a->images.part.room / 2);
    return half;
}

static void half_free(struct half *half)
{
    csv_reader_done(&half->auditor.reader);
    seen_done(&half->auditor.keys);
    seen_done(&half->auditor.images);
    arena_done(&half->arena);
    free(half);
}

static void half_read(void *arg)
{
    struct auditor *b = &((struct half *)arg)->auditor;
    rows_read(b, b->reader.rest.at + b->reader.rest.len);
}

static void append_database(struct database *db, const struct database *part)
{
    count_merge(&db->published, &part->published);
    count_merge(&db->ruled, &part->ruled);
    db->rows += part->rows;
    db->special_rows += part->special_rows;
    db->special_counted += part->special_counted;
    db->nominal_special += part->nominal_special;
    db->nominal_captured += part->nominal_captured;
}

/* All that reading rows leaves in an auditor. The rows of `b` follow those of `a`, whose numbers they continue. */
static void append(struct auditor *a, struct auditor *b)
{
    findings_append(a, b->database);
    append_database(a->database, b->database);
    count_merge(&a->plain, &b->plain);
    patterns_append(a, b);
    seen_append(&a->keys, &b->keys, (uint32_t)a->reader.row);
    seen_append(&a->images, &b->images, (uint32_t)a->reader.row);
    a->without_image += b->without_image;
    a->both_times += b->both_times;
    a->from_casilla += b->from_casilla;
    if (b->earliest_capture_ms < a->earliest_capture_ms) {
        a->earliest_capture_ms = b->earliest_capture_ms;
    }
    a->reader.row += b->reader.row;
}

static void read_halves(struct auditor *a, const char *split, const char *end)
{
    struct half *half = half_new(a, split);
    bool begun = aside_begin(&half->aside, half_read, half);
    rows_read(a, split);
    if (begun) {
        aside_wait(&half->aside);
    }
    if (begun && a->reader.rest.at == split) {
        append(a, &half->auditor);
    } else {
        rows_read(a, end);
    }
    half_free(half);
}

void halves_read(struct auditor *a, size_t halves_from)
{
    const struct span rows = a->reader.rest;
    const char *end = rows.at + rows.len;
    a->sheet = (struct sheet){.n_votes = (uint8_t)a->database->n_columns,
                              .has_image = true,
                              .received_ms = -1,
                              .captured_ms = -1,
                              .verified_ms = -1};
    a->last_known = true;
    rows_init(a);
    patterns_init(a);
    const char *split = rows.len >= (halves_from == 0 ? HALVES_FROM : halves_from) ? guess_split(rows) : NULL;
    if (split == NULL) {
        rows_read(a, end);
    } else {
        read_halves(a, split, end);
    }
}
