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

#define EXTRA 0x80000000U

static void part_init(struct seen_part *part, uint32_t expected)
{
    *part = (struct seen_part){.room = expected < 64 ? 64 : expected};
    buf_init(&part->extra, SEEN_FILE_MAX);
    part->items = must(malloc((size_t)part->room * sizeof *part->items));
}

static void part_done(struct seen_part *part)
{
    free(part->items);
    buf_done(&part->extra);
}

/* The key need not be secret to be hard to aim at: it differs with where the system put this process's memory. */
void seen_init(struct seen *seen, struct span file, uint32_t expected)
{
    assert(file.len <= SEEN_FILE_MAX);
    *seen = (struct seen){.file = file, .ascending = true};
    part_init(&seen->part, expected);
    seen->key[0] = (uint64_t)(uintptr_t)seen->part.items ^ (uint64_t)(uintptr_t)&seen_init << 24;
    seen->key[1] = (uint64_t)(uintptr_t)&seen << 17 ^ 0x9e3779b97f4a7c15U;
    for (size_t i = 0; i < SEEN_WORDS + 2; i++) {
        seen->factors[i] = siphash(seen->key[0], seen->key[1], &i, sizeof i);
    }
}

void seen_init_next(struct seen *seen, const struct seen *first, uint32_t expected)
{
    *seen = (struct seen){.file = first->file, .ascending = true};
    part_init(&seen->part, expected);
    memcpy(seen->key, first->key, sizeof seen->key); /* tags of both are compared */
    memcpy(seen->factors, first->factors, sizeof seen->factors);
}

void seen_done(struct seen *seen)
{
    part_done(&seen->part);
    part_done(&seen->next);
    *seen = (struct seen){0};
}

static struct span text_of(const struct seen *seen, const struct seen_part *part,
                           const struct seen_item *item)
{
    bool extra = (item->at & EXTRA) != 0;
    return span_of((extra ? part->extra.at : seen->file.at) + (item->at & ~EXTRA), item->len);
}

/* Short texts, which all keys and digests are: words and length times secret factors (multilinear hashing: Lemire and
 * Kaser, "Strongly universal string hashing is fast"). Who does not know the factors cannot make two texts share a tag any
 * better than chance does, and it costs a tenth of SipHash. */
static uint32_t tag_of(const struct seen *seen, struct span bytes)
{
    uint32_t words[SEEN_WORDS];
    if (bytes.len == SEEN_DIGEST) { /* a count the compiler knows */
        uint64_t sum = seen->factors[0] + seen->factors[1] * SEEN_DIGEST;
        memcpy(words, bytes.at, SEEN_DIGEST);
        for (size_t i = 0; i < SEEN_DIGEST / sizeof *words; i++) {
            sum += seen->factors[i + 2] * words[i];
        }
        return (uint32_t)(sum >> 32);
    }
    if (bytes.len > sizeof words) {
        return (uint32_t)siphash(seen->key[0], seen->key[1], bytes.at, bytes.len);
    }
    size_t n = (bytes.len + 3) / sizeof *words;
    words[n == 0 ? 0 : n - 1] = 0; /* the text may end inside it */
    memcpy(words, bytes.at, bytes.len);
    uint64_t sum = seen->factors[0] + seen->factors[1] * bytes.len;
    for (size_t i = 0; i < n; i++) {
        sum += seen->factors[i + 2] * words[i];
    }
    return (uint32_t)(sum >> 32);
}

/* Where a text lies, copied to `extra` when it is not in the file; UINT32_MAX when there is no more room. */
static uint32_t place_text(struct seen *seen, struct span text)
{
    if (text.at >= seen->file.at && text.at < seen->file.at + seen->file.len) {
        return (uint32_t)(text.at - seen->file.at);
    }
    struct buf *extra = &seen->part.extra;
    size_t at = extra->len;
    buf_span(extra, text);
    return extra->err == OK ? EXTRA | (uint32_t)at : UINT32_MAX;
}

static struct seen_item *new_item(struct seen_part *part)
{
    if (part->n == part->room) {
        assert(part->room < 1U << 28);
        part->room *= 2;
        part->items = must(realloc(part->items, (size_t)part->room * sizeof *part->items));
    }
    return &part->items[part->n++];
}

