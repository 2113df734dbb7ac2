/* The ledger's writer. The store is the truth and syncs before anything comes here, so an entry that a crash
 * takes from the ledger's end is appended again from the store. */
#include "tlog/ledger.h"
#include "os/append.h"
#include "os/file.h"
#include "tlog/entry.h"

#include <assert.h>
#include <stdlib.h>

struct ledger {
    char dir[FILE_PATH_MAX];
    uint64_t size;      /* entries */
    struct append last; /* the bundle that grows; closed when size is a multiple of 256 */
    bool folder_dirty;  /* a bundle was made since the last sync */
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

/* Bundles past one that is not full are leftovers of a crash: they were never synced in order. */
static enum err drop_after(struct ledger *ledger, uint64_t bundle, struct why *why)
{
    char path[FILE_PATH_MAX];
    for (uint64_t b = bundle + 1; file_exists(path_of(ledger, b, path)); b++) {
        TRY(file_remove(path, why));
    }
    return OK;
}

static enum err open_last(struct ledger *ledger, struct why *why)
{
    char path[FILE_PATH_MAX];
    for (uint64_t bundle = 0; file_exists(path_of(ledger, bundle, path)); bundle++) {
        uint32_t n = 0;
        TRY(count_bundle(ledger, bundle, &n, why));
        ledger->size += n;
        if (n < BUNDLE_ENTRIES) {
            TRY(drop_after(ledger, bundle, why));
            return append_open(path, &ledger->last, why);
        }
    }
    return OK;
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

/* The full bundle before is on disk before a new one begins, so that bundles reach the disk in order. */
static enum err begin_bundle(struct ledger *ledger, struct why *why)
{
    char path[FILE_PATH_MAX];
    uint64_t bundle = ledger->size / BUNDLE_ENTRIES;
    if (ledger->last.fd >= 0) {
        TRY(ledger_sync(ledger, why));
        append_close(&ledger->last);
    }
    TRY(folder_make(folder_of(ledger, bundle, path), why));
    TRY(append_open(path_of(ledger, bundle, path), &ledger->last, why));
    ledger->folder_dirty = true;
    return OK;
}

enum err ledger_append(struct ledger *ledger, struct span entry, struct why *why)
{
    assert(entry.len > 0 && entry.len <= ENTRY_MAX);
    if (ledger->last.fd < 0 || ledger->size % BUNDLE_ENTRIES == 0) {
        /* A failed first append leaves an empty bundle open: it is used again. */
        if (ledger->last.fd < 0 || ledger->last.len > 0) {
            TRY(begin_bundle(ledger, why));
        }
    }
    char framed[2 + ENTRY_MAX];
    framed[0] = (char)(entry.len >> 8);
    framed[1] = (char)(entry.len & 0xff);
    memcpy(framed + 2, entry.at, entry.len);
    TRY(append_add(&ledger->last, span_of(framed, 2 + entry.len), why));
    ledger->size++;
    return OK;
}

enum err ledger_sync(struct ledger *ledger, struct why *why)
{
    if (ledger->last.fd < 0) {
        return OK;
    }
    TRY(append_sync(&ledger->last, why));
    if (ledger->folder_dirty) {
        char folder[FILE_PATH_MAX];
        TRY(folder_sync(folder_of(ledger, (ledger->size - (ledger->size > 0)) / BUNDLE_ENTRIES, folder),
                        why));
        TRY(folder_sync(path_join(folder, ledger->dir, "entries"), why));
        TRY(folder_sync(ledger->dir, why));
        ledger->folder_dirty = false;
    }
    return OK;
}

enum err ledger_cut(struct ledger *ledger, uint64_t size, struct why *why)
{
    char path[FILE_PATH_MAX];
    uint64_t bundle = (ledger->size - (ledger->size > 0)) / BUNDLE_ENTRIES;
    struct mapped mapped = {0};
    size_t whole = 0;
    if (size >= ledger->size) {
        return OK;
    }
    if (size < bundle * BUNDLE_ENTRIES) {
        return why_set(why, ERR_RANGE, "the ledger is only cut in its last bundle");
    }
    TRY(file_map(path_of(ledger, bundle, path), &mapped, why));
    count_entries(mapped.bytes, (uint32_t)(size - bundle * BUNDLE_ENTRIES), &whole);
    file_unmap(&mapped);
    if (ledger->last.fd < 0) {
        TRY(append_open(path, &ledger->last, why)); /* it was full */
    }
    TRY(append_cut(&ledger->last, whole, why));
    ledger->size = size;
    return OK;
}
