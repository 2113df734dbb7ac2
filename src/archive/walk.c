/* Walking through archives in archives. What a file is shows in its bytes, never in its name: the same
 * institute has published the same table as .csv, .txt, .zip in .zip and .tar.gz. */
#include "archive/archive.h"

#include "archive/deflate.h"
#include "base/num.h"

enum { TAR_BLOCK = 512, TAR_MAGIC_AT = 257, PATH_BYTES = 1024 };

struct walk {
    const struct archive_limits *limits;
    archive_visit visit;
    void *arg;
    uint64_t unpacked; /* by all archives so far */
    struct buf path;
};

static enum err walk_bytes(struct walk *walk, struct span bytes, uint32_t depth, struct why *why);

/* Adds a name to the path while `bytes` are walked, and takes it off again. */
static enum err walk_named(struct walk *walk, struct span name, struct span bytes, uint32_t depth,
                           struct why *why)
{
    size_t len = walk->path.len;
    if (len > 0) {
        buf_str(&walk->path, " > ");
    }
    buf_span(&walk->path, name);
    enum err err = walk_bytes(walk, bytes, depth, why);
    buf_truncate(&walk->path, len);
    return err;
}

static enum err walk_zip(struct walk *walk, struct span bytes, uint32_t depth, struct why *why)
{
    struct zip zip;
    TRY(zip_open(&zip, bytes, walk->limits, why));
    struct zip_entry entry;
    enum err err;
    struct buf room;
    buf_init(&room, 0);
    while ((err = zip_next(&zip, &entry, why)) == OK) {
        struct span plain;
        zip.unpacked = walk->unpacked;
        buf_clear(&room);
        if (entry.size == 0) {
            continue; /* folders, and files there is nothing to say about */
        }
        err = zip_unpack(&zip, &entry, &room, &plain, why);
        walk->unpacked = zip.unpacked;
        if (err == OK) {
            err = walk_named(walk, entry.name, plain, depth, why);
        }
        if (err != OK) {
            break;
        }
    }
    buf_done(&room);
    return err == ERR_AGAIN ? OK : err;
}

static bool gzip_sniff(struct span bytes)
{
    return bytes.len >= 18 && memcmp(bytes.at, "\x1f\x8b\x08", 3) == 0;
}

/* A gzip member says its size (modulo 4 GiB) in its last four bytes; it is used as the bound that must hold.
 */
static enum err walk_gzip(struct walk *walk, struct span bytes, uint32_t depth, struct why *why)
{
    const unsigned char *tail = (const unsigned char *)bytes.at + bytes.len - 4;
    uint64_t size = tail[0] | (uint64_t)tail[1] << 8 | (uint64_t)tail[2] << 16 | (uint64_t)tail[3] << 24;
    if (size > walk->limits->entry_bytes || size > walk->limits->total_bytes - walk->unpacked) {
        return why_set(why, ERR_TOO_BIG,
                       "gzip: ocuparía %llu bytes, más del límite / it would unpack to more than the limit",
                       (unsigned long long)size);
    }
    struct buf room;
    buf_init(&room, 0);
    size_t used = 0;
    enum err err = inflate_gzip(bytes, size, &room, &used);
    if (err != OK || used != bytes.len || room.len != size) {
        buf_done(&room);
        return why_set(
            why, ERR_SYNTAX,
            "gzip: cortado, dañado o en varias partes / the data is cut, damaged or in several parts");
    }
    walk->unpacked += size;
    err = walk_bytes(walk, buf_as_span(&room), depth, why);
    buf_done(&room);
    return err;
}

static bool tar_sniff(struct span bytes)
{
    return bytes.len >= TAR_BLOCK && memcmp(bytes.at + TAR_MAGIC_AT, "ustar", 5) == 0;
}

/* An octal number field of a tar header; UINT64_MAX when it is none. */
static uint64_t tar_number(const char *at, size_t len)
{
    uint64_t value = 0;
    size_t i = 0;
    while (i < len && at[i] == ' ') {
        i++;
    }
    for (; i < len && at[i] >= '0' && at[i] <= '7'; i++) {
        value = value * 8 + (uint64_t)(at[i] - '0');
    }
    return i < len && at[i] != ' ' && at[i] != '\0' ? UINT64_MAX : value;
}

static enum err walk_tar(struct walk *walk, struct span bytes, uint32_t depth, struct why *why)
{
    uint32_t entries = 0;
    while (bytes.len >= TAR_BLOCK && bytes.at[0] != '\0') {
        const char *head = bytes.at;
        uint64_t size = tar_number(head + 124, 12);
        bytes = span_from(bytes, TAR_BLOCK);
        if (size > bytes.len || memcmp(head + TAR_MAGIC_AT, "ustar", 5) != 0) {
            return why_set(
                why, ERR_SYNTAX,
                "tar: una cabecera está rota o el archivo está cortado / a header is broken or the archive is cut");
        }
        if (++entries > walk->limits->entries) {
            return why_set(why, ERR_TOO_BIG, "tar: más de %u archivos / more entries than that",
                           walk->limits->entries);
        }
        bool file = head[156] == '0' || head[156] == '\0';
        if (file && size > 0) {
            struct span name = span_of(head, strnlen(head, 100));
            TRY(walk_named(walk, name, span_of(bytes.at, size), depth, why));
        }
        bytes = span_from(bytes, (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK);
    }
    return OK;
}

static const struct archive_kind {
    bool (*sniff)(struct span bytes);
    enum err (*walk)(struct walk *walk, struct span bytes, uint32_t depth, struct why *why);
} kinds[] = {{zip_sniff, walk_zip}, {gzip_sniff, walk_gzip}, {tar_sniff, walk_tar}};

static enum err walk_bytes(struct walk *walk, struct span bytes, uint32_t depth, struct why *why)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!kinds[i].sniff(bytes)) {
            continue;
        }
        if (depth >= walk->limits->depth) {
            return why_set(
                why, ERR_TOO_BIG,
                "archivos dentro de archivos, a más de %u niveles / archives inside archives, deeper than that",
                walk->limits->depth);
        }
        return kinds[i].walk(walk, bytes, depth + 1, why);
    }
    return walk->visit(walk->arg, buf_as_span(&walk->path), bytes);
}

enum err archive_walk(struct span bytes, const struct archive_limits *limits, archive_visit visit, void *arg,
                      struct why *why)
{
    struct walk walk = {.limits = limits, .visit = visit, .arg = arg};
    buf_init(&walk.path, PATH_BYTES);
    enum err err = walk_bytes(&walk, bytes, 0, why);
    buf_done(&walk.path);
    return err;
}
