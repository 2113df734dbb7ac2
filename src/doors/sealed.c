/* Prints and reads sealed sites: a head in a fixed order, then one line a path, sorted. */
#include "doors/sealed.h"

#include "base/codec.h"
#include "base/date.h"
#include "base/num.h"
#include "doors/sealed_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

enum { MODE_DIGITS = 4 };

static const char *const kind_words[SEALED_KINDS] = {"folder ", "file ", "link ", NULL};

void sealed_init(struct sealed *sealed)
{
    *sealed = (struct sealed){.version = 0};
    arena_init(&sealed->arena, 0);
}

void sealed_done(struct sealed *sealed)
{
    arena_done(&sealed->arena);
    free(sealed->entries);
    *sealed = (struct sealed){.version = 0};
}

static struct sealed_entry *entry_room(struct sealed *sealed)
{
    uint32_t n = sealed->n_entries;
    if (n == 0 || (n & (n - 1)) == 0) { /* the capacity is the next power of two */
        sealed->entries = realloc(sealed->entries, (n == 0 ? 1 : (size_t)n * 2) * sizeof *sealed->entries);
        assert(sealed->entries != NULL);
    }
    struct sealed_entry *entry = &sealed->entries[sealed->n_entries++];
    *entry = (struct sealed_entry){.kind = SEALED_OTHER};
    return entry;
}

struct sealed_entry *sealed_add(struct sealed *sealed, struct span path, enum sealed_kind kind)
{
    struct sealed_entry *entry = entry_room(sealed);
    entry->path = arena_copy(&sealed->arena, path);
    entry->kind = kind;
    return entry;
}

static int by_path(const void *a, const void *b)
{
    const struct sealed_entry *x = a;
    const struct sealed_entry *y = b;
    return span_compare(x->path, y->path);
}

void sealed_sort(struct sealed *sealed)
{
    if (sealed->n_entries > 0) {
        qsort(sealed->entries, sealed->n_entries, sizeof *sealed->entries, by_path);
    }
}

static const struct sealed_entry *find_among(const struct sealed *sealed, uint32_t n, struct span path)
{
    const struct sealed_entry key = {.path = path};
    return n == 0 ? NULL : bsearch(&key, sealed->entries, n, sizeof key, by_path);
}

const struct sealed_entry *sealed_find(const struct sealed *sealed, struct span path)
{
    return find_among(sealed, sealed->n_entries, path);
}

bool sealed_path_good(struct span path)
{
    if (path.len == 0 || path.len > SEALED_PATH_MAX || memchr(path.at, '\0', path.len) != NULL) {
        return false;
    }
    while (path.at != NULL) {
        struct span segment = span_cut(&path, '/');
        if (segment.len == 0 || span_is(segment, ".") || span_is(segment, "..")) {
            return false;
        }
    }
    return true;
}

void sealed_print(const struct sealed *sealed, struct buf *out)
{
    char time[DATE_ISO_LEN + 1];
    char hex[65] = "-";
    date_print_iso(time, sealed->time_ms);
    if (sealed->has_previous) {
        hex_print(hex, sealed->previous, 32);
    }
    buf_printf(out,
               "prep-site/v1\nname %.*s\nversion %" PRIu64 "\ntime %s\nprevious %s\nentries %" PRIu32 "\n",
               SPAN_ARG(sealed->name), sealed->version, time, hex, sealed->n_entries);
    for (uint32_t i = 0; i < sealed->n_entries; i++) {
        const struct sealed_entry *entry = &sealed->entries[i];
        assert(entry->kind != SEALED_OTHER && !entry->unread);
        buf_str(out, kind_words[entry->kind]);
        if (entry->kind == SEALED_LINK) {
            sealed_escape(entry->target, out);
        } else {
            buf_printf(out, "%04o", entry->mode);
        }
        if (entry->kind == SEALED_FILE) {
            hex_print(hex, entry->sha256, 32);
            buf_printf(out, " %" PRId64 " %s %" PRIu64, entry->mtime_ns, hex, entry->bytes);
        }
        buf_char(out, ' ');
        sealed_escape(entry->path, out);
        buf_char(out, '\n');
    }
}

