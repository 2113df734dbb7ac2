/* One cut after the other. */
#include "cut/shop.h"

#include "doors/latest.h"
#include "formats/election.h"
#include "os/append.h"
#include "seal/digest.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

const struct cut_options cut_defaults = {
    .cadence_s = 60, .package_s = 300, .keep_cuts = 12, .keep_every = 30};

/* Reading a whole night's ledger anew takes half a second. */
enum { BROKEN_RETRY_MS = 5000 };

void crash_point(const struct shop *shop, const char *step)
{
    if (shop->options->crash_at != NULL && strcmp(shop->options->crash_at, step) == 0) {
        raise(SIGKILL);
    }
}

static enum err path_set(char out[SHOP_PATH_MAX], const char *dir, const char *name, struct why *why)
{
    int n = snprintf(out, SHOP_PATH_MAX, "%s/%s", dir, name);
    return n < SHOP_PATH_MAX ? OK
                             : why_set(why, ERR_TOO_BIG, "the path of %s is too long: %.200s", name, dir);
}

static enum err open_paths(struct shop *shop, struct why *why)
{
    const char *dir = shop->options->dir;
    TRY(path_set(shop->public_dir, dir, "public", why));
    TRY(path_set(shop->ledger_dir, dir, "ledger", why));
    return path_set(shop->intake_sock, dir, "run/intake.sock", why);
}

static enum err open_election(struct shop *shop, struct why *why)
{
    char path[FILE_PATH_MAX];
    TRY(election_load(path_join(path, shop->options->dir, "election"), &shop->election, why));
    shop->schedule = (struct schedule){.opening_ms = shop->election.opening_ms,
                                       .closing_ms = shop->election.closing_ms,
                                       .cadence_ms = (int64_t)shop->options->cadence_s * 1000};
    TRY(chunk_plan_new(&shop->election, &shop->plan));
    TRY(roots_new(&shop->election, &shop->roots));
    return fold_new(&shop->election, &shop->fold);
}

static void keep_open(struct shop *shop)
{
    const struct cut_options *options = shop->options;
    keep_init(&shop->keep, shop->public_dir, (struct keep_rule){options->keep_cuts, options->keep_every});
}

enum err shop_open(struct shop *shop, const struct cut_options *options, int signer, struct why *why)
{
    char path[FILE_PATH_MAX];
    *shop =
        (struct shop){.options = options, .signer = signer, .published = -1, .given_up = -1, .package = -1};
    shop->packing = -1;
    shop->package_ms = -1;
    shop->next_ms = -1;
    TRY(pressroom_init(&shop->room, TEAM_MAX, why));
    TRY(open_paths(shop, why));
    TRY(folder_make(shop->public_dir, why));
    TRY(images_init(&shop->images, options->dir, why));
    TRY(open_election(shop, why));
    tree_init(&shop->tree, shop->public_dir, &shop->room, &shop->shelf, shop->roots);
    keep_open(shop);
    path_join(path, options->dir, "run/clock");
    return file_exists(path) ? clock_open(path, &shop->clock, why) : OK;
}

void shop_close(struct shop *shop)
{
    child_stop(&shop->packer, 0);
    tree_done(&shop->tree);
    shelf_done(&shop->shelf);
    pressroom_done(&shop->room);
    keep_done(&shop->keep);
    images_done(&shop->images);
    chunk_plan_free(shop->plan);
    roots_free(shop->roots);
    fold_free(shop->fold);
    ledger_reader_close(shop->reader);
    clock_close(shop->clock);
    election_done(&shop->election);
    buf_done(&shop->alarm);
    buf_done(&shop->broken);
}

/* Everything that was read from the ledger is forgotten, and read again from its first entry: what contradicted itself may
 * have been put right (the intake makes the ledger level with the store when it starts; a person brings it back from the
 * copy). The tree is held against the ledger again before anything is published. */
static enum err start_over(struct shop *shop, struct why *why)
{
    struct fold *fold = NULL;
    if (monotonic_ms() < shop->broken_until_ms) {
        return why_set(why, ERR_CONFLICT, "%s", buf_cstr(&shop->broken));
    }
    TRY(fold_new(&shop->election, &fold));
    fold_free(shop->fold);
    shop->fold = fold;
    ledger_reader_close(shop->reader);
    shop->reader = NULL;
    images_done(&shop->images);
    TRY(images_init(&shop->images, shop->options->dir, why));
    keep_done(&shop->keep);
    keep_open(shop);
    shop_forget(shop);
    shop->learned = false;
    buf_clear(&shop->broken);
    return ledger_reader_open(shop->ledger_dir, &shop->reader, why);
}

