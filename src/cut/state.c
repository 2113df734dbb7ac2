/* What the cut says of itself. */
#include "cut/state.h"

#include "base/date.h"
#include "doors/status.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

void state_init(struct state *state, const char *dir)
{
    *state = (struct state){0};
    int n = snprintf(state->path, sizeof state->path, "%s/run/status/cut", dir);
    assert(n > 0 && (size_t)n < sizeof state->path);
}

static void pair(struct state *state, struct status *status, const char *name, struct span value)
{
    char *slot = state->values[state->n_values++];
    assert(state->n_values <= sizeof state->values / sizeof state->values[0]);
    bool fits = span_copy(value, slot, sizeof state->values[0]);
    assert(fits && status->n_pairs < STATUS_PAIRS_MAX);
    status->pairs[status->n_pairs].name = span_str(name);
    status->pairs[status->n_pairs++].value = span_str(slot);
}

static void pair_u64(struct state *state, struct status *status, const char *name, uint64_t value)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%" PRIu64, value);
    pair(state, status, name, span_of(text, (size_t)n));
}

static void pair_time(struct state *state, struct status *status, const char *name, int64_t ms)
{
    char text[DATE_ISO_LEN + 1] = "-";
    if (ms >= 0) {
        date_print_iso(text, ms);
    }
    pair(state, status, name, span_str(text));
}

static uint64_t stage_total(const struct fold *fold, enum flow_stage stage)
{
    uint64_t sum = 0;
    for (uint32_t c = 0; c < fold->election->n_contests; c++) {
        for (int minute = 0; minute < FLOW_MINUTES; minute++) {
            sum += fold->flow[c][stage][minute];
        }
    }
    return sum;
}

/* Seconds that the oldest acta not yet in a cut has waited since its acopio. */
static uint64_t oldest_pending(const struct fold *fold, int64_t now_ms)
{
    int64_t oldest = now_ms;
    for (uint32_t i = 0; i < fold->election->n_actas; i++) {
        int64_t received = fold->dirty[i] ? fold->records[i]->sheet.received_ms : -1;
        if (received >= 0 && received < oldest) {
            oldest = received;
        }
    }
    return (uint64_t)(now_ms - oldest) / 1000;
}

static void put_figures(struct state *state, struct status *status, const struct shop *shop)
{
    const struct fold *fold = shop->fold;
    struct count sum = {0};
    for (uint32_t c = 0; c < fold->election->n_contests; c++) {
        count_merge(&sum, fold_count(fold, c, 0));
    }
    pair_u64(state, status, "log_size", shop->log_size);
    pair_u64(state, status, "expected", sum.expected);
    pair_u64(state, status, "captured", sum.captured);
    pair_u64(state, status, "counted", sum.counted);
    pair_u64(state, status, "in_review", fold->n_in_review);
    pair_u64(state, status, "received_total", stage_total(fold, FLOW_RECEIVED));
    pair_u64(state, status, "captured_total", stage_total(fold, FLOW_CAPTURED));
    pair_u64(state, status, "verified_total", stage_total(fold, FLOW_VERIFIED));
}

static void put_cut(struct state *state, struct status *status, const struct shop *shop)
{
    if (shop->published >= 0) {
        pair_u64(state, status, "cut", (uint64_t)shop->published);
        pair_time(state, status, "cut_time", shop->published_ms);
        pair_time(state, status, "next", shop->next_ms);
    }
    pair(state, status, "last", shop->published_last ? SPAN("yes") : SPAN("no"));
    pair_u64(state, status, "build_ms", shop->build_ms);
    pair_u64(state, status, "cpu_ms", shop->cpu_ms);
    pair_u64(state, status, "sync_ms", shop->sync_ms);
    pair_u64(state, status, "chunks_rendered", shop->chunks_rendered);
    if (shop->package >= 0) {
        pair_u64(state, status, "package", (uint64_t)shop->package);
        pair_u64(state, status, "package_ms", shop->package_took_ms);
    }
    uint64_t room = file_free_bytes(shop->public_dir);
    if (room != UINT64_MAX) {
        pair_u64(state, status, "disk_free_bytes", room);
    }
}

/* One key of a record in review, so that the alarm names what a person must look at. */
static const char *review_key(const struct fold *fold)
{
    for (uint32_t i = 0; i < fold->election->n_actas; i++) {
        if (fold->records[i]->in_review) {
            return fold->election->actas[i].key;
        }
    }
    for (uint32_t i = 0; i < fold->n_outsides; i++) {
        if (fold->outsides[i].record.in_review) {
            return fold->outsides[i].key;
        }
    }
    return "-";
}

static void say_alarm(struct state *state, const struct shop *shop, bool failing)
{
    buf_clear(&state->alarm);
    if (failing) {
        buf_span(&state->alarm, buf_as_span(&shop->alarm));
    } else if (shop->package_failed) {
        buf_str(&state->alarm,
                "The package could not be made; the newest one stays up. No se pudo hacer el paquete");
    } else if (shop->fold->n_in_review > 0) {
        buf_printf(&state->alarm,
                   "%" PRIu32 " en revisión (in review): %s; atalaya review release CLAVE_ACTA",
                   shop->fold->n_in_review, review_key(shop->fold));
    }
}

static void write_as(struct state *state, const struct shop *shop, const char *name, bool failing)
{
    struct status status = {.program = SPAN("cut"), .state = span_str(name)};
    struct why why = {{0}};
    status.time_ms = clock_now_ms(shop->clock);
    if (state->name == NULL || strcmp(state->name, name) != 0) {
        state->name = name;
        state->since_ms = status.time_ms;
    }
    status.since_ms = state->since_ms;
    say_alarm(state, shop, failing);
    status.alarm = buf_as_span(&state->alarm);
    state->n_values = 0;
    pair_u64(state, &status, "pid", (uint64_t)getpid());
    put_cut(state, &status, shop);
    put_figures(state, &status, shop);
    pair_u64(state, &status, "oldest_pending_s", oldest_pending(shop->fold, status.time_ms));
    buf_clear(&state->bytes);
    status_print(&status, &state->bytes);
    (void)!file_write(state->path, buf_as_span(&state->bytes), false, &why);
}

void state_write(struct state *state, const struct shop *shop, bool failing, bool ready)
{
    write_as(state, shop,
             failing                         ? "degraded"
             : ready && shop->published >= 0 ? "running"
                                             : "starting",
             failing);
}

void state_stop(struct state *state, const struct shop *shop)
{
    write_as(state, shop, "stopped", false);
    buf_done(&state->bytes);
    buf_done(&state->alarm);
}
