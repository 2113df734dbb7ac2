/* The ledger's writer. The store is the truth and syncs before anything comes here, so an entry that a crash
 * takes from the ledger's end is appended again from the store. */
#include "tlog/ledger.h"
#include "os/append.h"
#include "os/file.h"
#include "tlog/entry.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { FOLDER_BUNDLES = 1000 };

struct ledger {
    char dir[FILE_PATH_MAX];
    uint64_t size;           /* entries */
    _Atomic uint64_t synced; /* so many of them are on disk; another thread may be raising it */
    struct append last;      /* the bundle that grows; closed when size is a multiple of 256 */
};

static const char *path_of(const struct ledger *ledger, uint64_t bundle, char out[FILE_PATH_MAX])
{
    char name[BUNDLE_PATH_MAX];
    bundle_path(bundle, name);
    return path_join(out, ledger->dir, name);
}

/* The folder of a bundle's file. */
static const char *folder_of(const struct ledger *ledger, uint64_t bundle, char out[FILE_PATH_MAX])
{
    path_of(ledger, bundle, out);
    *strrchr(out, '/') = '\0';
    return out;
}

/* Whole entries of a bundle's bytes, at most `most`, and the bytes they take. No entry is empty: zeros at the end are
 * blocks that a crash kept from the disk. */
static uint32_t count_entries(struct span bytes, uint32_t most, size_t *whole)
{
    struct span rest = bytes;
    struct span next = bytes;
    struct span entry;
    uint32_t n = 0;
    while (n < most && bundle_next(&next, &entry) == OK && entry.len > 0) {
        rest = next;
        n++;
    }
    *whole = bytes.len - rest.len;
    return n;
}

/* Counts a bundle and cuts a torn entry, or whatever follows the 256th, off its end. */
static enum err count_bundle(struct ledger *ledger, uint64_t bundle, uint32_t *n, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct mapped mapped = {0};
    TRY(file_map(path_of(ledger, bundle, path), &mapped, why));
    size_t whole = 0;
    *n = count_entries(mapped.bytes, BUNDLE_ENTRIES, &whole);
    size_t len = mapped.bytes.len;
    file_unmap(&mapped);
    if (whole == len) {
        return OK;
    }
    struct append append;
    TRY(append_open(path, &append, why));
    enum err err = append_cut(&append, whole, why);
    append_close(&append);
    return err;
}

/* Bundles past one that is not full are leftovers of a crash. Within the reach of what was not synced they came to the
 * disk in any order: there may be holes between them. */
static enum err drop_from(struct ledger *ledger, uint64_t bundle, struct why *why)
{
    char path[FILE_PATH_MAX];
    for (uint64_t b = bundle; b <= bundle + LEDGER_UNSYNCED || file_exists(path_of(ledger, b, path)); b++) {
        TRY(file_remove(path_of(ledger, b, path), why));
    }
    return OK;
}

/* The first entry that a crash may have kept from the disk. */
static uint64_t reach_of(uint64_t size)
{
    uint64_t bundle = (size - (size > 0)) / BUNDLE_ENTRIES;
    return bundle > LEDGER_UNSYNCED ? (bundle - LEDGER_UNSYNCED) * BUNDLE_ENTRIES : 0;
}

static enum err open_last(struct ledger *ledger, struct why *why)
{
    char path[FILE_PATH_MAX];
    uint64_t bundle = 0;
    for (; file_exists(path_of(ledger, bundle, path)); bundle++) {
        uint32_t n = 0;
        TRY(count_bundle(ledger, bundle, &n, why));
        ledger->size += n;
        if (n < BUNDLE_ENTRIES) {
            TRY(drop_from(ledger, bundle + 1, why));
            return append_open(path, &ledger->last, why);
        }
    }
    return drop_from(ledger, bundle, why);
}

enum err ledger_open(const char *dir, struct ledger **out, struct why *why)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL || !span_copy(span_str(dir), ledger->dir, sizeof ledger->dir)) {
        abort();
    }
    ledger->last.fd = -1;
    char folder[FILE_PATH_MAX];
    enum err err = folder_make(path_join(folder, dir, "entries"), why);
    if (err == OK) {
        err = open_last(ledger, why);
    }
    if (err != OK) {
        ledger_close(ledger);
        return why_prefix(why, err, "ledger");
    }
    ledger->synced = reach_of(ledger->size); /* who wrote before us may have been killed */
    *out = ledger;
    return OK;
}

void ledger_close(struct ledger *ledger)
{
    if (ledger != NULL) {
        append_close(&ledger->last);
        free(ledger);
    }
}

uint64_t ledger_size(const struct ledger *ledger)
{
    return ledger->size;
}