static void say_broken(struct shop *shop, const struct why *why)
{
    buf_clear(&shop->broken);
    buf_printf(
        &shop->broken,
        "el libro se contradice y no se publica nada nuevo; se relee cada %d s, vea two-histories.md / the ledger "
        "cannot be followed: %s",
        BROKEN_RETRY_MS / 1000, why->text);
    shop->broken_until_ms = monotonic_ms() + BROKEN_RETRY_MS;
}

/* What the sequencer has written for us must be there: a cut made without its predecessor's entry would bear that one's number,
 * with another text. */
static enum err all_there(const struct shop *shop, struct why *why)
{
    return shop->fold->log_size >= shop->written
               ? OK
               : why_set(why, ERR_CONFLICT,
                         "al libro le faltan entradas que se escribieron / the ledger ends at entry %" PRIu64
                         ", and the sequencer has written %" PRIu64,
                         shop->fold->log_size, shop->written);
}

/* A ledger that contradicts itself is not passed over: nothing more is published from it, the last cut stays up, and now and
 * then it is read anew. */
static enum err read_entries(struct shop *shop, struct why *why)
{
    enum err err = shop->broken.len == 0 ? OK : start_over(shop, why);
    while (err == OK) {
        struct span entry;
        uint64_t index;
        err = ledger_reader_next(shop->reader, &entry, &index, why);
        if (err == OK) {
            err = fold_apply(shop->fold, index, entry, why);
            images_note(&shop->images, index, entry);
            if (err != OK) {
                say_broken(shop, why);
                return why_set(why, ERR_CONFLICT, "%s", buf_cstr(&shop->broken));
            }
        }
    }
    return err == ERR_AGAIN ? all_there(shop, why) : err;
}

/* What the published tree says about itself: the cut that latest.json points to, if it is really there. */
static int64_t published_now(const struct shop *shop)
{
    char path[FILE_PATH_MAX];
    struct buf bytes = {0};
    struct latest latest;
    int64_t number = -1;
    path_join(path, shop->public_dir, "latest.json");
    if (file_read(path, LATEST_BYTES_MAX, &bytes, NULL) == OK &&
        latest_parse(buf_as_span(&bytes), &latest, NULL) == OK) {
        int n = snprintf(path, sizeof path, "%s/cut/%" PRIu32 "/manifest", shop->public_dir, latest.cut);
        assert(n > 0 && n < FILE_PATH_MAX);
        number = file_exists(path) ? (int64_t)latest.cut : -1;
    }
    buf_done(&bytes);
    return number;
}

/* The package of the newest cut, finished before a crash and not yet named by any entry: it lies there whole, because it
 * is renamed into place after it is on disk. */
static bool package_waits(const struct shop *shop)
{
    char path[FILE_PATH_MAX];
    const struct entry_cut *cut = &shop->fold->last_cut;
    int n = snprintf(path, sizeof path, "%s/package/%" PRIu32 "/SHA256SUMS", shop->public_dir, cut->number);
    assert(n > 0 && n < FILE_PATH_MAX);
    return shop->fold->last_cut_entry != ENTRY_NONE && shop->published == (int64_t)cut->number &&
           !cut->last && file_exists(path);
}

static enum err learn(struct shop *shop, struct why *why)
{
    const struct fold *fold = shop->fold;
    bool any = fold->last_cut_entry != ENTRY_NONE;
    shop->published = published_now(shop);
    if (shop->published > (any ? (int64_t)fold->last_cut.number : -1)) {
        return why_set(why, ERR_CONFLICT, "the tree shows cut %" PRId64 ", which the ledger does not have",
                       shop->published);
    }
    bool packed = any && fold->last_cut.package_ms >= 0;
    shop->package = packed ? (int64_t)fold->last_cut.package : -1;
    shop->package_ms = packed ? fold->last_cut.package_ms : -1;
    if (package_waits(shop)) {
        shop->package = fold->last_cut.number;
        shop->package_ms = fold->last_cut.time_ms;
    }
    if (any) {
        shop->published_ms = fold->last_cut.time_ms;
        shop->next_ms = fold->last_cut.next_ms;
        shop->log_size = fold->last_cut.log_size;
        shop->published_last = fold->last_cut.last && shop->published == (int64_t)fold->last_cut.number;
    }
    /* Of a cut with an entry every byte is given: should the pointer be lost, the cuts before the newest are not. */
    int64_t before = any ? (int64_t)fold->last_cut.number - 1 : -1;
    TRY(keep_learn(&shop->keep, shop->published > before ? shop->published : before, shop->package, why));
    shop->learned = true;
    return OK;
}

