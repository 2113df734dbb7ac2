/* Bringing a cut before the public, also one that a crash interrupted: its entry says everything that is
 * needed to make the same bytes again. */
#include "cut/package_build.h"
#include "cut/shop.h"

#include "base/log.h"
#include "cut/signer.h"

#include <inttypes.h>
#include <stdio.h>

struct cut_facts facts_of(const struct entry_cut *cut)
{
    return (struct cut_facts){.number = cut->number,
                              .time_ms = cut->time_ms,
                              .next_ms = cut->next_ms,
                              .package = cut->package,
                              .package_ms = cut->package_ms,
                              .last = cut->last};
}

enum err shop_publish(struct shop *shop, uint64_t entry, struct why *why)
{
    struct tree *tree = &shop->tree;
    struct buf note = {0};
    struct buf minisig = {0};
    struct why missed = {{0}};
    if (images_publish(&shop->images, tree->fold->log_size, &missed) != OK) {
        log_line(LOG_WARN, "images", "why=\"%s\"",
                 missed.text); /* tried again with the next cut; figures do not wait */
    }
    TRY(shop_key(shop, why));
    shop_wait_for_copy(shop, entry);
    enum err err = signer_ask(shop->signer, buf_as_span(&tree->text), &note, &minisig, why);
    if (err == OK) {
        step_done(shop, "signed");
        err = shop_key_show(shop, why);
        step_done(shop, "keyed");
    }
    if (err == OK) {
        err = tree_place(tree, buf_as_span(&note), buf_as_span(&minisig), why);
    }
    buf_done(&note);
    buf_done(&minisig);
    TRY(err);
    step_done(shop, "placed");
    TRY(tree_enter(tree, why));
    step_done(shop, "entered");
    err = tree_point(tree, why);
    TRY(err);
    shop->published = tree->facts.number;
    shop->published_ms = tree->facts.time_ms;
    shop->published_last = tree->facts.last;
    shop->next_ms = tree->facts.next_ms;
    shop->log_size = tree->fold->log_size;
    if (tree->facts.last) {
        shop->package = tree->facts.package;
        shop->package_ms = tree->facts.package_ms;
    }
    shop->shown_ms = monotonic_ms();
    shop->shown_cpu_ms = process_cpu_ms();
    step_done(shop, "published");
    return keep_add(&shop->keep, tree->facts.number, &shop->room.manifest, why);
}

enum err shop_fold(struct shop *shop, uint64_t size, bool until_acta, struct fold **out, struct why *why)
{
    struct fold *fold;
    struct ledger_reader *reader;
    TRY(fold_new(&shop->election, &fold));
    enum err err = ledger_reader_open(shop->ledger_dir, &reader, why);
    uint64_t end = until_acta && shop->fold->first_acta < size ? shop->fold->first_acta : size;
    while (err == OK && fold->log_size < end) {
        struct span entry;
        uint64_t index;
        err = ledger_reader_next(reader, &entry, &index, why);
        err = err != OK ? err : fold_apply(fold, index, entry, why);
    }
    ledger_reader_close(err == ERR_MISSING ? NULL : reader);
    if (err != OK) {
        fold_free(fold);
        return err;
    }
    *out = fold;
    return OK;
}

enum err shop_read(struct shop *shop, uint64_t size, struct why *why)
{
    struct fold *fold;
    TRY(shop_fold(shop, size, false, &fold, why));
    fold_free(shop->fold);
    shop->fold = fold;
    return OK;
}

const struct manifest *shop_manifest(const struct shop *shop)
{
    return &shop->room.manifest;
}

/* The package of the last cut is made with it; any other one lies there before a cut names it. */
enum err shop_list_package(struct shop *shop, struct why *why)
{
    struct tree *tree = &shop->tree;
    const struct cut_facts *facts = &tree->facts;
    const struct fold *fold = tree->fold;
    bool named = fold->last_cut_entry != ENTRY_NONE && fold->last_cut.package_ms >= 0 &&
                 fold->last_cut.package == facts->package;
    if (facts->package_ms < 0 || named) {
        return OK;
    }
    if (facts->package == facts->number) {
        struct package_job job = {.public_dir = shop->public_dir,
                                  .cut_folder = tree->temporary,
                                  .fold = fold,
                                  .plan = shop->plan,
                                  .facts = *facts,
                                  .chunk_names = (const char(*)[65])shop->shelf.names,
                                  .n_chunks = shop->shelf.n,
                                  .during = shop->during,
                                  .during_arg = shop->during_arg};
        int64_t began = monotonic_ms();
        TRY(package_build(&job, why));
        shop->package_took_ms = (uint64_t)(monotonic_ms() - began);
        keep_add_package(&shop->keep, facts->package);
    }
    return tree_list_package(tree, facts->package, why);
}

