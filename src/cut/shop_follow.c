/* Following the ledger: its new entries, what the published tree says about itself, and beginning anew when the ledger contradicts
 * itself. */
#include "cut/shop.h"

#include "doors/latest.h"
#include "os/append.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* Reading a whole night's ledger anew takes half a second. */
enum { BROKEN_RETRY_MS = 5000 };

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
    shop_keep_open(shop);
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

enum err shop_read_entries(struct shop *shop, struct why *why)
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
                *why = (struct why){
                    {0}}; /* the whole sentence, which names the page, and not the entry's alone */
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
    TRY(shop_read_entries(shop, why));
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
