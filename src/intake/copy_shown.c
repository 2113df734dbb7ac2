/* What was shown of a night and does not follow from its events: the signed manifests, which stay for ever, and the proof files,
 * whose hash is the code of the cut. A proof is copied before it is shown: DIR/run/proofs (made) -> DIR/run/copy (copied) ->
 * PUBLIC/log (shown); the middle step is ours. */
#include "intake/copy.h"

#include "base/num.h"
#include "os/append.h"
#include "os/file.h"

#include <stdio.h>

struct hand {
    const struct copy_shown *shown;
    char from[FILE_PATH_MAX]; /* the folder that is looked through */
    char to[FILE_PATH_MAX];   /* COPY/public/log */
    char on[FILE_PATH_MAX];   /* where what was copied is moved to; "": it stays */
    struct why *why;
};

static bool is_proof(const char *name)
{
    struct span number = span_str(name), end = SPAN(".tlog-proof");
    uint32_t cut;
    if (!span_starts(number, SPAN("cut-")) || !span_ends(number, end)) {
        return false;
    }
    return num_parse_u32(span_of(number.at + 4, number.len - 4 - end.len), &cut) == OK;
}

static enum err copy_proof(void *arg, const char *name, int64_t size)
{
    const struct hand *hand = arg;
    char from[FILE_PATH_MAX], to[FILE_PATH_MAX], on[FILE_PATH_MAX];
    (void)size;
    if (!is_proof(name)) {
        return OK;
    }
    TRY(copy_file(path_join(from, hand->from, name), path_join(to, hand->to, name), false, hand->why));
    return hand->on[0] == '\0' ? OK : file_rename(from, path_join(on, hand->on, name), hand->why);
}

/* What stands before the public needs no place here any more. */
static enum err clear_shown(void *arg, const char *name, int64_t size)
{
    const struct hand *hand = arg;
    char here[FILE_PATH_MAX], public[FILE_PATH_MAX];
    (void)size;
    bool shown = is_proof(name) && file_exists(path_join(public, hand->on, name));
    return shown ? file_remove(path_join(here, hand->from, name), hand->why) : OK;
}

static enum err walk(const struct copy_shown *shown, const char *from, const char *on, file_visit each,
                     struct why *why)
{
    struct hand hand = {.shown = shown, .why = why};
    path_join(hand.from, shown->dir, from);
    path_join(hand.to, shown->copy, "public/log");
    if (on != NULL) {
        path_join(hand.on, shown->dir, on);
    }
    return file_exists(hand.from) ? folder_walk(hand.from, each, &hand, why) : OK;
}

/* A cut's two files, the manifest last: where it lies the other does. */
static enum err copy_cut(const char *from, const char *to, uint64_t cut, struct why *why)
{
    static const char *const files[] = {"manifest.minisig", "manifest"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[64], source[FILE_PATH_MAX], target[FILE_PATH_MAX];
        snprintf(name, sizeof name, "public/cut/%llu/%s", (unsigned long long)cut, files[i]);
        TRY(copy_file(path_join(source, from, name), path_join(target, to, name), false, why));
    }
    return OK;
}

static bool has_cut(const struct copy_shown *shown, uint64_t cut)
{
    char name[64], path[FILE_PATH_MAX];
    snprintf(name, sizeof name, "public/cut/%llu/manifest", (unsigned long long)cut);
    return file_exists(path_join(path, shown->dir, name));
}

enum err copy_shown(struct copy_shown *shown, struct why *why)
{
    if (shown->next == 0 && !has_cut(shown, 0) && has_cut(shown, 1)) {
        shown->next = 1; /* a night whose first cut has that number */
    }
    while (has_cut(shown, shown->next)) {
        TRY(copy_cut(shown->dir, shown->copy, shown->next, why));
        shown->next++;
    }
    TRY(walk(shown, "run/proofs", "run/copy", copy_proof, why));
    return walk(shown, "run/copy", "public/log", clear_shown, why);
}

enum err copy_shown_begin(struct copy_shown *shown, struct why *why)
{
    char path[FILE_PATH_MAX];
    TRY(folder_make(path_join(path, shown->dir, "run/copy"), why));
    TRY(walk(shown, "public/log", NULL, copy_proof, why));
    TRY(walk(shown, "run/copy", NULL, copy_proof, why)); /* of another copy, perhaps */
    return copy_shown(shown, why);
}

enum err copy_shown_restore(const char *copy, const char *dir, uint64_t last_cut, uint64_t *missing,
                            struct why *why)
{
    *missing = 0;
    for (uint64_t cut = 0; cut <= last_cut; cut++) {
        char name[64], from[FILE_PATH_MAX], to[FILE_PATH_MAX];
        enum err err = cut < last_cut ? copy_cut(copy, dir, cut, NULL) : OK;
        snprintf(name, sizeof name, "public/log/cut-%llu.tlog-proof", (unsigned long long)cut);
        enum err proof = copy_file(path_join(from, copy, name), path_join(to, dir, name), false, NULL);
        *missing += err == ERR_MISSING;
        err = err == OK || err == ERR_MISSING ? proof : err;
        if (err != OK && err != ERR_MISSING) {
            return why_set(why, err, "cut %llu: its manifest or proof cannot be put back",
                           (unsigned long long)cut);
        }
    }
    return OK;
}
