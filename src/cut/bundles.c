/* Cutting the ledger's last bundle to the entries that a cut covers. */
#include "cut/bundles.h"

#include "os/file.h"
#include "tlog/entry.h"
#include "tlog/ledger.h"

#include <inttypes.h>
#include <stdio.h>

enum { BUNDLE_BYTES_MAX = BUNDLE_ENTRIES * (ENTRY_MAX + 2) };

/* The first `entries` of a bundle. */
static enum err prefix(struct span bytes, uint64_t entries, struct span *out)
{
    struct span rest = bytes;
    struct span entry;
    for (uint64_t i = 0; i < entries; i++) {
        TRY(bundle_next(&rest, &entry));
    }
    *out = span_of(bytes.at, bytes.len - rest.len);
    return OK;
}

static enum err bundle_one(const char *ledger_dir, uint64_t bundle, uint64_t entries, bundle_emit emit,
                           void *arg, struct why *why)
{
    char name[BUNDLE_PATH_MAX];
    char disk[FILE_PATH_MAX];
    char site[BUNDLE_PATH_MAX + 32];
    struct mapped mapped;
    struct span bytes;
    bundle_path(bundle, name);
    TRY(file_map(path_join(disk, ledger_dir, name), &mapped, why));
    enum err err = prefix(mapped.bytes, entries, &bytes);
    if (err != OK) {
        err = why_set(why, ERR_MISSING, "%s holds fewer than %" PRIu64 " entries", disk, entries);
    } else if (entries == BUNDLE_ENTRIES) {
        snprintf(site, sizeof site, "log/tile/%s", name);
        err = emit(arg, site, bytes);
    } else {
        snprintf(site, sizeof site, "log/tile/%s.p/%" PRIu64, name, entries);
        err = emit(arg, site, bytes);
    }
    file_unmap(&mapped);
    return err;
}

enum err bundles_emit(const char *ledger_dir, uint64_t before, uint64_t size, bundle_emit emit, void *arg,
                      struct why *why)
{
    for (uint64_t start = before - before % BUNDLE_ENTRIES; start < size && before < size;
         start += BUNDLE_ENTRIES) {
        uint64_t left = size - start;
        TRY(bundle_one(ledger_dir, start / BUNDLE_ENTRIES, left < BUNDLE_ENTRIES ? left : BUNDLE_ENTRIES,
                       emit, arg, why));
    }
    return OK;
}
