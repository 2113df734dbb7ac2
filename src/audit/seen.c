/* Open addressing over a list of entries. */
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

static void slots_new(struct seen *seen, uint32_t n)
{
    seen->n_slots = n;
    seen->slots = must(calloc(n, sizeof *seen->slots));
}

/* The key need not be secret to be hard to aim at: it differs with where the system put this process's memory. */
void seen_init(struct seen *seen, uint32_t expected)
{
    uint32_t slots = 64;
    while (slots / 2 < expected && slots < 1U << 30) {
        slots *= 2;
    }
    *seen = (struct seen){.room = expected < 64 ? 64 : expected};
    seen->entries = must(malloc((size_t)seen->room * sizeof *seen->entries));
    slots_new(seen, slots);
    seen->key[0] = (uint64_t)(uintptr_t)seen->entries ^ (uint64_t)(uintptr_t)&seen_init << 24;
    seen->key[1] = (uint64_t)(uintptr_t)&seen << 17 ^ 0x9e3779b97f4a7c15U;
}

void seen_done(struct seen *seen)
{
    free(seen->slots);
    free(seen->entries);
    *seen = (struct seen){0};
}

static void slots_fill(struct seen *seen)
{
    uint32_t mask = seen->n_slots - 1;
    for (uint32_t entry = 0; entry < seen->n; entry++) {
        uint32_t i = seen->entries[entry].tag & mask;
        while (seen->slots[i] != 0) {
            i = (i + 1) & mask;
        }
        seen->slots[i] = entry + 1;
    }
}

static void seen_grow(struct seen *seen)
{
    assert(seen->room < 1U << 28);
    seen->room *= 2;
    seen->entries = must(realloc(seen->entries, (size_t)seen->room * sizeof *seen->entries));
    while (seen->n_slots / 2 < seen->room) {
        seen->n_slots *= 2;
    }
    free(seen->slots);
    slots_new(seen, seen->n_slots);
    slots_fill(seen);
}

const struct seen_entry *seen_note(struct seen *seen, struct span text, struct span hashed, uint32_t row)
{
    if (seen->n == seen->room) {
        seen_grow(seen);
    }
    assert(text.len < UINT32_MAX);
    uint32_t tag = (uint32_t)siphash(seen->key[0], seen->key[1], hashed.at, hashed.len);
    uint32_t mask = seen->n_slots - 1;
    uint32_t i = tag & mask;
    for (; seen->slots[i] != 0; i = (i + 1) & mask) {
        struct seen_entry *entry = &seen->entries[seen->slots[i] - 1];
        if (entry->tag == tag && span_equal(span_of(entry->at, entry->len), text)) {
            entry->times++;
            return entry;
        }
    }
    seen->slots[i] = seen->n + 1;
    struct seen_entry *entry = &seen->entries[seen->n++];
    *entry =
        (struct seen_entry){.at = text.at, .len = (uint32_t)text.len, .tag = tag, .times = 1, .row = row};
    return entry;
}
