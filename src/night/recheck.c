/* The check at the end: everything that was published is verified again by the program that a citizen would use, on the
 * results' tree and on both mirrors, and the totals are compared with what the drill knows that it sent. */
#include "night/night.h"
#include "night/top.h"

#include "base/num.h"
#include "doors/latest.h"
#include "os/file.h"
#include "tlog/policy_note.h"

#include <inttypes.h>
#include <poll.h>
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

/* Exit code of atalaya-verify, -1 when it did not run. */
static int verify(const struct night *night, const struct tree *tree)
{
    char path[4096], folder[FILE_PATH_MAX], log[FILE_PATH_MAX], policy[FILE_PATH_MAX];
    struct child child;
    struct why why = {{0}};
    path_join(folder, night->dir, tree->folder);
    path_join(log, night->dir, tree->log);
    char *argv[] = {(char *)(uintptr_t) "atalaya-verify", folder, (char *)(uintptr_t) "--policy", policy,
                    NULL};
    if (pin(night, policy, &why) != OK || program_path("atalaya-verify", path, &why) != OK ||
        program_start(path, argv, NULL, 0, log, &child, &why) != OK) {
        printf("  %s\n", why.text);
        return -1;
    }
    int64_t end = monotonic_ms() + VERIFY_MS;
    int ended = 0;
    while ((ended = child_ended(&child)) == 0 && monotonic_ms() < end) {
        struct pollfd wait = {.fd = child.pidfd, .events = POLLIN};
        poll(&wait, 1, 200);
    }
    if (ended == 0) {
        child_stop(&child, 1000);
        return -1;
    }
    return ended - 1;
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

static bool check_tree(const struct night *night, const struct tree *tree, struct span truth, uint32_t cut)
{
    static struct latest latest;
    bool has = read_latest(night, tree, &latest);
    int code = verify(night, tree);
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

bool night_recheck(const struct night *night)
{
    char path[FILE_PATH_MAX];
    struct buf truth = {0};
    struct latest results;
    bool refused = board_number(&night->look.board, SEAT_FEEDER, "refused") > 0;
    if (file_read(path_join(path, night->dir, "run/expected.json"), EXPECTED_MAX, &truth, NULL) != OK) {
        buf_clear(&truth);
    }
    uint32_t cut = read_latest(night, &trees[0], &results) ? results.cut : UINT32_MAX;
    printf("\nComprobación final / final check\n");
    bool good = true;
    for (int i = 0; i < TREES; i++) {
        good &= check_tree(night, &trees[i], buf_as_span(&truth), cut);
    }
    char code[CUT_CODE_LEN + 1];
    board_code(night->dir, cut, code);
    printf("  Código del corte / code of the cut %" PRIu32 ": %s\n", cut, code[0] != '\0' ? code : "-");
    if (refused) {
        printf("  %" PRIu64
               " envíos fueron rechazados / submissions were refused: véase run/log/feeder.log\n",
               board_number(&night->look.board, SEAT_FEEDER, "refused"));
        good = false;
    }
    printf("  %s\n", good ? "Todo bien / all well" : "HAY ALGO MAL / SOMETHING IS WRONG");
    (void)fflush(stdout);
    buf_done(&truth);
    return good;
}
