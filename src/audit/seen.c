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

/* Bits for tags: of eight for each text at most one is set, so that few texts go into the table in vain. */
enum { TAG_BITS_EACH = 8, TAG_BITS_LEAST = 1 << 12, TAG_BITS_MOST = 1 << 24, WORD_BITS = 64 };

static void part_init(const struct seen *seen, struct seen_part *part, uint32_t expected)
{
    *part = (struct seen_part){.room = expected < 64 ? 64 : expected};
    buf_init(&part->extra, SEEN_FILE_MAX);
    part->items = must(fresh_take(seen->fresh, (size_t)part->room * sizeof *part->items));
}

static void part_done(const struct seen *seen, struct seen_part *part)
{
    fresh_return(seen->fresh, part->bits);
    fresh_return(seen->fresh, part->items);
    buf_done(&part->extra);
}

/* The key need not be secret to be hard to aim at: it differs with where the system put this process's memory. */
void seen_init(struct seen *seen, struct span file, uint32_t expected, struct fresh *fresh)
{
    assert(file.len <= SEEN_FILE_MAX);
    *seen = (struct seen){.file = file, .fresh = fresh, .ascending = true};
    part_init(seen, &seen->part, expected);
    seen->tag_mask = TAG_BITS_LEAST - 1;
    while (seen->tag_mask / TAG_BITS_EACH < seen->part.room && seen->tag_mask < TAG_BITS_MOST - 1) {
        seen->tag_mask = seen->tag_mask * 2 + 1;
    }
    seen_rekey(seen, (uint64_t)(uintptr_t)seen->part.items ^ (uint64_t)(uintptr_t)&seen_init << 24,
               (uint64_t)(uintptr_t)&seen << 17 ^ 0x9e3779b97f4a7c15U);
}

void seen_rekey(struct seen *seen, uint64_t first, uint64_t second)
{
    assert(seen->part.n == 0);
    seen->key[0] = first;
    seen->key[1] = second;
    for (size_t i = 0; i < SEEN_WORDS + 2; i++) {
        seen->factors[i] = siphash(first, second, &i, sizeof i);
    }
}

void seen_init_next(struct seen *seen, const struct seen *first, uint32_t expected)
{
    *seen = (struct seen){
        .file = first->file, .fresh = first->fresh, .ascending = true, .tag_mask = first->tag_mask};
    part_init(seen, &seen->part, expected);
    memcpy(seen->key, first->key, sizeof seen->key); /* tags of both are compared */
    memcpy(seen->factors, first->factors, sizeof seen->factors);
}

