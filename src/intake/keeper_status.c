/* The intake's status file (docs/formats/status.md). */
#include "base/log.h"
#include "intake/keeper_parts.h"
#include "tally/rules.h"

#include <stdio.h>

enum { COPY_LATE_MS = 10000 };

static enum err add_size(void *arg, const char *relative, int64_t size)
{
    (void)relative;
    *(uint64_t *)arg += (uint64_t)size;
    return OK;
}

/* "refused_not_an_image" */
static void add_named(struct status *status, char *name, size_t size, const char *prefix, const char *id,
                      uint64_t number)
{
    snprintf(name, size, "%s_%s", prefix, id);
    for (char *c = name; *c != '\0'; c++) {
        *c = *c == '-' ? '_' : *c;
    }
    status_add_u64(status, name, number);
}

static void alarm_of(struct keeper *keeper)
{
    static char text[160];
    struct status *status = &keeper->status;
    if (keeper->last.full) {
        status->alarm =
            SPAN("no hay espacio en disco: no se reciben actas / the disk is full: no actas are taken");
    } else if (keeper->config.copy >= 0 && keeper_copy_lag_ms(keeper) > COPY_LATE_MS) {
        snprintf(text, sizeof text, "la copia va atrasada %llu registros / the copy is %llu entries behind",
                 (unsigned long long)keeper_copy_lag(keeper), (unsigned long long)keeper_copy_lag(keeper));
        status->alarm = span_str(text);
    }
}

static void add_refusals(struct keeper *keeper)
{
    static char names[REFUSALS][STATUS_NAME_MAX + 1];
    uint64_t all = 0;
    uint64_t each[REFUSALS] = {0};
    for (int i = REFUSED_NOT + 1; i < REFUSALS; i++) {
        each[i] = keeper->gate_counts.refused[i] + keeper->last.counts.refused[i];
        all += each[i];
    }
    status_add_u64(&keeper->status, "actas_refused", all);
    for (int i = REFUSED_NOT + 1; i < REFUSALS; i++) {
        if (each[i] > 0) {
            add_named(&keeper->status, names[i], sizeof names[i], "refused", refusal_texts[i].rule, each[i]);
        }
    }
}

static void add_findings(struct keeper *keeper)
{
    static char names[FINDING_RULES][STATUS_NAME_MAX + 1];
    for (int i = FINDING_NONE + 1; i < FINDING_RULES; i++) {
        if (keeper->last.counts.findings[i] > 0) {
            add_named(&keeper->status, names[i], sizeof names[i], "findings", finding_texts[i].id,
                      keeper->last.counts.findings[i]);
        }
    }
}

static void add_copy(struct keeper *keeper)
{
    if (keeper->config.copy >= 0) {
        status_add_u64(&keeper->status, "copy_lag_entries", keeper_copy_lag(keeper));
        status_add_u64(&keeper->status, "copy_lag_ms", (uint64_t)keeper_copy_lag_ms(keeper));
        status_add_u64(&keeper->status, "copy_entries", keeper->copy_have);
    }
}

void keeper_status_failed(struct keeper *keeper, enum err err, const char *why)
{
    char path[FILE_PATH_MAX];
    struct buf alarm = {0};
    struct status *status = &keeper->status;
    buf_str(&alarm, err == ERR_CONFLICT
                        ? "el almacén, el libro o la copia se contradicen; nada se cambió: vea "
                          "two-histories.md / store, ledger or copy contradict each other; nothing "
                          "was changed: "
                        : "el almacén no abre / the store does not open: ");
    buf_str(&alarm, why);
    status_begin(status, "intake", "stopped", clock_now_ms(keeper->clock));
    status->alarm = buf_as_span(&alarm);
    enum err ignored = status_write(path_join(path, keeper->config.dir, "run/status/intake"), status, NULL);
    (void)ignored; /* the log has it too */
    buf_done(&alarm);
}

void keeper_status(struct keeper *keeper, const char *state)
{
    char path[FILE_PATH_MAX];
    struct status *status = &keeper->status;
    const struct sequencer_counts *counts = &keeper->last.counts;
    uint64_t store_bytes = 0;
    struct why why = {0};
    enum err err = folder_walk(path_join(path, keeper->config.dir, "store"), add_size, &store_bytes, NULL);
    status_begin(status, "intake", state, clock_now_ms(keeper->clock));
    alarm_of(keeper);
    status_add_u64(status, "actas_acknowledged", counts->acknowledged);
    status_add_u64(status, "actas_repeated", counts->repeated);
    add_refusals(keeper);
    add_findings(keeper);
    status_add_u64(status, "corrections", counts->corrections);
    status_add_u64(status, "images", counts->images);
    status_add_u64(status, "image_bytes", counts->image_bytes);
    status_add_u64(status, "ledger_size", keeper->last.ledger_size);
    status_add_time(status, "last_acta", counts->last_acta_ms);
    status_add_u64(status, "commit_last_ms", counts->commit_last_us / 1000);
    status_add_u64(status, "commits", counts->commits);
    status_add_u64(status, "connections", keeper->gate_counts.connections);
    status_add_u64(status, "requests", keeper->gate_counts.requests);
    status_add_u64(status, "store_bytes", err == OK ? store_bytes : 0);
    status_add_u64(status, "disk_free_bytes", file_free_bytes(keeper->config.dir));
    add_copy(keeper);
    if (status_write(path_join(path, keeper->config.dir, "run/status/intake"), status, &why) != OK) {
        log_line(LOG_WARN, "status_not_written", "why=\"%s\"", why.text);
    }
}
