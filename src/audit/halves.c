/* The rows read by two threads, a half each. Where the second begins is only a guess, a row end near the middle: it may lie
 * inside quotes. It is proved afterwards. What a reader does at a row's start depends on nothing that stands before it, so when
 * the first thread, reading from the top, comes to a row that starts at that very place, the second has read exactly what the
 * first would have read from there on. When it does not, the first reads on to the end and the second's work is dropped. */
#include "audit/rows.h"

#include <stdlib.h>

enum { ARENA_BUDGET = 512 << 20 };

struct half {
    struct auditor auditor;
    struct database database;
    struct arena arena;
    struct span rows;       /* all of them */
    struct progress *first; /* the first thread's */
    struct progress progress;
    const char *split; /* where this one began; NULL: nowhere */
};

/* Behind the first line feed in the second half of what the first thread still has to read; NULL when there is none. */
static const char *guess_split(const struct progress *first)
{
    const char *at = atomic_load_explicit(&first->at, memory_order_relaxed);
    const char *end = atomic_load_explicit(&first->end, memory_order_relaxed);
    const char *middle = end == at ? end : at + (end - at) / 2;
    const char *feed = middle == end ? NULL : memchr(middle, '\n', (size_t)(end - middle));
    return feed == NULL || feed + 1 == end ? NULL : feed + 1;
}

/* An auditor that knows what the head says and has seen no row. */
static struct half *half_new(const struct auditor *a)
{
    struct half *half = fresh_take(a->keys.fresh, sizeof *half);
    if (half == NULL) {
        abort();
    }
    struct auditor *b = &half->auditor;
    arena_init(&half->arena, ARENA_BUDGET);
    half->database = *a->database;
    memset(half->database.findings, 0, sizeof half->database.findings);
    *b = *a;
    b->database = &half->database;
    b->row.stops = b->stops;
    b->arena = &half->arena;
    half->rows = a->reader.rest;
    csv_reader_init(&b->reader, half->rows, a->reader.separator);
    half->first = a->progress;
    b->progress = &half->progress;
    seen_init_next(&b->keys, &a->keys, a->keys.part.room / 2);
    seen_init_next(&b->images, &a->images, a->images.part.room / 2);
    return half;
}

static void half_free(struct half *half)
{
    struct fresh *fresh = half->auditor.keys.fresh;
    csv_reader_done(&half->auditor.reader);
    seen_done(&half->auditor.keys);
    seen_done(&half->auditor.images);
    arena_done(&half->arena);
    fresh_return(fresh, half);
}

/* The second thread. The middle is looked for when it really begins, which on a busy machine may be late. */
static void half_read(void *arg)
{
    struct half *half = arg;
    struct auditor *b = &half->auditor;
    half->split = guess_split(half->first);
    if (half->split == NULL) {
        return;
    }
    b->reader.rest = span_from(half->rows, (size_t)(half->split - half->rows.at));
    atomic_store_explicit(&half->progress.end, span_end(half->rows), memory_order_relaxed);
    atomic_store_explicit(&half->first->end, half->split, memory_order_relaxed);
    rows_read(b);
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

static void read_halves(struct auditor *a, struct standby *standby)
{
    const char *end = atomic_load_explicit(&a->progress->end, memory_order_relaxed);
    struct half *half = half_new(a);
    if (standby == NULL) {
        half_read(half);
        rows_read(a);
    } else {
        standby_give(standby, half_read, half);
        rows_read(a);
        standby_wait(standby);
    }
    if (half->split != NULL && a->reader.rest.at == half->split) {
        append(a, &half->auditor);
    } else {
        atomic_store_explicit(&a->progress->end, end, memory_order_relaxed);
        rows_read(a);
    }
    half_free(half);
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
        read_halves(a, in_turn ? NULL : standby);
    }
    a->progress = NULL;
}