/* What the entry of a cut says, from the ledger. */
static enum err find_cut(struct shop *shop, uint32_t number, struct cut_facts *facts, uint64_t *log_size,
                         struct why *why)
{
    struct fold *fold;
    struct ledger_reader *reader;
    TRY(fold_new(&shop->election, &fold));
    enum err err = ledger_reader_open(shop->ledger_dir, &reader, why);
    struct ledger_reader *opened = err == OK ? reader : NULL;
    while (err == OK && (fold->last_cut_entry == ENTRY_NONE || fold->last_cut.number != number)) {
        struct span entry;
        uint64_t index;
        err = ledger_reader_next(reader, &entry, &index, why);
        err = err != OK ? err : fold_apply(fold, index, entry, why);
    }
    if (err == OK) {
        *facts = facts_of(&fold->last_cut);
        *log_size = fold->last_cut.log_size;
    }
    ledger_reader_close(opened);
    fold_free(fold);
    return err;
}

/* Makes the package of an earlier cut again, from the ledger. */
static enum err remake_package(struct shop *shop, uint32_t number, struct why *why)
{
    struct cut_facts facts;
    uint64_t log_size;
    struct fold *fold;
    log_line(LOG_WARN, "package_recover", "cut=%" PRIu32, number);
    TRY(find_cut(shop, number, &facts, &log_size, why));
    TRY(shop_fold(shop, log_size, false, &fold, why));
    enum err err = tree_build(&shop->tree, fold, shop->plan, &facts, why);
    if (err == OK) {
        struct package_job job = {.public_dir = shop->public_dir,
                                  .cut_folder = shop->tree.temporary,
                                  .fold = fold,
                                  .plan = shop->plan,
                                  .facts = facts,
                                  .chunk_names = (const char(*)[65])shop->shelf.names,
                                  .n_chunks = shop->shelf.n,
                                  .during = shop->during,
                                  .during_arg = shop->during_arg};
        err = package_build(&job, why);
    }
    tree_drop(&shop->tree);
    fold_free(fold);
    shop_forget(shop);
    return err;
}

/* A night that goes on from its copy has the ledger and the manifests, and no packages: the one that the interrupted cut names
 * is made again, or that cut could never be. */
static enum err have_package(struct shop *shop, const struct cut_facts *facts, struct why *why)
{
    char path[FILE_PATH_MAX];
    snprintf(path, sizeof path, "%s/package/%" PRIu32, shop->public_dir, facts->package);
    if (facts->package_ms < 0 || facts->package == facts->number || file_exists(path)) {
        return OK;
    }
    return remake_package(shop, facts->package, why);
}

/* Pages and figures by the manifest; what no page shows, by the roots. */
static bool same_as_entry(const struct tree *tree, const struct entry_cut *cut)
{
    return memcmp(tree->manifest, cut->manifest, sizeof cut->manifest) == 0 &&
           memcmp(tree->files_root.bytes, cut->files_root, sizeof cut->files_root) == 0 &&
           memcmp(tree->state_root.bytes, cut->state_root, sizeof cut->state_root) == 0 &&
           memcmp(tree->totals_root.bytes, cut->totals_root, sizeof cut->totals_root) == 0;
}

enum err shop_remake(struct shop *shop, const struct fold *fold, const struct entry_cut *cut, struct why *why)
{
    struct cut_facts facts = facts_of(cut);
    shop_forget(shop);
    TRY(have_package(shop, &facts, why));
    TRY(tree_build(&shop->tree, fold, shop->plan, &facts, why));
    TRY(shop_list_package(shop, why));
    tree_manifest(&shop->tree);
    return OK;
}

static enum err recover(struct shop *shop, const struct fold *fold, const struct entry_cut *cut,
                        struct why *why)
{
    TRY(shop_remake(shop, fold, cut, why));
    if (!same_as_entry(&shop->tree, cut)) {
        shop->given_up = cut->number;
        return why_set(why, ERR_CONFLICT,
                       "cut %" PRIu32
                       " cannot be made again as its entry says (another program?); the next one goes on",
                       cut->number);
    }
    TRY(tree_check(&shop->tree, why));
    struct disk_sync sync;
    pressroom_sync_begin(&shop->room, &sync, shop->public_dir);
    TRY(pressroom_sync_end(&shop->room, &sync, why));
    return shop_publish(shop, shop->fold->last_cut_entry, why);
}

enum err shop_recover(struct shop *shop, struct why *why)
{
    struct fold *fold;
    const struct entry_cut cut = shop->fold->last_cut;
    log_line(LOG_WARN, "cut_recover", "cut=%" PRIu32 " log_size=%" PRIu64, cut.number, cut.log_size);
    TRY(shop_fold(shop, cut.log_size, false, &fold, why));
    enum err err = recover(shop, fold, &cut, why);
    if (err != OK) {
        tree_drop(&shop->tree);
    }
    fold_free(fold);
    shop_forget(shop);
    return err;
}
