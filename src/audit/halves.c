/* The rows read by two threads: the first from the top, the second from the middle, and whoever is done takes half of what the
 * other still has before it, until that is little. Where such a share begins is only a guess, a row end; it may lie inside quotes.
 * It is proved afterwards. What a reader does at a row's start depends on nothing that stands before it, so when the rows before a
 * share end at the very place where it began, it holds exactly what one reader would have read from there on. When they do not,
 * it is dropped, and what is missing is read anew. */
#include "audit/rows.h"

#include <assert.h>
#include <stdlib.h>

enum {
    ARENA_BUDGET = 512 << 20,
    THREADS = 2,
    SHARES_EACH = SEEN_LATER / 4, /* with what is read anew between them, they all must find room in a list */
    BYTES_PER_ROW = 256,
    LEAST = 128 * 1024 /* of what the other has before it: less is done sooner than halved */
};

/* An auditor of its own for some rows. */
struct share {
    struct auditor auditor;
    struct database database;
    struct arena arena;
    struct progress progress;
    const char *split; /* where it begins */
};

/* What the threads know of one another. */
struct shares {
    const struct auditor *start; /* knows what the head says and has seen no row */
    struct progress top;         /* of the rows that are read from the top */
    struct progress *_Atomic at_work[THREADS];
    struct share *taken[THREADS][SHARES_EACH];
    unsigned n[THREADS];
};

/* Behind the first line feed in the second half of what that reader still has to read; NULL when there is none. */
static const char *guess_split(const struct progress *other, size_t least)
{
    const char *at = atomic_load_explicit(&other->at, memory_order_relaxed);
    const char *end = atomic_load_explicit(&other->end, memory_order_relaxed);
    if (at >= end || (size_t)(end - at) < least) {
        return NULL;
    }
    const char *middle = at + (end - at) / 2;
    const char *feed = memchr(middle, '\n', (size_t)(end - middle));
    return feed == NULL || feed + 1 == end ? NULL : feed + 1;
}

static uint32_t rows_in(const char *from, const char *to)
{
    return (uint32_t)((size_t)(to - from) / BYTES_PER_ROW);
}

/* An auditor like the one at the start, for the rows from `split` to `end`, of which there may be `expected`. */
static struct share *share_new(const struct auditor *start, const char *split, const char *end,
                               uint32_t expected)
{
    struct share *share = fresh_take(start->keys.fresh, sizeof *share);
    if (share == NULL) {
        abort();
    }
    const struct span rows = start->reader.rest;
    struct auditor *b = &share->auditor;
    arena_init(&share->arena, ARENA_BUDGET);
    share->database = *start->database;
    memset(share->database.findings, 0, sizeof share->database.findings);
    *b = *start;
    b->database = &share->database;
    b->row.stops = b->stops;
    b->arena = &share->arena;
    csv_reader_init(&b->reader, span_from(rows, (size_t)(split - rows.at)), start->reader.separator);
    seen_init_next(&b->keys, &start->keys, expected);
    seen_init_next(&b->images, &start->images, expected);
    share->split = split;
    atomic_init(&share->progress.at, split);
    atomic_init(&share->progress.end, end);
    b->progress = &share->progress;
    return share;
}

static void share_free(struct share *share)
{
    struct fresh *fresh = share->auditor.keys.fresh;
    csv_reader_done(&share->auditor.reader);
    seen_done(&share->auditor.keys);
    seen_done(&share->auditor.images);
    arena_done(&share->arena);
    fresh_return(fresh, share);
}

/* The second half of what is still before that reader, who is told to stop there; NULL: it is not worth it. Should it be past that
 * place by now, or have come to its end, the proof fails. */
static struct share *take_from(struct shares *shares, unsigned me, struct progress *other, size_t least)
{
    const char *end = other == NULL ? NULL : atomic_load_explicit(&other->end, memory_order_relaxed);
    const char *split = other == NULL ? NULL : guess_split(other, least);
    if (split == NULL || shares->n[me] == SHARES_EACH) {
        return NULL;
    }
    atomic_store_explicit(&other->end, split, memory_order_relaxed);
    struct share *share = share_new(shares->start, split, end, rows_in(split, end));
    shares->taken[me][shares->n[me]++] = share;
    return share;
}

