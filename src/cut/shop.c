/* One cut after the other. */
#include "cut/shop.h"

#include "formats/election.h"
#include "os/append.h"
#include "seal/digest.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

const struct cut_options cut_defaults = {
    .cadence_s = 60, .package_s = 300, .keep_cuts = 12, .keep_every = 30};

void step_done(const struct shop *shop, const char *step)
{
    if (shop->options->crash_at != NULL && strcmp(shop->options->crash_at, step) == 0) {
        raise(SIGKILL);
    }
    shop_goes_on(shop);
}

void shop_goes_on(const struct shop *shop)
{
    if (shop->during != NULL) {
        shop->during(shop->during_arg);
    }
}

void shop_during(struct shop *shop, void (*call)(void *arg), void *arg)
{
    shop->during = shop->keep.during = call;
    shop->during_arg = shop->keep.arg = arg;
    team_meanwhile(shop->room.team, call, arg);
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

void shop_keep_open(struct shop *shop)
{
    const struct cut_options *options = shop->options;
    keep_init(&shop->keep, shop->public_dir, (struct keep_rule){options->keep_cuts, options->keep_every});
    shop->keep.during = shop->during;
    shop->keep.arg = shop->during_arg;
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
    shop_keep_open(shop);
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
    buf_done(&shop->vkey);
    buf_done(&shop->minisign);
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
    return shop_read_entries(shop, why);
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
        TRY(shop_read_entries(shop, why));
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
    return shop_read_entries(shop, why);
}

/* While the disk takes what was written, the rest of the team reads it again. Nothing is written until both are done. */
static enum err sync_and_check(struct shop *shop, struct why *why)
{
    struct disk_sync sync;
    struct why unsynced = {{0}};
    pressroom_sync_begin(&shop->room, &sync, shop->public_dir);
    tree_manifest(&shop->tree);
    enum err checked = tree_check(&shop->tree, why);
    enum err synced = pressroom_sync_end(&shop->room, &sync, &unsynced);
    TRY(checked);
    TRY(synced == OK ? OK : why_set(why, synced, "%s", unsynced.text));
    step_done(shop, "checked");
    shop->sync_ms = (uint64_t)sync.took_ms;
    return OK;
}

/* Everything of the cut on disk and listed; then its entry in the ledger; then it is shown. */
static enum err make(struct shop *shop, const struct fold *fold, const struct cut_facts *facts,
                     struct why *why)
{
    uint64_t entry = 0;
    TRY(shop_key(shop, why)); /* before there is an entry that nobody can sign for */
    TRY(tree_build(&shop->tree, fold, shop->plan, facts, why));
    step_done(shop, "built");
    TRY(shop_list_package(shop, why));
    step_done(shop, "packed");
    TRY(sync_and_check(shop, why));
    step_done(shop, "synced");
    TRY(append_cut_entry(shop, &entry, why));
    step_done(shop, "appended");
    return shop_publish(shop, entry, why);
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
