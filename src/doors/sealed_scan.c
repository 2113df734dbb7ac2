/* Walks a folder into a list of sealed entries. */
#include "doors/sealed_scan.h"

#include "seal/digest.h"

enum { PIECE = 65536, TRIES = 3 };

struct scan {
    struct sealed sealed;
    scan_content content;
    void *arg;
    struct why *why;
};

static enum err hash_once(const struct walk_entry *entry, struct sealed_entry *out)
{
    static char piece[PIECE];
    int fd = -1;
    struct walk_stamp stamp;
    size_t n = 1;
    TRY(walk_open(entry, &fd, &stamp));
    struct digest *digest = digest_new();
    enum err err = OK;
    out->bytes = 0;
    while (err == OK && n > 0) {
        err = walk_read(fd, piece, sizeof piece, &n);
        if (err == OK) {
            digest_add(digest, piece, n);
            out->bytes += n;
        }
    }
    digest_end(digest, out->sha256);
    digest_free(digest);
    if (err == OK && !walk_same(fd, &stamp)) {
        err = ERR_AGAIN;
    }
    out->mtime_ns = stamp.mtime_ns;
    walk_close(fd);
    return err;
}

enum err scan_hash(void *arg, const struct walk_entry *entry, struct sealed_entry *out, struct why *why)
{
    enum err err = ERR_AGAIN;
    (void)arg;
    (void)why;
    for (int i = 0; i < TRIES && err == ERR_AGAIN; i++) {
        err = hash_once(entry, out);
    }
    out->unread = err != OK;
    return OK;
}

static enum err visit(void *arg, const struct walk_entry *entry)
{
    static const enum sealed_kind kinds[] = {[WALK_FOLDER] = SEALED_FOLDER,
                                             [WALK_FILE] = SEALED_FILE,
                                             [WALK_LINK] = SEALED_LINK,
                                             [WALK_OTHER] = SEALED_OTHER};
    struct scan *scan = arg;
    struct span path = span_str(entry->path);
    if (path.len > SEALED_PATH_MAX || strlen(entry->target) > SEALED_PATH_MAX) {
        return why_set(scan->why, ERR_TOO_BIG, "%.300s: a path or a link's target of more than %d bytes",
                       entry->path, SEALED_PATH_MAX);
    }
    if (scan->sealed.n_entries == SEALED_ENTRIES_MAX) {
        return why_set(scan->why, ERR_TOO_BIG, "more than %d files", SEALED_ENTRIES_MAX);
    }
    struct sealed_entry *out = sealed_add(&scan->sealed, path, kinds[entry->kind]);
    out->mode = entry->kind == WALK_LINK ? 0 : entry->mode;
    out->unread = entry->unread;
    if (entry->kind == WALK_LINK) {
        out->target = arena_copy(&scan->sealed.arena, span_str(entry->target));
        out->unread = out->target.len == 0;
    }
    if (entry->kind == WALK_FILE) {
        out->mtime_ns = entry->mtime_ns;
        out->bytes = entry->size;
        return scan->content(scan->arg, entry, out, scan->why);
    }
    return OK;
}

enum err sealed_scan(int folder, scan_content content, void *arg, struct sealed *out, struct why *why)
{
    struct scan scan = {.content = content, .arg = arg, .why = why};
    sealed_init(&scan.sealed);
    enum err err = walk_all(folder, visit, &scan, why);
    if (err != OK) {
        sealed_done(&scan.sealed);
        return err;
    }
    sealed_sort(&scan.sealed);
    *out = scan.sealed;
    return OK;
}
