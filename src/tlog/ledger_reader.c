/* The ledger's reader. It holds one bundle in memory and asks the file for more when that is used up; in a
 * published copy the bundle at the end lies as "<bundle>.p/<entries>" until it is full (tlog-tiles). */
#include "base/num.h"
#include "os/append.h"
#include "os/file.h"
#include "tlog/entry.h"
#include "tlog/ledger.h"

#include <stdlib.h>

struct ledger_reader {
    char dir[FILE_PATH_MAX];
    uint64_t next;     /* index of the next entry */
    struct buf bundle; /* bytes of its bundle, from the start */
    size_t used;       /* bytes of it already handed out */
};

enum err ledger_reader_open(const char *dir, struct ledger_reader **out, struct why *why)
{
    char path[FILE_PATH_MAX];
    if (!file_exists(path_join(path, dir, "entries"))) {
        return why_set(why, ERR_MISSING, "ledger %s: there is no folder \"entries\"", dir);
    }
    struct ledger_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL || !span_copy(span_str(dir), reader->dir, sizeof reader->dir)) {
        abort();
    }
    buf_init(&reader->bundle, BUNDLE_ENTRIES * (size_t)(ENTRY_MAX + 2) + 65536);
    *out = reader;
    return OK;
}

void ledger_reader_close(struct ledger_reader *reader)
{
    if (reader != NULL) {
        buf_done(&reader->bundle);
        free(reader);
    }
}

/* The fullest of "<bundle>.p/W"; 0 when there is none. */
static enum err widest(void *arg, const char *relative, int64_t size)
{
    uint32_t *best = arg;
    uint32_t width = 0;
    (void)size;
    if (num_parse_u32(span_str(relative), &width) == OK && width < BUNDLE_ENTRIES && width > *best) {
        *best = width;
    }
    return OK;
}

static enum err find_partial(char path[FILE_PATH_MAX], struct why *why)
{
    uint32_t width = 0;
    size_t len = strlen(path);
    if (len + 8 > FILE_PATH_MAX) {
        return ERR_MISSING;
    }
    memcpy(path + len, ".p", 3);
    if (!file_exists(path)) {
        return ERR_MISSING;
    }
    TRY(folder_walk(path, widest, &width, why));
    path[len + 2] = '/';
    path[len + 3 + num_print_u64(path + len + 3, width)] = '\0';
    return width == 0 ? ERR_MISSING : OK;
}

/* Appends what the bundle's file has grown by. */
static enum err read_more(struct ledger_reader *reader, struct why *why)
{
    char name[BUNDLE_PATH_MAX];
    char path[FILE_PATH_MAX];
    bundle_path(reader->next / BUNDLE_ENTRIES, name);
    path_join(path, reader->dir, name);
    size_t limit = BUNDLE_ENTRIES * (size_t)(ENTRY_MAX + 2);
    enum err err = file_read_from(path, reader->bundle.len, limit, &reader->bundle, NULL);
    if (err == ERR_MISSING) {
        err = find_partial(path, why);
        if (err == OK) {
            err = file_read_from(path, reader->bundle.len, limit, &reader->bundle, why);
        }
    }
    return err == ERR_MISSING ? ERR_AGAIN : err;
}

static enum err take(struct ledger_reader *reader, struct span *entry)
{
    struct span rest = span_from(buf_as_span(&reader->bundle), reader->used);
    TRY(bundle_next(&rest, entry));
    if (entry->len == 0) {
        return ERR_AGAIN; /* no entry is empty: the writer will put the real one there */
    }
    reader->used = reader->bundle.len - rest.len;
    return OK;
}

enum err ledger_reader_next(struct ledger_reader *reader, struct span *entry, uint64_t *index,
                            struct why *why)
{
    struct span found;
    if (reader->next % BUNDLE_ENTRIES == 0 && reader->used > 0) {
        buf_clear(&reader->bundle);
        reader->used = 0;
    }
    if (take(reader, &found) != OK) {
        /* A torn entry may have been cut off and written anew since it was read: only what was used is kept.
         */
        buf_truncate(&reader->bundle, reader->used);
        TRY(read_more(reader, why));
        TRY(take(reader, &found));
    }
    *entry = found;
    *index = reader->next++;
    return OK;
}
