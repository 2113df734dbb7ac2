/* The examination from its first step to its report. */
#include "zero/zeroing.h"

#include "os/clock.h"

#include <stdarg.h>
#include <stdio.h>

void zero_wrong(struct zeroing *zeroing, const char *where, const char *format, ...)
{
    if (zeroing->n_wrongs == WRONG_MAX) {
        return;
    }
    struct wrong *wrong = &zeroing->wrongs[zeroing->n_wrongs++];
    va_list args;
    va_start(args, format);
    vsnprintf(wrong->sentence, sizeof wrong->sentence, format, args);
    va_end(args);
    snprintf(wrong->where, sizeof wrong->where, "%s", where);
}

void zero_note(struct zeroing *zeroing, const char *format, ...)
{
    if (zeroing->n_notes == NOTES_MAX) {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(zeroing->notes[zeroing->n_notes++], sizeof zeroing->notes[0], format, args);
    va_end(args);
}

const char *zero_path(const struct zeroing *zeroing, const char *name, char out[FILE_PATH_MAX])
{
    return path_join(out, zeroing->options->dir, name);
}

/* The night's clock, or the system's where there is none. */
static enum err read_clock(struct zeroing *zeroing, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct clock *clock = NULL;
    if (file_exists(zero_path(zeroing, "run/clock", path))) {
        TRY(clock_open(path, &clock, why));
    }
    zeroing->now_ms = clock_now_ms(clock);
    zeroing->now.time_ms = zeroing->now_ms;
    clock_close(clock);
    return OK;
}

static enum err steps(struct zeroing *zeroing, struct why *why)
{
    char path[FILE_PATH_MAX];
    if (strlen(zeroing->options->dir) > FILE_PATH_MAX - 300 ||
        !file_exists(zero_path(zeroing, "election/election.ini", path))) {
        return why_set(why, ERR_MISSING, "%.200s no es la carpeta de una noche / is not a night's folder",
                       zeroing->options->dir);
    }
    TRY(read_clock(zeroing, why));
    TRY(zero_earlier(zeroing, why));
    TRY(zero_runs(zeroing, why));
    TRY(folder_make(zero_path(zeroing, "zero", path), why));
    TRY(zero_places(zeroing, why));
    zero_compare(zeroing);
    return zero_keep(zeroing, why);
}

enum err zero_run(const struct zero_options *options, char kept[FILE_PATH_MAX], struct buf *out,
                  struct why *why)
{
    static struct zeroing zeroing;
    zeroing = (struct zeroing){.options = options};
    arena_init(&zeroing.arena, 0);
    map_init(&zeroing.hashes, 0x7a65726f, 0x6c697374);
    enum err err = steps(&zeroing, why);
    if (err == OK && options->json) {
        zero_report_json(&zeroing, out);
    } else if (err == OK) {
        zero_report(&zeroing, out);
    }
    if (err == OK && zeroing.n_wrongs > 0) {
        err = ERR_CONFLICT;
    }
    if (zeroing.have_election) {
        election_done(&zeroing.election);
    }
    snprintf(kept, FILE_PATH_MAX, "%s", zeroing.kept);
    map_done(&zeroing.hashes);
    arena_done(&zeroing.arena);
    return err;
}