/* span_compare(a, b) < 0, eight bytes at a time. */
static bool is_less(struct span a, struct span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    size_t i = 0;
    for (; len - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        if (memcmp(a.at + i, b.at + i, sizeof(uint64_t)) != 0) {
            return memcmp(a.at + i, b.at + i, sizeof(uint64_t)) < 0;
        }
    }
    return span_compare(span_from(a, i), span_from(b, i)) < 0;
}

void seen_add(struct seen *seen, struct span text, struct span hashed, uint32_t row, const char *line)
{
    text.len = text.len > SEEN_TEXT_MAX ? SEEN_TEXT_MAX : text.len;
    uint32_t at = place_text(seen, text);
    if (at == UINT32_MAX) {
        return;
    }
    struct seen_item *item = new_item(&seen->part);
    *item = (struct seen_item){
        .at = at, .line = (uint32_t)(line - seen->file.at), .row = row, .len = (uint16_t)text.len};
    if (hashed.at != NULL) {
        item->tag = tag_of(seen, hashed);
        seen->ascending = false;
        seen->hashed = true;
    } else if (seen->ascending && seen->part.n > 1) {
        seen->ascending = is_less(text_of(seen, &seen->part, item - 1), text);
    }
}

void seen_append(struct seen *seen, struct seen *next, uint32_t rows_before)
{
    const struct seen_part *part = &seen->part;
    assert(seen->next.items == NULL);
    if (next->part.n == 0) {
        return;
    }
    bool rises = part->n == 0 || is_less(text_of(seen, part, &part->items[part->n - 1]),
                                         text_of(next, &next->part, &next->part.items[0]));
    seen->ascending = seen->ascending && next->ascending && rises;
    seen->hashed = seen->hashed || next->hashed;
    seen->next = next->part;
    seen->next.rows_before = rows_before;
    next->part = (struct seen_part){0};
}

/* Item i of both parts. */
struct place {
    const struct seen_part *part;
    struct seen_item *item;
};

static inline struct place place_at(const struct seen *seen, uint32_t i)
{
    const struct seen_part *part = i < seen->part.n ? &seen->part : &seen->next;
    return (struct place){part, &part->items[i < seen->part.n ? i : i - seen->part.n]};
}

/* The slot of an item's text in the table: free (0), or the first item with that text, + 1. */
static uint32_t *slot_of(const struct seen *seen, uint32_t *slots, uint32_t mask, struct place place)
{
    for (uint32_t i = place.item->tag & mask;; i = (i + 1) & mask) {
        if (slots[i] == 0) {
            return &slots[i];
        }
        struct place other = place_at(seen, slots[i] - 1);
        if (other.item->tag == place.item->tag &&
            span_equal(text_of(seen, other.part, other.item), text_of(seen, place.part, place.item))) {
            return &slots[i];
        }
    }
}

static uint32_t row_of(struct place place)
{
    return place.item->row + place.part->rows_before;
}

void seen_repeated(struct seen *seen, seen_visit visit, void *arg)
{
    const uint32_t n = seen->part.n + seen->next.n;
    if (seen->ascending || n < 2) {
        return;
    }
    uint32_t size = 64;
    while (size / 2 < n) {
        size *= 2;
    }
    uint32_t *slots = must(calloc(size, sizeof *slots));
    uint32_t *times =
        must(calloc(n, sizeof *times)); /* by first item; touched only where there are repetitions */
    for (uint32_t i = 0; i < n; i++) {
        struct place place = place_at(seen, i);
        if (!seen->hashed) {
            place.item->tag = tag_of(seen, text_of(seen, place.part, place.item));
        }
        uint32_t *slot = slot_of(seen, slots, size - 1, place);
        if (*slot == 0) {
            *slot = i + 1;
        } else {
            struct seen_item again = *place.item;
            again.row = row_of(place);
            times[*slot - 1]++;
            visit(arg, row_of(place_at(seen, *slot - 1)), &again, times[*slot - 1] + 1);
        }
    }
    free(times);
    free(slots);
}