/* Takes and reads shares of the other's rows while there are any. */
static void help(struct shares *shares, unsigned me)
{
    struct share *share;
    size_t least = me == 0 || shares->n[me] > 0 ? LEAST : 0;
    while ((share = take_from(shares, me, atomic_load(&shares->at_work[1 - me]), least)) != NULL) {
        atomic_store(&shares->at_work[me], &share->progress);
        rows_read(&share->auditor);
        least = LEAST;
    }
    atomic_store(&shares->at_work[me], NULL);
}

/* The second thread. The middle is looked for when it really begins, which on a busy machine may be late. */
static void help_first(void *arg)
{
    help(arg, 1);
}

/* Without a second thread: a share of the top's rows, one of that share's and one of the top's again, each read before the one
 * that it was taken from. */
static void take_in_turn(struct shares *shares)
{
    struct share *one = take_from(shares, 0, &shares->top, 0);
    struct share *two = one == NULL ? NULL : take_from(shares, 1, &one->progress, 0);
    struct share *three = take_from(shares, 0, &shares->top, 0);
    struct share *in_turn[3] = {three, two, one};
    for (int i = 0; i < 3; i++) {
        if (in_turn[i] != NULL) {
            rows_read(&in_turn[i]->auditor);
        }
    }
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

/* The next share in the text; NULL after the last one. */
static struct share *next_share(struct shares *shares)
{
    struct share **next = NULL;
    for (unsigned t = 0; t < THREADS; t++) {
        for (unsigned i = 0; i < shares->n[t]; i++) {
            struct share **one = &shares->taken[t][i];
            next = *one != NULL && (next == NULL || (*one)->split < (*next)->split) ? one : next;
        }
    }
    struct share *share = next == NULL ? NULL : *next;
    if (next != NULL) {
        *next = NULL;
    }
    return share;
}

/* Appends the rows of a share; where they end. */
static const char *append_share(struct auditor *a, struct share *share)
{
    append(a, &share->auditor);
    return share->auditor.reader.rest.at;
}

/* Reads the rows from `at` to `end`, as nobody did; where they end. */
static const char *read_anew(struct auditor *a, const struct auditor *start, const char *at, const char *end)
{
    struct share *share = share_new(start, at, end, rows_in(at, end));
    rows_read(&share->auditor);
    at = append_share(a, share);
    share_free(share);
    return at;
}

/* Puts together what was read, in the order of the text. */
static void join(struct auditor *a, struct shares *shares, const char *end)
{
    const char *at = a->reader.rest.at;
    struct share *share;
    while ((share = next_share(shares)) != NULL) {
        if (at < share->split) {
            at = read_anew(a, shares->start, at, share->split);
        }
        if (at == share->split) {
            at = append_share(a, share);
        }
        share_free(share);
    }
    if (at < end) {
        at = read_anew(a, shares->start, at, end);
    }
    assert(at == end);
}

static void read_shares(struct auditor *a, struct standby *standby)
{
    struct share *start = share_new(a, a->reader.rest.at, span_end(a->reader.rest), 0);
    struct shares shares = {.start = &start->auditor};
    const char *end = atomic_load_explicit(&a->progress->end, memory_order_relaxed);
    atomic_init(&shares.top.at, a->reader.rest.at);
    atomic_init(&shares.top.end, end);
    a->progress = &shares.top;
    atomic_init(&shares.at_work[0], &shares.top);
    if (standby == NULL) {
        take_in_turn(&shares);
        rows_read(a);
    } else {
        standby_give(standby, help_first, &shares);
        rows_read(a);
        help(&shares, 0);
        standby_wait(standby);
    }
    a->progress = NULL;
    join(a, &shares, end);
    share_free(start);
}

void halves_read(struct auditor *a, struct standby *standby, bool in_turn)
{
    const struct span rows = a->reader.rest;
    struct progress progress = {rows.at, span_end(rows)};
    a->sheet = (struct sheet){.n_votes = (uint8_t)a->database->n_columns,
                              .has_image = true,
                              .received_ms = -1,
                              .captured_ms = -1,
                              .verified_ms = -1};
    a->last_known = true;
    a->progress = &progress;
    rows_init(a);
    patterns_init(a);
    if (standby == NULL && !in_turn) {
        rows_read(a);
    } else {
        read_shares(a, in_turn ? NULL : standby);
    }
    a->progress = NULL;
}
