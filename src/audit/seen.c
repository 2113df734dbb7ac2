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

/* The key need not be secret to be hard to aim at: it differs with where the system put this process's
 * memory. */
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

static struct seen_slot *slot_of(const struct seen *seen, struct span text, uint32_t *tag)
{
    uint64_t hash = siphash(seen->key[0], seen->key[1], text.at, text.len);
    *tag = (uint32_t)(hash >> 32) | 1;
    for (uint32_t i = (uint32_t)hash & (seen->n_slots - 1);; i = (i + 1) & (seen->n_slots - 1)) {
        struct seen_slot *slot = &seen->slots[i];
        if (slot->tag == 0 || (slot->tag == *tag && span_equal(seen->entries[slot->entry].text, text))) {
            return slot;
        }
    }
}

static void seen_grow(struct seen *seen)
{
    assert(seen->room < 1U << 29);
    seen->room *= 2;
    seen->entries = must(realloc(seen->entries, (size_t)seen->room * sizeof *seen->entries));
    free(seen->slots);
    uint32_t slots = 64;
    while (slots / 2 < seen->room) {
        slots *= 2;
    }
    slots_new(seen, slots);
    for (uint32_t entry = 0; entry < seen->n; entry++) {
        uint32_t tag = 0;
        struct seen_slot *slot = slot_of(seen, seen->entries[entry].text, &tag);
        *slot = (struct seen_slot){.tag = tag, .entry = entry};
    }
}

const struct seen_entry *seen_note(struct seen *seen, struct span text, uint32_t row)
{
    if (seen->n == seen->room) {
        seen_grow(seen);
    }
    uint32_t tag = 0;
    struct seen_slot *slot = slot_of(seen, text, &tag);
    if (slot->tag == 0) {
        *slot = (struct seen_slot){.tag = tag, .entry = seen->n};
        seen->entries[seen->n++] = (struct seen_entry){.text = text, .row = row};
    }
    struct seen_entry *entry = &seen->entries[slot->entry];
    entry->times++;
    return entry;
}