enum err shop_follow(struct shop *shop, struct why *why)
{
    if (shop->reader == NULL) {
        enum err err = ledger_reader_open(shop->ledger_dir, &shop->reader, why);
        TRY(err == ERR_MISSING ? ERR_AGAIN : err);
    }
    TRY(read_entries(shop, why));
    const struct fold *fold = shop->fold;
    if (fold->opening_entry == ENTRY_NONE || fold->files_complete < fold->files) {
        return ERR_AGAIN;
    }
    if (!shop->learned) {
        TRY(learn(shop, why));
    }
    if (fold->last_cut_entry != ENTRY_NONE && (int64_t)fold->last_cut.number > shop->published &&
        (int64_t)fold->last_cut.number != shop->given_up) {
        return shop_recover(shop, why);
    }
    return OK;
}

/* Every record that is set aside is so in public: a hold entry names it. */
static enum err hold_all(struct shop *shop, struct why *why)
{
    struct fold *fold = shop->fold;
    uint64_t index;
    for (uint32_t i = 0; fold->n_in_review > 0 && i < fold->election->n_actas; i++) {
        const struct record *record = fold->records[i];
        if (record->in_review && !record->held) {
            TRY(append_review(shop, fold->election->actas[i].key, record, true, SPAN("aritmetica"), &index,
                              why));
        }
    }
    for (uint32_t i = 0; fold->n_in_review > 0 && i < fold->n_outsides; i++) {
        const struct outside *outside = &fold->outsides[i];
        if (outside->record.in_review && !outside->record.held) {
            TRY(append_review(shop, outside->key, &outside->record, true, SPAN("aritmetica"), &index, why));
        }
    }
    return read_entries(shop, why);
}

enum { SET_ASIDE_MAX = 64 };

/* The records are judged and counted anew; one that breaks its own header is set aside and the rest goes on.
 */
static enum err check_records(struct shop *shop, struct why *why)
{
    TRY(hold_all(shop, why));
    for (int i = 0; i < SET_ASIDE_MAX; i++) {
        uint32_t acta;
        uint64_t index;
        struct why found = {{0}};
        const struct fold *fold = shop->fold;
        if (fold_check(fold, &acta, &found)) {
            return OK;
        }
        if (acta == UINT32_MAX) {
            return why_set(why, ERR_CONFLICT, "%s", found.text);
        }
        bool inside = acta < fold->election->n_actas;
        const struct outside *outside = inside ? NULL : &fold->outsides[acta - fold->election->n_actas];
        TRY(append_review(shop, inside ? fold->election->actas[acta].key : outside->key,
                          inside ? fold->records[acta] : &outside->record, true, SPAN("aritmetica"), &index,
                          why));
        TRY(read_entries(shop, why));
    }
    return why_set(why, ERR_CONFLICT, "more than %d records contradict their figures", SET_ASIDE_MAX);
}

/* Totals go down only when a correction or a review came in between. */
static enum err check_totals(const struct shop *shop, struct why *why)
{
    const struct fold *fold = shop->fold;
    if (fold->last_cut_entry == ENTRY_NONE ||
        (fold->last_down_entry != ENTRY_NONE && fold->last_down_entry >= fold->last_cut.log_size)) {
        return OK;
    }
    for (uint32_t i = 0; i < fold->last_cut.n_figures; i++) {
        const struct entry_cut_figures *before = &fold->last_cut.figures[i];
        int contest = election_contest(fold->election, before->contest);
        const struct count *now = fold_count(fold, (uint32_t)contest, 0);
        if (now->captured < before->captured || now->counted < before->counted ||
            now->votes < before->votes) {
            return why_set(why, ERR_CONFLICT, "the totals of %.*s went down and no correction says why",
                           SPAN_ARG(before->contest));
        }
    }
    return OK;
}

static enum err close_at_hour(struct shop *shop, int64_t time_ms, struct why *why)
{
    uint64_t index;
    if (shop->fold->closed || time_ms < shop->election.closing_ms) {
        return OK;
    }
    const struct entry entry = {.type = ENTRY_CLOSE,
                                .as.close = {.time_ms = time_ms, .reason = SPAN("hora-de-cierre")}};
    TRY(append_entry(shop, &entry, &index, why));
    return read_entries(shop, why);
}