void seen_done(struct seen *seen)
{
    part_done(seen, &seen->part);
    for (unsigned i = 0; i < seen->n_later; i++) {
        part_done(seen, &seen->later[i]);
    }
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
#pragma GCC unroll 8
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

/* What was taken cannot grow where it lies. */
static void make_room(const struct seen *seen, struct seen_part *part)
{
    assert(part->room < 1U << 28);
    struct seen_item *more = must(fresh_take(seen->fresh, (size_t)part->room * 2 * sizeof *more));
    memcpy(more, part->items, part->n * sizeof *more);
    fresh_return(seen->fresh, part->items);
    part->items = more;
    part->room *= 2;
}

static struct seen_item *new_item(const struct seen *seen, struct seen_part *part)
{
    if (part->n == part->room) {
        make_room(seen, part);
    }
    return &part->items[part->n++];
}

static size_t tag_words(const struct seen *seen)
{
    return (seen->tag_mask + 1) / WORD_BITS;
}

static inline struct seen_bits *bits_of(const struct seen *seen, const struct seen_part *part, uint32_t tag)
{
    return &part->bits[(tag & seen->tag_mask) / WORD_BITS];
}

static void note_last_tag(const struct seen *seen, struct seen_part *part)
{
    if (part->has_last) {
        struct seen_bits *bits = bits_of(seen, part, part->last_tag);
        uint64_t bit = (uint64_t)1 << part->last_tag % WORD_BITS;
        bits->twice |= bits->once & bit;
        bits->once |= bit;
    }
}

static void note_tag(const struct seen *seen, struct seen_part *part, uint32_t tag)
{
    if (part->bits == NULL) {
        part->bits = must(fresh_take(seen->fresh, tag_words(seen) * sizeof *part->bits));
    }
    note_last_tag(seen, part);
    part->last_tag = tag;
    part->has_last = true;
    __builtin_prefetch(bits_of(seen, part, tag), 1);
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

/* Tags for texts that have none yet: all of a part, or none. */
static void hash_part(const struct seen *seen, struct seen_part *part)
{
    if (part->bits != NULL) {
        return;
    }
    for (uint32_t i = 0; i < part->n; i++) {
        part->items[i].tag = tag_of(seen, text_of(seen, part, &part->items[i]));
        note_tag(seen, part, part->items[i].tag);
    }
}

void seen_add(struct seen *seen, struct span text, struct span hashed, uint32_t row, const char *line)
{
    text.len = text.len > SEEN_TEXT_MAX ? SEEN_TEXT_MAX : text.len;
    uint32_t at = place_text(seen, text);
    if (at == UINT32_MAX) {
        return;
    }
    struct seen_item *item = new_item(seen, &seen->part);
    *item = (struct seen_item){
        .at = at, .line = (uint32_t)(line - seen->file.at), .row = row, .len = (uint16_t)text.len};
    if (hashed.at == NULL && seen->ascending) {
        seen->ascending = seen->part.n == 1 || is_less(text_of(seen, &seen->part, item - 1), text);
        if (!seen->ascending) {
            hash_part(seen, &seen->part);
        }
        return;
    }
    item->tag = tag_of(seen, hashed.at == NULL ? text : hashed);
    note_tag(seen, &seen->part, item->tag);
    seen->ascending = false;
}

void seen_append(struct seen *seen, struct seen *next, uint32_t rows_before)
{
    const struct seen_part *part = seen->n_later == 0 ? &seen->part : &seen->later[seen->n_later - 1];
    assert(next->n_later == 0);
    if (next->part.n == 0) {
        return;
    }
    bool rises = part->n == 0 || is_less(text_of(seen, part, &part->items[part->n - 1]),
                                         text_of(next, &next->part, &next->part.items[0]));
    seen->ascending = seen->ascending && next->ascending && rises;
    next->part.rows_before = rows_before;
    if (part->n == 0) {
        part_done(seen, &seen->part);
        seen->part = next->part;
    } else {
        assert(seen->n_later < SEEN_LATER);
        seen->later[seen->n_later++] = next->part;
    }
    next->part = (struct seen_part){0};
}

/* Item i of all parts. */
struct place {
    const struct seen_part *part;
    struct seen_item *item;
};

static inline struct place place_at(const struct seen *seen, uint32_t i)
{
    const struct seen_part *part = &seen->part;
    for (const struct seen_part *later = seen->later; i >= part->n; later++) {
        i -= part->n;
        part = later;
    }
    return (struct place){part, &part->items[i]};
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

/* Leaves in the first part's bits what came once, and twice, in both together. */
static void join_bits(const struct seen *seen, const struct seen_part *later)
{
    struct seen_bits *bits = seen->part.bits;
    for (size_t i = 0; i < tag_words(seen); i++) {
        bits[i].twice |= later->bits[i].twice | (bits[i].once & later->bits[i].once);
        bits[i].once |= later->bits[i].once;
    }
}

/* The items of a part whose bit came twice, as numbers from `first` on, into `out`; how many. */
static uint32_t find_candidates(const struct seen *seen, const struct seen_part *part, uint32_t first,
                                uint32_t *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < part->n; i++) {
        uint32_t tag = part->items[i].tag;
        out[n] = first + i;
        n += bits_of(seen, &seen->part, tag)->twice >> tag % WORD_BITS & 1;
    }
    return n;
}

/* A table of texts, and how often each came again. */
struct table {
    uint32_t *slots;
    uint32_t *times; /* by slot */
    uint32_t mask;
};

static struct table table_new(const struct seen *seen, uint32_t texts)
{
    uint32_t size = 64;
    while (size / 2 < texts) {
        size *= 2;
    }
    return (struct table){.slots = must(fresh_take(seen->fresh, size * sizeof(uint32_t))),
                          .times = must(fresh_take(seen->fresh, size * sizeof(uint32_t))),
                          .mask = size - 1};
}

static void finish_part(const struct seen *seen, struct seen_part *part)
{
    hash_part(seen, part);
    note_last_tag(seen, part);
    part->has_last = false;
}

void seen_repeated(struct seen *seen, seen_visit visit, void *arg)
{
    uint32_t n = seen->part.n;
    for (unsigned i = 0; i < seen->n_later; i++) {
        n += seen->later[i].n;
    }
    if (seen->ascending || n < 2) {
        return;
    }
    finish_part(seen, &seen->part);
    for (unsigned i = 0; i < seen->n_later; i++) {
        finish_part(seen, &seen->later[i]);
        join_bits(seen, &seen->later[i]);
    }
    uint32_t *candidates = must(fresh_take(seen->fresh, n * sizeof *candidates));
    uint32_t some = find_candidates(seen, &seen->part, 0, candidates);
    for (unsigned i = 0, first = seen->part.n; i < seen->n_later; first += seen->later[i++].n) {
        some += find_candidates(seen, &seen->later[i], first, candidates + some);
    }
    struct table table = table_new(seen, some);
    for (uint32_t c = 0; c < some; c++) {
        const uint32_t i = candidates[c];
        struct place place = place_at(seen, i);
        uint32_t *slot = slot_of(seen, table.slots, table.mask, place);
        if (*slot == 0) {
            *slot = i + 1;
        } else {
            uint32_t *times = &table.times[slot - table.slots];
            struct seen_item again = *place.item;
            again.row = row_of(place);
            ++*times;
            visit(arg, row_of(place_at(seen, *slot - 1)), &again, *times + 1);
        }
    }
    fresh_return(seen->fresh, table.times);
    fresh_return(seen->fresh, table.slots);
    fresh_return(seen->fresh, candidates);
}
