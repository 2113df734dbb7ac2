/* The check at the end: everything that was published is verified again by the program that a citizen would use, on the
 * results' tree and on both mirrors, and the totals are compared with what the drill knows that it sent. */
#include "night/night.h"
#include "night/top.h"

#include "base/num.h"
#include "doors/latest.h"
#include "os/file.h"
#include "tlog/policy_note.h"

#include <inttypes.h>
#include <stdio.h>

enum { VERIFY_MS = 300000, EXPECTED_MAX = 1 << 20 };

static const struct tree {
    const char *title, *folder, *log;
} trees[] = {
    {"resultados", "public", "run/log/verify-results.log"},
    {"difusor-1", "mirror-1/public", "run/log/verify-mirror-1.log"},
    {"difusor-2", "mirror-2/public", "run/log/verify-mirror-2.log"},
};
enum { TREES = sizeof trees / sizeof *trees };

/* What is pinned: the policy alone, as the ceremony left it beside the keys, and not as a tree publishes it; the log's key where
 * there was no ceremony. The cuts' key must come out of the log's own tree. */
static enum err pinned(const struct night *night, struct buf *out, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf bytes = {0};
    struct policy_note *note = NULL;
    enum err err = file_read(path_join(path, night->dir, "keys/policy.note"), POLICY_NOTE_MAX, &bytes, why);
    if (err == ERR_MISSING) {
        buf_printf(out, "%s\n", night->log_vkey);
        err = OK;
    } else if (err == OK) {
        err = policy_note_parse(buf_as_span(&bytes), &note, why);
        buf_span(out, err == OK ? note->text : SPAN(""));
        policy_note_free(note);
    }
    buf_done(&bytes);
    return err;
}

static enum err pin(const struct night *night, char path[FILE_PATH_MAX], struct why *why)
{
    struct buf text = {0};
    enum err err = pinned(night, &text, why);
    err = err != OK ? err
                    : file_write(path_join(path, night->dir, "run/pinned"), buf_as_span(&text), false, why);
    buf_done(&text);
    return err;
}

struct recheck {
    struct child child;
    bool runs;
    int tree; /* whose turn it is */
    int64_t end_ms;
    bool good;
    uint32_t cut; /* the results' newest */
    struct buf truth;
};

static bool verify_begin(const struct night *night, struct recheck *recheck)
{
    const struct tree *tree = &trees[recheck->tree];
    char path[4096], folder[FILE_PATH_MAX], log[FILE_PATH_MAX], policy[FILE_PATH_MAX];
    struct why why = {{0}};
    path_join(folder, night->dir, tree->folder);
    path_join(log, night->dir, tree->log);
    char *argv[] = {(char *)(uintptr_t) "atalaya-verify", folder, (char *)(uintptr_t) "--policy", policy,
                    NULL};
    if (pin(night, policy, &why) != OK || program_path("atalaya-verify", path, &why) != OK ||
        program_start(path, argv, NULL, 0, log, &recheck->child, &why) != OK) {
        printf("  %s\n", why.text);
        return false;
    }
    recheck->end_ms = monotonic_ms() + VERIFY_MS;
    recheck->runs = true;
    return true;
}

/* True when it has ended, by itself or as its time is over; `code` is then its exit code, -1 when it has none. */
static bool verify_ended(struct recheck *recheck, int *code)
{
    int ended = child_ended(&recheck->child);
    if (ended == 0 && monotonic_ms() < recheck->end_ms) {
        return false;
    }
    if (ended == 0) {
        child_stop(&recheck->child, 1000);
    }
    recheck->runs = false;
    *code = ended - 1;
    return true;
}

static bool read_latest(const struct night *night, const struct tree *tree, struct latest *out)
{
    char folder[FILE_PATH_MAX], path[FILE_PATH_MAX];
    struct buf bytes = {0};
    struct why why = {{0}};
    path_join(folder, night->dir, tree->folder);
    bool good = file_read(path_join(path, folder, "latest.json"), LATEST_BYTES_MAX, &bytes, &why) == OK &&
                latest_parse(buf_as_span(&bytes), out, &why) == OK;
    buf_done(&bytes);
    return good;
}

/* A number of a contest in expected.json, our own file and flat: "jg":{..."captured":12,...}. */
static bool expected_number(struct span text, const char *contest, const char *name, uint64_t *out)
{
    char key[64];
    int n = snprintf(key, sizeof key, "\"%s\":{", contest);
    const char *at = memmem(text.at, text.len, key, (size_t)n);
    if (at == NULL) {
        return false;
    }
    struct span rest = span_from(text, (size_t)(at - text.at) + (size_t)n);
    n = snprintf(key, sizeof key, "\"%s\":", name);
    at = memmem(rest.at, rest.len, key, (size_t)n);
    if (at == NULL) {
        return false;
    }
    rest = span_from(rest, (size_t)(at - rest.at) + (size_t)n);
    size_t digits = 0;
    while (digits < rest.len && rest.at[digits] >= '0' && rest.at[digits] <= '9') {
        digits++;
    }
    return num_parse_u64(span_of(rest.at, digits), out) == OK;
}