/* While the disk takes what was written, the rest of the team reads it again. */
struct syncing {
    const char *dir;
    enum err err;
    struct why why;
    int64_t took_ms;
};

static void sync_all(void *arg, void *piece, unsigned member)
{
    struct syncing *syncing = arg;
    int64_t began = monotonic_ms();
    (void)piece, (void)member;
    syncing->err = file_sync_all(syncing->dir, &syncing->why);
    syncing->took_ms = monotonic_ms() - began;
}

/* Nothing is written from here until both are done. */
static enum err sync_and_check(struct shop *shop, struct why *why)
{
    struct syncing syncing = {.dir = shop->public_dir};
    team_give(shop->room.team, sync_all, &syncing, NULL);
    tree_manifest(&shop->tree);
    enum err checked = tree_check(&shop->tree, why);
    team_finish(shop->room.team);
    TRY(checked);
    crash_point(shop, "checked");
    shop->sync_ms = (uint64_t)syncing.took_ms;
    return syncing.err == OK ? OK : why_set(why, syncing.err, "%s", syncing.why.text);
}

/* Everything of the cut on disk and listed; then its entry in the ledger; then it is shown. */
static enum err make(struct shop *shop, const struct fold *fold, const struct cut_facts *facts,
                     struct why *why)
{
    TRY(tree_build(&shop->tree, fold, shop->plan, facts, why));
    crash_point(shop, "built");
    TRY(shop_list_package(shop, why));
    TRY(sync_and_check(shop, why));
    crash_point(shop, "synced");
    TRY(append_cut_entry(shop, why));
    crash_point(shop, "appended");
    return shop_publish(shop, why);
}

static enum err make_numbered(struct shop *shop, int64_t time_ms, struct why *why)
{
    TRY(close_at_hour(shop, time_ms, why));
    TRY(check_records(shop, why));
    TRY(check_totals(shop, why));
    const struct fold *fold = shop->fold;
    bool last = fold->closed;
    int64_t next = last ? -1 : schedule_next(&shop->schedule, time_ms);
    package_collect(shop, last || clock_mode(shop->clock) == CLOCK_STEPPED);
    struct cut_facts facts = {.number = fold->last_cut_entry == ENTRY_NONE ? 1 : fold->last_cut.number + 1,
                              .time_ms = time_ms,
                              .next_ms = next,
                              .package = shop->package < 0 ? 0 : (uint32_t)shop->package,
                              .package_ms = shop->package_ms,
                              .last = last};
    bool package = package_due(shop, time_ms, last);
    if (last) { /* the last cut's own package is part of it */
        TRY(package_drop_unnamed(shop, why));
        facts.package = facts.number;
        facts.package_ms = time_ms;
    }
    TRY(make(shop, fold, &facts, why));
    fold_clean(shop->fold);
    return package && !last ? package_start(shop, why) : OK;
}

void shop_forget(struct shop *shop)
{
    shelf_forget(&shop->shelf);
    roots_forget(shop->roots);
}

/* Zeros: what the ledger says before the first acta. */
static enum err make_zero(struct shop *shop, int64_t time_ms, struct why *why)
{
    struct fold *fold;
    const struct cut_facts facts = {
        .number = 0, .time_ms = time_ms, .next_ms = shop->election.opening_ms, .package_ms = -1};
    TRY(shop_fold(shop, shop->fold->log_size, true, &fold, why));
    enum err err = make(shop, fold, &facts, why);
    fold_free(fold);
    shop_forget(shop);
    return err;
}

enum err shop_cut(struct shop *shop, int64_t time_ms, struct why *why)
{
    int64_t began = monotonic_ms();
    int64_t cpu_began = process_cpu_ms();
    time_ms -= time_ms % 1000; /* entries know seconds */
    enum err err = time_ms < shop->election.opening_ms ? make_zero(shop, time_ms, why)
                                                       : make_numbered(shop, time_ms, why);
    if (err != OK) {
        tree_drop(&shop->tree);
        return err;
    }
    shop->build_ms = (uint64_t)(shop->shown_ms - began);
    shop->cpu_ms = (uint64_t)(shop->shown_cpu_ms - cpu_began);
    shop->chunks_rendered = shop->shelf.rendered;
    return OK;
}
