/* Keys of the cuts out of the log's entries. */
#include "formats/bound.h"

#include "base/num.h"
#include "os/file.h"
#include "tlog/ledger.h"

#include <inttypes.h>
#include <string.h>

void bound_init(struct bound *bound)
{
    memset(bound, 0, sizeof *bound);
}

uint64_t bound_newest(const struct bound *bound)
{
    return bound->keys.n == 0 ? ENTRY_NONE : bound->entries[bound->keys.n - 1];
}

static enum err take_open(struct bound *bound, uint64_t index, const struct entry *entry, struct why *why)
{
    (void)index;
    bound->files = entry->as.open.n_files;
    return span_copy(entry->as.open.origin, bound->origin, sizeof bound->origin)
               ? OK
               : why_set(why, ERR_TOO_BIG, "the origin is too long");
}

static enum err take_file(struct bound *bound, uint64_t index, const struct entry *entry, struct why *why)
{
    const struct entry_file *file = &entry->as.file;
    (void)index, (void)why;
    bound->files_complete += file->offset + file->bytes.len == file->size;
    return OK;
}

/* The two lines of a cut's entry that matter here; whether all of it is well formed is for others to say. */
static enum err take_cut(struct bound *bound, struct span entry, struct why *why)
{
    struct span line;
    uint32_t number = UINT32_MAX;
    uint64_t log_size = UINT64_MAX;
    while (span_line(&entry, &line)) {
        struct span value = line;
        struct span name = span_cut(&value, ' ');
        if ((span_is(name, "number") && num_parse_u32(value, &number) != OK) ||
            (span_is(name, "log-size") && num_parse_u64(value, &log_size) != OK)) {
            return why_set(why, ERR_CONFLICT, "a cut without its number and size");
        }
    }
    if (number == UINT32_MAX) {
        return why_set(why, ERR_CONFLICT, "a cut without its number");
    }
    if (bound->keys.n > 0 && log_size <= bound_newest(bound)) {
        return why_set(why, ERR_CONFLICT,
                       "cut %" PRIu32 " does not cover the key that signs it, entry %" PRIu64, number,
                       bound_newest(bound));
    }
    bound->any_cut = true;
    bound->next_cut = number + 1;
    return OK;
}

static enum err take_cut_key(struct bound *bound, uint64_t index, const struct entry_key *entry,
                             struct why *why)
{
    struct note_key key;
    TRY(note_key_parse(entry->vkey, &key, why));
    if (strcmp(key.name, bound->origin) != 0) {
        return why_set(why, ERR_CONFLICT, "the key of the cuts is named %s, not %s", key.name, bound->origin);
    }
    if (entry->replaces != bound_newest(bound)) {
        return why_set(why, ERR_CONFLICT, "the key of the cuts does not replace the one before it");
    }
    TRY(cut_keys_add(&bound->keys, bound->next_cut, &key, why));
    bound->entries[bound->keys.n - 1] = index;
    return OK;
}

static enum err take_key(struct bound *bound, uint64_t index, const struct entry *entry, struct why *why)
{
    if (bound->origin[0] == '\0' || bound->files_complete < bound->files) {
        return why_set(why, ERR_CONFLICT, "a key before the definition is whole");
    }
    bound->any_key = true;
    return entry->as.key.role == KEY_CUT ? take_cut_key(bound, index, &entry->as.key, why) : OK;
}

/* A night without a ceremony may have one later; before the first cut, the policy comes first. */
static enum err take_policy(struct bound *bound, uint64_t index, const struct entry *entry, struct why *why)
{
    (void)index, (void)entry;
    if (bound->any_key && !bound->any_policy && !bound->any_cut) {
        return why_set(why, ERR_CONFLICT, "a key stands before the policy that it is to follow");
    }
    bound->any_policy = true;
    return OK;
}

typedef enum err (*take)(struct bound *, uint64_t, const struct entry *, struct why *);
static const struct {
    struct span head;
    take take;
} takes[] = {{{"prep-open/v1\n", 13}, take_open},
             {{"prep-file/v1\n", 13}, take_file},
             {{"prep-key/v1\n", 12}, take_key},
             {{"prep-policy/v1\n", 15}, take_policy}};

enum err bound_take(struct bound *bound, uint64_t index, struct span bytes, struct why *why)
{
    if (span_starts(bytes, SPAN("prep-cut/v1\n"))) {
        return take_cut(bound, bytes, why) == OK ? OK
                                                 : why_prefix(why, ERR_CONFLICT, "entry %" PRIu64, index);
    }
    for (size_t i = 0; i < sizeof takes / sizeof *takes; i++) {
        if (!span_starts(bytes, takes[i].head)) {
            continue;
        }
        struct entry entry;
        struct buf scratch = {0};
        enum err err = entry_parse(bytes, &entry, &scratch, why);
        err = err != OK ? err : takes[i].take(bound, index, &entry, why);
        buf_done(&scratch);
        return err == OK ? OK : why_prefix(why, ERR_CONFLICT, "entry %" PRIu64, index);
    }
    return OK;
}

enum err bound_read(const char *ledger_dir, struct bound *out, struct why *why)
{
    struct ledger_reader *reader = NULL;
    struct span entry;
    uint64_t index = 0;
    bound_init(out);
    TRY(ledger_reader_open(ledger_dir, &reader, why));
    enum err err = OK;
    while ((err = ledger_reader_next(reader, &entry, &index, why)) == OK &&
           (err = bound_take(out, index, entry, why)) == OK) {
    }
    ledger_reader_close(reader);
    return err == ERR_AGAIN ? OK : err;
}

enum err bound_pin(const struct cut_keys *keys, const char *dir, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf text = {0};
    TRY(folder_make(path_join(path, dir, BOUND_PINS), why));
    cut_keys_print(keys, &text);
    enum err err = file_write(path_join(path, dir, BOUND_PINS_FILE), buf_as_span(&text), true, why);
    buf_done(&text);
    return err;
}