static enum err hex_lower(struct span text, uint8_t out[32])
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] >= 'A' && text.at[i] <= 'F') {
            return ERR_SYNTAX;
        }
    }
    return hex_parse(text, out, 32);
}

static enum err head_parse(struct sealed_lines *lines, struct sealed *out, uint32_t *n)
{
    struct span value = {NULL, 0};
    TRY(sealed_line(lines, "prep-site/v1", &value));
    if (value.len != 0) {
        return sealed_bad(lines, "not a sealed site of version 1");
    }
    TRY(sealed_name(lines, &out->arena, &out->name));
    TRY(sealed_line(lines, "version ", &value));
    if (num_parse_u64(value, &out->version) != OK || out->version == 0) {
        return sealed_bad(lines, "the version is a number from 1 on");
    }
    TRY(sealed_line(lines, "time ", &value));
    if (date_parse_iso(value, &out->time_ms) != OK) {
        return sealed_bad(lines, "the time is written 2027-06-07T02:20:00Z");
    }
    TRY(sealed_line(lines, "previous ", &value));
    out->has_previous = !span_is(value, "-");
    if (out->has_previous && hex_lower(value, out->previous) != OK) {
        return sealed_bad(lines, "the text before is 64 lower-case hex digits or '-'");
    }
    if (out->has_previous != (out->version > 1)) {
        return sealed_bad(lines, "only version 1 has none before it");
    }
    TRY(sealed_line(lines, "entries ", &value));
    if (num_parse_u32(value, n) != OK || *n > SEALED_ENTRIES_MAX) {
        return sealed_bad(lines, "the number of entries is at most 200000");
    }
    return OK;
}

static enum err mode_parse(struct sealed_lines *lines, struct span text, uint16_t *out)
{
    unsigned mode = 0;
    bool good = text.len == MODE_DIGITS;
    for (size_t i = 0; good && i < MODE_DIGITS; i++) {
        good = text.at[i] >= '0' && text.at[i] <= '7';
        mode = mode * 8 + (unsigned)(text.at[i] - '0');
    }
    if (!good) {
        return sealed_bad(lines, "a mode is four octal digits");
    }
    *out = (uint16_t)mode;
    return OK;
}

/* "<mtime_ns> <sha256> <bytes>" off the front of `rest`. */
static enum err file_parse(struct sealed_lines *lines, struct span *rest, struct sealed_entry *entry)
{
    if (num_parse_i64(span_cut(rest, ' '), &entry->mtime_ns) != OK) {
        return sealed_bad(lines, "a file's time is whole nanoseconds");
    }
    if (hex_lower(span_cut(rest, ' '), entry->sha256) != OK) {
        return sealed_bad(lines, "a file's hash is 64 lower-case hex digits");
    }
    if (num_parse_u64(span_cut(rest, ' '), &entry->bytes) != OK) {
        return sealed_bad(lines, "a file's size is a number");
    }
    return OK;
}

/* Every path's folder is there, as a folder: so nothing can be put through a link or a file. */
static bool parent_there(const struct sealed *sealed, uint32_t n, struct span path)
{
    size_t len = path.len;
    while (len > 0 && path.at[len - 1] != '/') {
        len--;
    }
    if (len == 0) {
        return true;
    }
    const struct sealed_entry *parent = find_among(sealed, n, span_of(path.at, len - 1));
    return parent != NULL && parent->kind == SEALED_FOLDER;
}

