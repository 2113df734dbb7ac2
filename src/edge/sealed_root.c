/* The document root beside the sealed state. A file is hashed again only when the kernel says that it was touched: its change time,
 * which nobody sets back. */
#include "edge/sealed.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { COMPARE_MS = 1000, HASHED_A_LOOK = 64 << 20, NAMED = 3 };

struct remembered {
    int64_t mtime_ns, ctime_ns;
    uint64_t size, inode;
    struct sealed_entry entry; /* its path lies in the list's arena */
};

struct root_memory {
    struct arena arena;
    struct remembered *files; /* in the order of the walk */
    uint32_t n;
};

struct look {
    const struct sealed_site *sealed;
    struct root_memory *before, *after;
    uint32_t old;
    uint64_t hashed;
};

static void remember(struct root_memory *memory, const struct walk_entry *entry,
                     const struct sealed_entry *found)
{
    if (memory->n == 0 || (memory->n & (memory->n - 1)) == 0) {
        memory->files =
            realloc(memory->files, (memory->n == 0 ? 1 : (size_t)memory->n * 2) * sizeof *memory->files);
        assert(memory->files != NULL);
    }
    struct remembered *one = &memory->files[memory->n++];
    *one = (struct remembered){entry->mtime_ns, entry->ctime_ns, entry->size, entry->inode, *found};
    one->entry.path = arena_copy(&memory->arena, found->path);
}

/* The walk's order is the same each time, so the memory is followed along; what is not found at once is looked for from
 * the front. */
static const struct remembered *recall(struct look *look, const struct walk_entry *entry)
{
    struct span path = span_str(entry->path);
    for (uint32_t tried = 0; look->before != NULL && tried < look->before->n; tried++) {
        const struct remembered *one = &look->before->files[(look->old + tried) % look->before->n];
        if (span_equal(one->entry.path, path)) {
            look->old = (look->old + tried + 1) % look->before->n;
            bool same = one->mtime_ns == entry->mtime_ns && one->ctime_ns == entry->ctime_ns &&
                        one->size == entry->size && one->inode == entry->inode;
            return same ? one : NULL;
        }
    }
    return NULL;
}

static enum err content(void *arg, const struct walk_entry *entry, struct sealed_entry *out, struct why *why)
{
    struct look *look = arg;
    const struct remembered *known = recall(look, entry);
    if (known != NULL) {
        memcpy(out->sha256, known->entry.sha256, 32);
        remember(look->after, entry, out);
        return OK;
    }
    if (look->hashed >
        HASHED_A_LOOK) { /* the next look goes on; until then it is taken for what was sealed */
        const struct sealed_entry *was = sealed_find(&look->sealed->sealed, out->path);
        if (was != NULL) {
            memcpy(out->sha256, was->sha256, 32);
        }
        return OK;
    }
    look->hashed += entry->size;
    TRY(scan_hash(NULL, entry, out, why));
    if (!out->unread) {
        remember(look->after, entry, out);
    }
    return OK;
}

struct telling {
    struct sealed_site *sealed;
    struct buf names;
};

static enum err tell(void *arg, const struct sealed_entry *was, const struct sealed_entry *is,
                     unsigned differs)
{
    struct telling *telling = arg;
    (void)differs;
    if (telling->sealed->differences++ < NAMED) {
        buf_str(&telling->names, telling->names.len > 0 ? ", " : "");
        sealed_escape(was != NULL ? was->path : is->path, &telling->names);
    }
    return OK;
}

static void forget(struct root_memory *memory)
{
    if (memory != NULL) {
        arena_done(&memory->arena);
        free(memory->files);
        free(memory);
    }
}

static void say(struct sealed_site *sealed, const struct sealed *now)
{
    struct telling telling = {.sealed = sealed};
    sealed->differences = 0;
    enum err err = sealed_compare(&sealed->sealed, now, tell, &telling);
    (void)err; /* `tell` never fails */
    sealed->root_alarm[0] = '\0';
    if (sealed->differences > 0) {
        (void)snprintf(sealed->root_alarm, sizeof sealed->root_alarm,
                       "sitio alterado (%u rutas: %.160s%s); se sirve la copia sellada", sealed->differences,
                       buf_cstr(&telling.names), sealed->differences > NAMED ? ", …" : "");
    }
    buf_done(&telling.names);
}

void sealed_site_compare(struct sealed_site *sealed, int64_t now_ms)
{
    struct sealed now;
    struct why why = {0};
    if (sealed->sealed.version == 0 || now_ms < sealed->compare_at_ms) {
        return;
    }
    sealed->compare_at_ms = now_ms + COMPARE_MS;
    struct root_memory *after = calloc(1, sizeof *after);
    assert(after != NULL);
    arena_init(&after->arena, 0);
    struct look look = {.sealed = sealed, .before = sealed->memory, .after = after};
    enum err err = sealed_scan(sealed->site->folder, content, &look, &now, &why);
    if (err == OK) {
        say(sealed, &now);
        sealed_done(&now);
    } else {
        (void)snprintf(sealed->root_alarm, sizeof sealed->root_alarm,
                       "la carpeta del sitio no puede verse (%.200s); se sirve la copia sellada", why.text);
    }
    forget(sealed->memory);
    sealed->memory = after;
}