/* The four figures of each contest against the truth. Prints each that differs. */
static bool same_figures(const struct latest *latest, struct span truth, const char *title)
{
    bool same = latest->n_contests > 0;
    for (uint32_t i = 0; i < latest->n_contests; i++) {
        const struct latest_contest *contest = &latest->contests[i];
        const struct {
            const char *name;
            uint64_t published;
        } figures[] = {{"expected", contest->expected},
                       {"captured", contest->captured},
                       {"counted", contest->counted},
                       {"votes", contest->votes}};
        for (size_t f = 0; f < sizeof figures / sizeof *figures; f++) {
            uint64_t sent = 0;
            bool known = expected_number(truth, contest->id, figures[f].name, &sent);
            if (!known || sent != figures[f].published) {
                printf("  %s, %s: %s publica %" PRIu64 ", se envió %" PRIu64 " / published, sent\n", title,
                       contest->id, figures[f].name, figures[f].published, sent);
                same = false;
            }
        }
    }
    return same;
}

static bool say_tree(const struct night *night, const struct recheck *recheck, int code)
{
    const struct tree *tree = &trees[recheck->tree];
    struct span truth = buf_as_span(&recheck->truth);
    uint32_t cut = recheck->cut;
    static struct latest latest;
    bool has = read_latest(night, tree, &latest);
    bool figures = has && (truth.len == 0 || same_figures(&latest, truth, tree->title));
    bool newest = has && latest.last && (cut == UINT32_MAX || latest.cut == cut);
    printf("  %-12s corte %-6u %-8s firmas, libro y sumas: %-6s cifras: %s\n", tree->title,
           has ? latest.cut : 0,
           !has     ? "no hay"
           : newest ? "último"
                    : "ATRÁS",
           code == 0 ? "bien" : "MAL",
           truth.len == 0 ? "sin verdad con que comparar"
           : figures      ? "las que se enviaron"
                          : "OTRAS");
    if (code != 0) {
        printf("  véase %s/%s\n", night->dir, tree->log);
    }
    return code == 0 && figures && newest;
}

void night_recheck_begin(struct night *night)
{
    static struct recheck recheck;
    char path[FILE_PATH_MAX];
    struct latest results;
    recheck = (struct recheck){.good = true};
    night->recheck = &recheck;
    if (night->closed_early || file_read(path_join(path, night->dir, "run/expected.json"), EXPECTED_MAX,
                                         &recheck.truth, NULL) != OK) {
        buf_clear(&recheck.truth);
    }
    recheck.cut = read_latest(night, &trees[0], &results) ? results.cut : UINT32_MAX;
    printf("\nComprobación final / final check\n");
    (void)fflush(stdout);
}

static void say_end(const struct night *night, struct recheck *recheck)
{
    char code[CUT_CODE_LEN + 1];
    uint64_t refused = board_number(&night->look.board, SEAT_FEEDER, "refused");
    board_code(night->dir, recheck->cut, code);
    printf("  Código del corte / code of the cut %" PRIu32 ": %s\n", recheck->cut,
           code[0] != '\0' ? code : "-");
    if (refused > 0) {
        printf("  %" PRIu64
               " envíos fueron rechazados / submissions were refused: véase run/log/feeder.log\n",
               refused);
        recheck->good = false;
    }
    printf("  %s\n", recheck->good ? "Todo bien / all well" : "HAY ALGO MAL / SOMETHING IS WRONG");
    (void)fflush(stdout);
}

bool night_recheck_look(struct night *night, bool *good)
{
    struct recheck *recheck = night->recheck;
    int code = -1;
    if (recheck->tree < TREES) {
        bool ended = recheck->runs ? verify_ended(recheck, &code) : !verify_begin(night, recheck);
        if (ended) {
            recheck->good &= say_tree(night, recheck, code);
            (void)fflush(stdout);
            recheck->tree++;
        }
        return false;
    }
    say_end(night, recheck);
    *good = recheck->good;
    night_recheck_end(night);
    return true;
}

void night_recheck_end(struct night *night)
{
    if (night->recheck == NULL) {
        return;
    }
    if (night->recheck->runs) {
        child_stop(&night->recheck->child, 1000);
    }
    buf_done(&night->recheck->truth);
    night->recheck = NULL;
}
