/* A file is read once: hashed and written to tmp at the same time, then given its hash as its name. An object that is there
 * already is believed only after its bytes were read. */
#include "guard/objects.h"

#include "base/codec.h"
#include "os/append.h"
#include "os/said.h"
#include "seal/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 65536, TRIES = 3 };

void store_object_path(const struct store *store, const uint8_t sha256[32], char out[FILE_PATH_MAX])
{
    char hex[65];
    hex_print(hex, sha256, 32);
    (void)snprintf(out, FILE_PATH_MAX, "%.3900s/objects/%.2s/%s", store->dir, hex, hex);
}

enum err store_object_check(const struct store *store, const uint8_t sha256[32], uint64_t bytes)
{
    char path[FILE_PATH_MAX];
    struct walk_entry entry;
    struct sealed_entry found = {.kind = SEALED_FILE};
    store_object_path(store, sha256, path);
    TRY(walk_facts(AT_FDCWD, path, &entry));
    if (entry.kind != WALK_FILE || entry.size != bytes) {
        return ERR_FORGED;
    }
    TRY(scan_hash(NULL, &entry, &found, NULL));
    return !found.unread && found.bytes == bytes && memcmp(found.sha256, sha256, 32) == 0 ? OK : ERR_FORGED;
}

bool path_among(struct span path, const char *const *paths, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct span one = span_str(paths[i]);
        if (span_starts(path, one) && (path.len == one.len || path.at[one.len] == '/')) {
            return true;
        }
    }
    return n == 0;
}

static enum err copy(int from, int to, struct digest *digest, uint64_t *bytes)
{
    static char piece[PIECE];
    size_t n = 1;
    *bytes = 0;
    while (n > 0) {
        TRY(walk_read(from, piece, sizeof piece, &n));
        digest_add(digest, piece, n);
        *bytes += n;
        for (size_t done = 0; done < n;) {
            ssize_t wrote = write(to, piece + done, n - done);
            if (wrote < 0 && errno != EINTR) {
                return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_IO;
            }
            done += wrote < 0 ? 0 : (size_t)wrote;
        }
    }
    return OK;
}

/* The bytes of one reading in tmp, read-only and not yet synced: the whole file system is, before a note is written. */
static enum err read_once(const struct keeping *keeping, const struct walk_entry *entry, const char *tmp,
                          struct sealed_entry *out)
{
    int from = -1;
    struct walk_stamp stamp;
    TRY(walk_open(entry, &from, &stamp));
    int to = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct digest *digest = digest_new();
    enum err err = to < 0 ? ERR_IO : copy(from, to, digest, &out->bytes);
    digest_end(digest, out->sha256);
    digest_free(digest);
    err = err == OK && !walk_same(from, &stamp) ? ERR_AGAIN : err;
    err = err == OK && fchmod(to, 0444) != 0 ? ERR_IO : err;
    out->mtime_ns = stamp.mtime_ns;
    walk_close(from);
    walk_close(to);
    (void)keeping;
    return err;
}

static enum err name_object(struct keeping *keeping, const char *tmp, const struct sealed_entry *entry,
                            struct why *why)
{
    char path[FILE_PATH_MAX];
    if (store_object_check(keeping->store, entry->sha256, entry->bytes) == OK) {
        return file_remove(tmp, why);
    }
    store_object_path(keeping->store, entry->sha256, path);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    TRY(folder_make(path, why));
    *slash = '/';
    keeping->kept++;
    return file_rename(tmp, path, why); /* also over one that was damaged */
}

enum err objects_keep(void *arg, const struct walk_entry *entry, struct sealed_entry *out, struct why *why)
{
    struct keeping *keeping = arg;
    char tmp[FILE_PATH_MAX];
    enum err err = ERR_AGAIN;
    if (!path_among(span_str(entry->path), keeping->paths, keeping->n_paths)) {
        return scan_hash(NULL, entry, out, why);
    }
    path_join(tmp, keeping->store->dir, "tmp/object");
    for (int i = 0; i < TRIES && err == ERR_AGAIN; i++) {
        err = read_once(keeping, entry, tmp, out);
    }
    switch (err) {
    case OK:
        return name_object(keeping, tmp, out, why);
    case ERR_AGAIN:
        return why_set(why, err, "%.300s cambia mientras se lee / changes while it is read", entry->path);
    case ERR_MISSING:
        return why_set(why, ERR_AGAIN, "%.300s se fue mientras se leía / went while it was read",
                       entry->path);
    case ERR_REFUSED:
        return why_set(why, err, "%.300s no puede leerse / cannot be read", entry->path);
    default:
        return said_of(why, err, entry->path, errno);
    }
}