static enum err entry_parse(struct sealed_lines *lines, struct sealed *out)
{
    struct span line = {NULL, 0};
    TRY(sealed_line(lines, "", &line));
    struct sealed_entry *entry = entry_room(out);
    uint32_t before = out->n_entries - 1;
    for (int kind = SEALED_FOLDER; kind <= SEALED_LINK; kind++) {
        if (span_starts(line, span_str(kind_words[kind]))) {
            entry->kind = (enum sealed_kind)kind;
            line = span_from(line, strlen(kind_words[kind]));
            break;
        }
    }
    if (entry->kind == SEALED_OTHER) {
        return sealed_bad(lines, "\"folder \", \"file \" or \"link \" is expected here");
    }
    struct span first = span_cut(&line, ' ');
    if (entry->kind == SEALED_LINK) {
        if (sealed_unescape(first, SEALED_PATH_MAX, &out->arena, &entry->target) != OK) {
            return sealed_bad(lines, "a link's target is 1 to 1024 bytes in their one spelling");
        }
    } else {
        TRY(mode_parse(lines, first, &entry->mode));
    }
    if (entry->kind == SEALED_FILE) {
        TRY(file_parse(lines, &line, entry));
    }
    if (line.at == NULL || sealed_unescape(line, SEALED_PATH_MAX, &out->arena, &entry->path) != OK ||
        !sealed_path_good(entry->path)) {
        return sealed_bad(lines, "a path is names between single slashes, in their one spelling");
    }
    if (before > 0 && span_compare(out->entries[before - 1].path, entry->path) >= 0) {
        return sealed_bad(lines, "paths are in byte order, each once");
    }
    return parent_there(out, before, entry->path) ? OK
                                                  : sealed_bad(lines, "the path's folder is no folder here");
}

static enum err all_parse(struct sealed_lines *lines, struct sealed *out)
{
    uint32_t n = 0;
    TRY(head_parse(lines, out, &n));
    for (uint32_t i = 0; i < n; i++) {
        TRY(entry_parse(lines, out));
    }
    if (lines->rest.len != 0) {
        lines->n++;
        return sealed_bad(lines, "the text goes on after its last entry");
    }
    return OK;
}

enum err sealed_parse(struct span text, struct sealed *out, struct why *why)
{
    struct sealed_lines lines = {.what = "sealed site", .rest = text, .why = why};
    struct sealed sealed;
    if (text.len > SEALED_BYTES_MAX) {
        return why_set(why, ERR_TOO_BIG, "sealed site: larger than %d bytes", SEALED_BYTES_MAX);
    }
    sealed_init(&sealed);
    enum err err = all_parse(&lines, &sealed);
    if (err != OK) {
        sealed_done(&sealed);
        return err;
    }
    *out = sealed;
    return OK;
}

unsigned sealed_differs(const struct sealed_entry *was, const struct sealed_entry *is)
{
    unsigned differs = 0;
    if (was->kind != is->kind) {
        return DIFFERS_KIND;
    }
    if (is->unread) {
        differs |= DIFFERS_UNREAD;
    }
    differs |= was->kind != SEALED_LINK && was->mode != is->mode ? DIFFERS_MODE : 0U;
    differs |= was->kind == SEALED_LINK && !span_equal(was->target, is->target) ? DIFFERS_TARGET : 0U;
    if (was->kind == SEALED_FILE) {
        bool same = was->bytes == is->bytes && memcmp(was->sha256, is->sha256, 32) == 0;
        differs |= !same && !is->unread ? DIFFERS_CONTENT : 0U;
        differs |= was->mtime_ns != is->mtime_ns ? DIFFERS_TIME : 0U;
    }
    return differs;
}

enum err sealed_compare(const struct sealed *was, const struct sealed *is, sealed_each each, void *arg)
{
    uint32_t i = 0;
    uint32_t k = 0;
    while (i < was->n_entries || k < is->n_entries) {
        const struct sealed_entry *a = i < was->n_entries ? &was->entries[i] : NULL;
        const struct sealed_entry *b = k < is->n_entries ? &is->entries[k] : NULL;
        int order = a == NULL ? 1 : b == NULL ? -1 : span_compare(a->path, b->path);
        i += order <= 0;
        k += order >= 0;
        unsigned differs = order < 0 ? DIFFERS_MISSING : order > 0 ? DIFFERS_FOREIGN : sealed_differs(a, b);
        if (differs != 0) {
            TRY(each(arg, order <= 0 ? a : NULL, order >= 0 ? b : NULL, differs));
        }
    }
    return OK;
}
