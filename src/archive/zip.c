/* Reading a ZIP (PKWARE APPNOTE 6.3): end record, central directory, local headers. Whatever the central
 * directory says is checked against the local header and the length of the archive before it is used. */
#include "archive/archive.h"

#include "archive/deflate.h"

enum {
    LOCAL_LEN = 30,
    CENTRAL_LEN = 46,
    END_LEN = 22,
    COMMENT_MAX = 65535,
    FLAG_ENCRYPTED = 1,
    METHOD_STORED = 0,
    METHOD_DEFLATE = 8,
    RATIO_FROM = 1024 * 1024
};

const struct archive_limits archive_limits_default = {
    .entry_bytes = 512U << 20, .total_bytes = 1U << 30, .ratio = 400, .entries = 4096, .depth = 4};

static uint32_t le16(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8;
}

static uint32_t le32(const char *at)
{
    return le16(at) | le16(at + 2) << 16;
}

static bool magic(const char *at, const char kind[2])
{
    return at[0] == 'P' && at[1] == 'K' && at[2] == kind[0] && at[3] == kind[1];
}

bool zip_sniff(struct span bytes)
{
    return bytes.len >= 4 && (magic(bytes.at, "\3\4") || (magic(bytes.at, "\5\6") && bytes.len >= END_LEN));
}

/* The end record stands last, before a comment of at most 64 KiB; the last one that fits is the one. */
static const char *find_end(struct span bytes)
{
    if (bytes.len < END_LEN) {
        return NULL;
    }
    const char *last = bytes.at + bytes.len - END_LEN;
    const char *first = bytes.len > END_LEN + COMMENT_MAX ? last - COMMENT_MAX : bytes.at;
    for (const char *at = last; at >= first; at--) {
        if (*at == 'P' && magic(at, "\5\6") && le16(at + 20) <= (size_t)(last - at)) {
            return at;
        }
        if (at == first) {
            break;
        }
    }
    return NULL;
}

enum err zip_open(struct zip *zip, struct span bytes, const struct archive_limits *limits, struct why *why)
{
    const char *end = find_end(bytes);
    if (end == NULL) {
        return why_set(
            why, ERR_SYNTAX,
            "ZIP: falta el registro final: está cortado o no es un ZIP / the end record is missing: the archive is cut or it is no ZIP");
    }
    uint32_t entries = le16(end + 10);
    uint64_t size = le32(end + 12);
    uint64_t offset = le32(end + 16);
    if (le16(end + 4) != 0 || le16(end + 6) != 0 || le16(end + 8) != entries) {
        return why_set(
            why, ERR_SYNTAX,
            "ZIP: en varios volúmenes, no se admite / split over several volumes, which is not supported");
    }
    if (size == UINT32_MAX || offset == UINT32_MAX) {
        return why_set(why, ERR_TOO_BIG,
                       "ZIP: es ZIP64 (4 GiB o más), no se admite / a ZIP64 archive, which is not supported");
    }
    if (offset > (uint64_t)(end - bytes.at) || size > (uint64_t)(end - bytes.at) - offset) {
        return why_set(
            why, ERR_SYNTAX,
            "ZIP: el directorio central queda fuera: está cortado / the central directory lies outside the archive: it is cut");
    }
    if (entries > limits->entries) {
        return why_set(why, ERR_TOO_BIG, "ZIP: %u archivos, el límite es %u / entries, the limit", entries,
                       limits->entries);
    }
    *zip = (struct zip){
        .bytes = bytes, .limits = limits, .directory = span_of(bytes.at + offset, size), .left = entries};
    return OK;
}

