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

/* The key need not be secret to be hard to aim at: it differs with where the system put this process's memory. */
void seen_init(struct seen *seen, struct span file, uint32_t expected)
{
    assert(file.len <= SEEN_FILE_MAX);
    *seen = (struct seen){.file = file, .room = expected < 64 ? 64 : expected, .ascending = true};
    buf_init(&seen->extra, SEEN_FILE_MAX);
    seen->items = must(malloc((size_t)seen->room * sizeof *seen->items));
    seen->key[0] = (uint64_t)(uintptr_t)seen->items ^ (uint64_t)(uintptr_t)&seen_init << 24;
    seen->key[1] = (uint64_t)(uintptr_t)&seen << 17 ^ 0x9e3779b97f4a7c15U;
    for (size_t i = 0; i < SEEN_WORDS + 2; i++) {
        seen->factors[i] = siphash(seen->key[0], seen->key[1], &i, sizeof i);
    }
}

void seen_init_next(struct seen *seen, const struct seen *first, uint32_t expected)
{
    seen_init(seen, first->file, expected);
    memcpy(seen->key, first->key, sizeof seen->key); /* tags of both are compared */
    memcpy(seen->factors, first->factors, sizeof seen->factors);
}

void seen_done(struct seen *seen)
{
    free(seen->items);
    buf_done(&seen->extra);
    *seen = (struct seen){0};
}

static struct span text_of(const struct seen *seen, const struct seen_item *item)
{
    bool extra = (item->at & EXTRA) != 0;
    return span_of((extra ? seen->extra.at : seen->file.at) + (item->at & ~EXTRA), item->len);
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
    size_t at = seen->extra.len;
    buf_span(&seen->extra, text);
    return seen->extra.err == OK ? EXTRA | (uint32_t)at : UINT32_MAX;
}

static void make_room(struct seen *seen, uint32_t more)
{
    if (seen->room - seen->n >= more) {
        return;
    }
    uint32_t room = seen->room;
    while (room - seen->n < more) {
        assert(room < 1U << 28);
        room *= 2;
    }
    if (room != seen->room) {
        seen->room = room;
        seen->items = must(realloc(seen->items, (size_t)room * sizeof *seen->items));
    }
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
    make_room(seen, 1);
    struct seen_item *item = &seen->items[seen->n++];
    *item = (struct seen_item){
        .at = at, .line = (uint32_t)(line - seen->file.at), .row = row, .len = (uint16_t)text.len};
    if (hashed.at != NULL) {
        item->tag = tag_of(seen, hashed);
        seen->ascending = false;
        seen->hashed = true;
    } else if (seen->ascending && seen->n > 1) {
        seen->ascending = is_less(text_of(seen, item - 1), text);
    }
}

void seen_append(struct seen *seen, const struct seen *next, uint32_t rows_before)
{
    if (next->n == 0) {
        return;
    }
    bool rises = seen->n == 0 ||
                 span_compare(text_of(seen, &seen->items[seen->n - 1]), text_of(next, &next->items[0])) < 0;
    seen->ascending = seen->ascending && next->ascending && rises;
    seen->hashed = seen->hashed || next->hashed;
    make_room(seen, next->n);
    for (uint32_t i = 0; i < next->n; i++) {
        struct seen_item item = next->items[i];
        item.at = place_text(seen, text_of(next, &item));
        item.row += rows_before;
        if (item.at != UINT32_MAX) {
            seen->items[seen->n++] = item;
        }
    }
}

/* The place of an item's text in the table: free (0), or the first item with that text, + 1. */
static uint32_t *place_of(const struct seen *seen, uint32_t *places, uint32_t mask,
                          const struct seen_item *item)
{
    for (uint32_t i = item->tag & mask;; i = (i + 1) & mask) {
        if (places[i] == 0) {
            return &places[i];
        }
        const struct seen_item *other = &seen->items[places[i] - 1];
        if (other->tag == item->tag && span_equal(text_of(seen, other), text_of(seen, item))) {
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
    uint32_t *places = must(calloc(size, sizeof *places));
    uint32_t *times =
        must(calloc(seen->n, sizeof *times)); /* by first item; only where there are repetitions */
    for (uint32_t i = 0; i < seen->n; i++) {
        struct seen_item *item = &seen->items[i];
        item->tag = seen->hashed ? item->tag : tag_of(seen, text_of(seen, item));
        uint32_t *place = place_of(seen, places, size - 1, item);
        if (*place == 0) {
            *place = i + 1;
        } else {
            times[*place - 1]++;
            visit(arg, seen->items[*place - 1].row, item, times[*place - 1] + 1);
        }
    }
    free(times);
    free(places);
}
