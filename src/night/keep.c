/* What the store's copy does not hold and a night made again from it needs: the plan of a drill. And what the restored ledger says
 * of the last cut. */
#include "night/night.h"

#include "base/log.h"
#include "base/num.h"
#include "tlog/ledger.h"

#include <stdio.h>
#include <stdlib.h>

enum { PLAN_MAX = 65536 };

static enum err copy_file(const char *from_dir, const char *to_dir, const char *name, size_t limit,
                          struct why *why)
{
    char from[FILE_PATH_MAX], to[FILE_PATH_MAX], folder[FILE_PATH_MAX];
    struct buf bytes = {0};
    path_join(to, to_dir, name);
    snprintf(folder, sizeof folder, "%s", to);
    *strrchr(folder, '/') = '\0';
    enum err err = file_read(path_join(from, from_dir, name), limit, &bytes, why);
    err = err == OK ? folder_make(folder, why) : err;
    err = err == OK ? file_write(to, buf_as_span(&bytes), false, why) : err;
    buf_done(&bytes);
    return err;
}

enum err night_keep_plan(const char *from, const char *to, struct why *why)
{
    char path[FILE_PATH_MAX];
    if (!file_exists(path_join(path, from, "replay.plan"))) {
        return OK;
    }
    return copy_file(from, to, "replay.plan", PLAN_MAX, why);
}

/* The newest cut entry of the restored ledger. */
enum err night_last_cut(const struct night *night, struct night_cut *out)
{
    char path[FILE_PATH_MAX];
    struct ledger_reader *reader = NULL;
    struct span entry;
    uint64_t index = 0;
    *out = (struct night_cut){.time_ms = -1};
    TRY(ledger_reader_open(path_join(path, night->dir, "ledger"), &reader, NULL));
    while (ledger_reader_next(reader, &entry, &index, NULL) == OK) {
        struct span rest = entry, line;
        if (!span_starts(entry, SPAN("prep-cut/v1\n"))) {
            continue;
        }
        while (span_line(&rest, &line)) {
            struct span value = line;
            struct span name = span_cut(&value, ' ');
            bool read = !span_is(name, "number") || num_parse_u64(value, &out->number) == OK;
            read &= !span_is(name, "log-size") || num_parse_u64(value, &out->log_size) == OK;
            read &= !span_is(name, "time") || date_parse_iso(value, &out->time_ms) == OK;
            out->time_ms = read ? out->time_ms : -1;
        }
    }
    ledger_reader_close(reader);
    return out->time_ms < 0 ? ERR_MISSING : OK;
}