/* Bundles that the disk has not are few, or they are waited for. */
static enum err begin_bundle(struct ledger *ledger, struct why *why)
{
    char path[FILE_PATH_MAX];
    uint64_t bundle = ledger->size / BUNDLE_ENTRIES;
    if (ledger->size - ledger->synced >= (uint64_t)LEDGER_UNSYNCED * BUNDLE_ENTRIES) {
        TRY(ledger_sync(ledger, why));
    }
    append_close(&ledger->last);
    TRY(folder_make(folder_of(ledger, bundle, path), why));
    TRY(append_open(path_of(ledger, bundle, path), &ledger->last, why));
    return ledger->last.len == 0 ? OK : append_cut(&ledger->last, 0, why); /* a leftover beyond a hole */
}

/* The bundle that grows is open and has room. A failed first append leaves an empty one open: it is used again. */
static enum err have_bundle(struct ledger *ledger, struct why *why)
{
    bool full = ledger->size % BUNDLE_ENTRIES == 0;
    return ledger->last.fd < 0 || (full && ledger->last.len > 0) ? begin_bundle(ledger, why) : OK;
}

enum err ledger_append(struct ledger *ledger, struct span entry, struct why *why)
{
    char framed[2 + ENTRY_MAX];
    assert(entry.len > 0 && entry.len <= ENTRY_MAX);
    framed[0] = (char)(entry.len >> 8);
    framed[1] = (char)(entry.len & 0xff);
    memcpy(framed + 2, entry.at, entry.len);
    return ledger_append_all(ledger, span_of(framed, 2 + entry.len), why);
}

enum err ledger_append_all(struct ledger *ledger, struct span framed, struct why *why)
{
    while (framed.len > 0) {
        size_t whole = 0;
        TRY(have_bundle(ledger, why));
        uint32_t room = BUNDLE_ENTRIES - (uint32_t)(ledger->size % BUNDLE_ENTRIES);
        uint32_t n = count_entries(framed, room, &whole);
        assert(n > 0);
        TRY(append_add(&ledger->last, span_of(framed.at, whole), why));
        ledger->size += n;
        framed = span_from(framed, whole);
    }
    return OK;
}

bool ledger_owes(struct ledger *ledger, struct ledger_debt *out)
{
    *out = (struct ledger_debt){ledger, ledger->synced, ledger->size};
    return out->from < out->size;
}

/* The names of new bundles; those above them when the folder may be new too. */
static enum err sync_folders(const struct ledger *ledger, uint64_t from, uint64_t last, struct why *why)
{
    char path[FILE_PATH_MAX];
    TRY(folder_sync(folder_of(ledger, last, path), why));
    if (from == 0 || from / FOLDER_BUNDLES != last / FOLDER_BUNDLES || from % FOLDER_BUNDLES == 0) {
        TRY(folder_sync(folder_of(ledger, from, path), why));
        TRY(folder_sync(path_join(path, ledger->dir, "entries"), why));
        TRY(folder_sync(ledger->dir, why));
    }
    return OK;
}

/* By name, as the ledger's own descriptor may move on to the next bundle. */
enum err ledger_pay(const struct ledger_debt *debt, struct why *why)
{
    struct ledger *ledger = debt->ledger;
    uint64_t from = debt->from / BUNDLE_ENTRIES;
    uint64_t last = (debt->size - 1) / BUNDLE_ENTRIES;
    for (uint64_t bundle = from; bundle <= last; bundle++) {
        char path[FILE_PATH_MAX];
        TRY(file_sync(path_of(ledger, bundle, path), why));
    }
    if (from != last || debt->from % BUNDLE_ENTRIES == 0) {
        TRY(sync_folders(ledger, from, last, why));
    }
    ledger->synced = debt->size;
    return OK;
}

enum err ledger_sync(struct ledger *ledger, struct why *why)
{
    struct ledger_debt debt;
    return ledger_owes(ledger, &debt) ? ledger_pay(&debt, why) : OK;
}

enum err ledger_cut(struct ledger *ledger, uint64_t size, struct why *why)
{
    char path[FILE_PATH_MAX];
    uint64_t bundle = size / BUNDLE_ENTRIES;
    struct mapped mapped = {0};
    size_t whole = 0;
    if (size >= ledger->size) {
        return OK;
    }
    if (size < reach_of(ledger->size)) {
        return why_set(why, ERR_RANGE,
                       "entry %llu was on disk long before the ledger's end: nothing is cut there",
                       (unsigned long long)size);
    }
    append_close(&ledger->last);
    TRY(drop_from(ledger, bundle + 1, why));
    TRY(file_map(path_of(ledger, bundle, path), &mapped, why));
    count_entries(mapped.bytes, (uint32_t)(size % BUNDLE_ENTRIES), &whole);
    file_unmap(&mapped);
    TRY(append_open(path, &ledger->last, why));
    TRY(append_cut(&ledger->last, whole, why));
    ledger->size = size;
    ledger->synced = size < ledger->synced ? size : ledger->synced;
    return OK;
}