static enum err check_entry(struct zip *zip, const struct zip_entry *entry, struct why *why)
{
    const struct archive_limits *limits = zip->limits;
    if (entry->flags & FLAG_ENCRYPTED) {
        return why_set(why, ERR_REFUSED, "ZIP: un archivo está cifrado / an entry is encrypted");
    }
    if (entry->method != METHOD_STORED && entry->method != METHOD_DEFLATE) {
        return why_set(
            why, ERR_REFUSED,
            "ZIP: el método de compresión %u no se admite (sí: sin comprimir y deflate) / is not supported",
            entry->method);
    }
    if (entry->size > limits->entry_bytes) {
        return why_set(
            why, ERR_TOO_BIG,
            "ZIP: un archivo ocuparía %llu bytes, el límite es %llu / would unpack to so many (a ZIP bomb?)",
            (unsigned long long)entry->size, (unsigned long long)limits->entry_bytes);
    }
    if (entry->size > RATIO_FROM && entry->size / limits->ratio > entry->packed) {
        return why_set(
            why, ERR_TOO_BIG,
            "ZIP: un archivo de %llu bytes ocuparía %llu, más de %u veces / would unpack to so many times as much "
            "(a ZIP bomb?)",
            (unsigned long long)entry->packed, (unsigned long long)entry->size, limits->ratio);
    }
    zip->packed_total += LOCAL_LEN + entry->packed;
    if (zip->packed_total > zip->bytes.len) {
        return why_set(why, ERR_SYNTAX, "ZIP: sus archivos se enciman / its entries overlap (a ZIP bomb?)");
    }
    return OK;
}

enum err zip_next(struct zip *zip, struct zip_entry *entry, struct why *why)
{
    if (zip->left == 0) {
        return ERR_AGAIN;
    }
    const char *at = zip->directory.at;
    if (zip->directory.len < CENTRAL_LEN || !magic(at, "\1\2")) {
        return why_set(why, ERR_SYNTAX,
                       "ZIP: el directorio central está roto / the central directory is broken");
    }
    size_t name_len = le16(at + 28);
    size_t whole = CENTRAL_LEN + name_len + le16(at + 30) + le16(at + 32);
    if (whole > zip->directory.len) {
        return why_set(why, ERR_SYNTAX,
                       "ZIP: el directorio central está cortado / the central directory is cut");
    }
    struct zip_entry read = {.name = span_of(at + CENTRAL_LEN, name_len),
                             .flags = (uint16_t)le16(at + 8),
                             .method = (uint16_t)le16(at + 10),
                             .crc = le32(at + 16),
                             .packed = le32(at + 20),
                             .size = le32(at + 24),
                             .offset = le32(at + 42)};
    TRY(check_entry(zip, &read, why));
    zip->directory = span_from(zip->directory, whole);
    zip->left--;
    *entry = read;
    return OK;
}

/* The packed bytes of an entry, found through its local header. */
static enum err entry_bytes(const struct zip *zip, const struct zip_entry *entry, struct span *packed,
                            struct why *why)
{
    struct span local = span_from(zip->bytes, entry->offset);
    if (local.len < LOCAL_LEN || !magic(local.at, "\3\4")) {
        return why_set(
            why, ERR_SYNTAX,
            "ZIP: la cabecera de un archivo no está donde dice el directorio / an entry's local header is not where the directory says");
    }
    size_t head = LOCAL_LEN + (size_t)le16(local.at + 26) + le16(local.at + 28);
    if (head > local.len || entry->packed > local.len - head) {
        return why_set(
            why, ERR_SYNTAX,
            "ZIP: un archivo pasa del final: está cortado / an entry reaches past the end: the archive is cut");
    }
    *packed = span_of(local.at + head, entry->packed);
    return OK;
}

enum err zip_unpack(struct zip *zip, const struct zip_entry *entry, struct buf *room, struct span *out,
                    struct why *why)
{
    struct span packed = {0};
    TRY(entry_bytes(zip, entry, &packed, why));
    if (entry->size > zip->limits->total_bytes - zip->unpacked) {
        return why_set(why, ERR_TOO_BIG,
                       "ZIP: desempacado pasaría de %llu bytes / unpacked it would be more (a ZIP bomb?)",
                       (unsigned long long)zip->limits->total_bytes);
    }
    struct span plain = packed;
    if (entry->method == METHOD_DEFLATE) {
        size_t start = room->len;
        if (inflate_raw(packed, entry->size, room) != OK) {
            return why_set(
                why, ERR_SYNTAX,
                "ZIP: un archivo no da el tamaño que dice el directorio / an entry does not unpack to the size the directory says");
        }
        plain = span_of(room->at + start, entry->size);
    }
    if (plain.len != entry->size || crc32_of(plain) != entry->crc) {
        return why_set(
            why, ERR_SYNTAX,
            "ZIP: los bytes de un archivo no dan su tamaño o su CRC: está dañado / do not match its size or CRC: the archive is damaged");
    }
    zip->unpacked += plain.len;
    *out = plain;
    return OK;
}
