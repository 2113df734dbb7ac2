/* Restoring: the journal's events into a new store and ledger, in groups, the images that the entries
 * name, and what was shown. */
#include "intake/copy.h"

#include "formats/submission.h"
#include "intake/journal.h"
#include "os/clock.h"
#include "os/file.h"
#include "seal/digest.h"
#include "seal/note.h"
#include "store/store.h"
#include "tlog/entry.h"
#include "tlog/ledger.h"

#include <stdio.h>

enum { EVENTS_A_COMMIT = 2000 };

struct restore {
    struct store *store;
    struct ledger *ledger;
    char from[FILE_PATH_MAX], to[FILE_PATH_MAX]; /* images */
    uint64_t events, images, missing;
    uint64_t last_cut; /* its number; meaningful with has_cut */
    bool has_cut;
    uint64_t torn;    /* bytes */
    uint64_t unshown; /* cuts before it without a manifest */
    struct buf scratch;
    struct why *why;
};

static enum err restore_image(struct restore *restore, const struct sheet *sheet)
{
    if (!sheet->has_image) {
        return OK;
    }
    enum err err = copy_image(restore->from, restore->to, sheet->image, restore->why);
    if (err == ERR_MISSING || err == ERR_FORGED) {
        restore->missing++; /* the record stands without its image, and the count is printed */
        *restore->why = (struct why){0};
        return OK;
    }
    restore->images++;
    return err;
}

/* What the store keeps beside an acta's entry follows from entry and note. */
static enum err describe(struct restore *restore, const struct journal_record *record,
                         const struct entry *entry, struct store_event *event, uint8_t digest[32])
{
    struct span text;
    struct span signatures;
    event->type = (uint8_t)entry->type;
    if (entry->type == ENTRY_CUT) {
        restore->has_cut = true;
        restore->last_cut = entry->as.cut.number;
    }
    if (entry->type != ENTRY_ACTA) {
        return OK;
    }
    if (note_split(record->note, &text, &signatures) != OK) {
        return why_set(restore->why, ERR_SYNTAX, "record %llu has no signed note",
                       (unsigned long long)record->index);
    }
    digest_of(text, digest);
    event->submission = digest;
    event->key = span_str(entry->as.acta.key);
    event->version = entry->as.acta.version;
    event->image = entry->as.acta.sheet.has_image ? entry->as.acta.sheet.image : NULL;
    return restore_image(restore, &entry->as.acta.sheet);
}

static enum err restore_event(void *arg, const struct journal_record *record)
{
    struct restore *restore = arg;
    struct store_event event = {.index = record->index, .entry = record->entry, .note = record->note};
    struct entry entry;
    uint8_t digest[DIGEST_LEN];
    buf_clear(&restore->scratch);
    TRY(entry_parse(record->entry, &entry, &restore->scratch, restore->why));
    TRY(describe(restore, record, &entry, &event, digest));
    if (restore->events % EVENTS_A_COMMIT == 0 && restore->events > 0) {
        TRY(restore->store->ops->commit(restore->store, restore->why));
        TRY(restore->store->ops->begin(restore->store, restore->why));
    }
    TRY(restore->store->ops->append(restore->store, &event, restore->why));
    TRY(ledger_append(restore->ledger, record->entry, restore->why));
    restore->events++;
    return OK;
}

static enum err restore_all(struct restore *restore, const char *copy, const char *dir)
{
    char path[FILE_PATH_MAX];
    struct journal_about about = {0};
    TRY(restore->store->ops->begin(restore->store, restore->why));
    TRY(journal_read(path_join(path, copy, "journal"), restore_event, restore, &about, restore->why));
    restore->torn = about.torn;
    if (restore->has_cut) {
        TRY(copy_shown_restore(copy, dir, restore->last_cut, &restore->unshown, restore->why));
    }
    TRY(file_sync_all(dir, restore->why));
    TRY(restore->store->ops->commit(restore->store, restore->why));
    return ledger_sync(restore->ledger, restore->why);
}

static enum err open_target(struct restore *restore, const char *copy, const char *dir)
{
    char path[FILE_PATH_MAX];
    if (file_exists(path_join(path, dir, "store/prep.db")) ||
        file_exists(path_join(path, dir, "ledger/entries/000"))) {
        return why_set(restore->why, ERR_EXISTS, "%s has a store or a ledger: restore into an empty folder",
                       dir);
    }
    if (!file_exists(path_join(path, copy, "journal"))) {
        return why_set(restore->why, ERR_MISSING, "%s is no copy: it has no journal", copy);
    }
    TRY(copy_ground(copy, dir, true, restore->why));
    TRY(folder_make(path_join(path, dir, "store"), restore->why));
    path_join(restore->from, copy, "images");
    TRY(folder_make(path_join(restore->to, dir, "images"), restore->why));
    TRY(ledger_open(path_join(path, dir, "ledger"), &restore->ledger, restore->why));
    return store_sqlite.open(path_join(path, dir, "store/prep.db"), &restore->store, restore->why);
}

enum err copy_restore(const char *copy, const char *dir, struct why *why)
{
    struct restore restore = {.why = why};
    int64_t start_ms = monotonic_ms();
    enum err err = open_target(&restore, copy, dir);
    if (err == OK) {
        err = restore_all(&restore, copy, dir);
    }
    if (restore.store != NULL) {
        restore.store->ops->close(restore.store);
    }
    ledger_close(restore.ledger);
    buf_done(&restore.scratch);
    if (err == OK && restore.torn > 0) {
        printf("%llu bytes at the end of the journal are no whole record and were left out\n",
               (unsigned long long)restore.torn);
    }
    if (err == OK && restore.unshown > 0) {
        printf("%llu manifests of cuts are not in the copy\n", (unsigned long long)restore.unshown);
    }
    if (err == OK) {
        printf("restored %llu entries and %llu images (%llu missing) in %lld ms\n",
               (unsigned long long)restore.events, (unsigned long long)restore.images,
               (unsigned long long)restore.missing, (long long)(monotonic_ms() - start_ms));
    }
    return err == OK ? OK : why_prefix(why, err, "restore");
}
