/* A list, and a table over it when one is needed. */
#include "audit/seen.h"

#include "base/map.h"

#include <assert.h>
#include <stdlib.h>

static void *must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

/* The key need not be secret to be hard to aim at: it differs with where the system put this process's memory. */
void seen_init(struct seen *seen, uint32_t expected)
{
    *seen = (struct seen){.room = expected < 64 ? 64 : expected, .ascending = true};
    seen->items = must(malloc((size_t)seen->room * sizeof *seen->items));
    seen->key[0] = (uint64_t)(uintptr_t)seen->items ^ (uint64_t)(uintptr_t)&seen_init << 24;
    seen->key[1] = (uint64_t)(uintptr_t)&seen << 17 ^ 0x9e3779b97f4a7c15U;
}

void seen_done(struct seen *seen)
{
    free(seen->items);
    *seen = (struct seen){0};
}

static struct span text_of(const struct seen_item *item)
{
    return span_of(item->at, item->len);
}

static uint32_t tag_of(const struct seen *seen, struct span bytes)
{
    return (uint32_t)siphash(seen->key[0], seen->key[1], bytes.at, bytes.len);
}

void seen_add(struct seen *seen, struct span text, struct span hashed, uint32_t row, struct span line)
{
    if (seen->n == seen->room) {
        assert(seen->room < 1U << 28);
        seen->room *= 2;
        seen->items = must(realloc(seen->items, (size_t)seen->room * sizeof *seen->items));
    }
    assert(text.len < UINT32_MAX);
    struct seen_item *item = &seen->items[seen->n++];
    *item = (struct seen_item){.at = text.at, .line = line, .len = (uint32_t)text.len, .row = row};
    if (hashed.at != NULL) {
        item->tag = tag_of(seen, hashed);
        seen->ascending = false;
        seen->hashed = true;
    } else {
        seen->ascending &= seen->n == 1 || span_compare(text_of(item - 1), text) < 0;
    }
}

/* One place of the table: an item, and how often its text came so far. */
struct place {
    uint32_t item; /* index + 1; 0: free */
    uint32_t times;
};

static struct place *place_of(const struct seen *seen, struct place *places, uint32_t mask,
                              const struct seen_item *item)
{
    for (uint32_t i = item->tag & mask;; i = (i + 1) & mask) {
        if (places[i].item == 0) {
            return &places[i];
        }
        const struct seen_item *other = &seen->items[places[i].item - 1];
        if (other->tag == item->tag && span_equal(text_of(other), text_of(item))) {
            return &places[i];
        }
    }
}

void seen_repeated(struct seen *seen, seen_visit visit, void *arg)
{
    if (seen->ascending || seen->n < 2) {
        return;
    }
    uint32_t size = 64;
    while (size / 2 < seen->n) {
        size *= 2;
    }
    struct place *places = must(calloc(size, sizeof *places));
    for (uint32_t i = 0; i < seen->n; i++) {
        struct seen_item *item = &seen->items[i];
        item->tag = seen->hashed ? item->tag : tag_of(seen, text_of(item));
        struct place *place = place_of(seen, places, size - 1, item);
        place->item = place->item == 0 ? i + 1 : place->item;
        if (++place->times > 1) {
            visit(arg, &seen->items[place->item - 1], item, place->times);
        }
    }
    free(places);
}
