/* What the store's copy does not hold and a night made again from it needs: the signed manifests of the cuts that were
 * published (they stay for ever, docs/formats/tree.md), and the plan of a drill. The log makes its tiles again from the
 * restored ledger. */
#include "night/night.h"

#include "base/log.h"
#include "base/num.h"
#include "tlog/checkpoint.h"
#include "tlog/ledger.h"

#include <stdio.h>
#include <stdlib.h>

enum { MANIFEST_MAX = 64 << 20, PLAN_MAX = 65536 };

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

static enum err copy_cut(const char *from, const char *to, uint64_t cut, struct why *why)
{
    static const char *const files[] = {"manifest", "manifest.minisig"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[64];
        snprintf(name, sizeof name, "public/cut/%llu/%s", (unsigned long long)cut, files[i]);
        TRY(copy_file(from, to, name, MANIFEST_MAX, why));
    }
    return OK;
}

static enum err copy_proof(const char *from, const char *to, uint64_t cut, struct why *why)
{
    char name[64];
    snprintf(name, sizeof name, "public/log/cut-%llu.tlog-proof", (unsigned long long)cut);
    return copy_file(from, to, name, PROOF_FILE_MAX, why);
}

enum err night_keep_plan(const char *from, const char *to, struct why *why)
{
    char path[FILE_PATH_MAX];
    if (!file_exists(path_join(path, from, "replay.plan"))) {
        return OK;
    }
    return copy_file(from, to, "replay.plan", PLAN_MAX, why);
}

/* Cuts that came since the last call. One that cannot be copied is tried again with the next. */
void night_keep_manifests(struct night *night)
{
    int64_t has = board_time(&night->look.board, SEAT_CUT, "cut_time");
    uint64_t newest = board_number(&night->look.board, SEAT_CUT, "cut");
    struct why why = {{0}};
    while (has >= 0 && night->kept <= newest) {
        if (copy_cut(night->dir, night->settings.copy, night->kept, &why) != OK) {
            log_line(LOG_WARN, "manifest_not_kept", "cut=%llu why=\"%s\"", (unsigned long long)night->kept,
                     why.text);
            return;
        }
        night->kept++;
    }
    /* A proof comes a moment after its cut; the code that was read out stays the same if the origin is lost. */
    while (night->kept_proofs < night->kept &&
           copy_proof(night->dir, night->settings.copy, night->kept_proofs, &why) == OK) {
        night->kept_proofs++;
    }
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

/* Manifests before the last cut, which the cut program puts in place itself; and the proofs, which the log does not make anew
 * where they lie. Tiles and bundles it makes again. */
void night_restore_public(const struct night *night, const char *copy)
{
    struct night_cut last;
    if (night_last_cut(night, &last) != OK) {
        return; /* nothing was published yet */
    }
    for (uint64_t cut = 0; cut <= last.number; cut++) {
        struct why missing = {{0}};
        if (cut < last.number && copy_cut(copy, night->dir, cut, &missing) != OK) {
            log_line(LOG_WARN, "manifest_not_restored", "cut=%llu why=\"%s\"", (unsigned long long)cut,
                     missing.text);
        }
        if (copy_proof(copy, night->dir, cut, &missing) != OK) {
            log_line(LOG_WARN, "proof_not_restored", "cut=%llu why=\"%s\"", (unsigned long long)cut,
                     missing.text);
        }
    }
}
