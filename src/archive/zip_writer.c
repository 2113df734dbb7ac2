/* Writing a ZIP: one spelling for everything, so that the same files give the same bytes on every machine. */
#include "archive/archive.h"

#include "archive/deflate.h"

#include <assert.h>

enum { VERSION = 20, FLAG_UTF8 = 1 << 11, METHOD_STORED = 0, METHOD_DEFLATE = 8 };

static void put16(struct buf *out, uint32_t value)
{
    buf_char(out, (char)(value & 255));
    buf_char(out, (char)(value >> 8 & 255));
}

static void put32(struct buf *out, uint32_t value)
{
    put16(out, value & 0xffff);
    put16(out, value >> 16);
}

void zip_writer_init(struct zip_writer *writer, struct buf *out, struct date date, int level)
{
    assert(date.year >= 1980 && date.year < 1980 + 128);
    *writer = (struct zip_writer){
        .out = out,
        .start = out->len,
        .compressor = level > 0 ? deflater_new(level) : NULL,
        .dos_date = (uint16_t)((date.year - 1980) << 9 | date.month << 5 | date.day),
        .dos_time = (uint16_t)(date.hour << 11 | date.minute << 5 | date.second / 2),
    };
    buf_init(&writer->directory, 0);
}

static uint32_t name_flags(struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        if ((unsigned char)name.at[i] >= 0x80) {
            return FLAG_UTF8;
        }
    }
    return 0;
}

/* The fields that local header and directory share, from "version needed" to "extra length". */
static void put_common(struct buf *out, const struct zip_writer *writer, const struct zip_entry *entry)
{
    put16(out, VERSION);
    put16(out, entry->flags);
    put16(out, entry->method);
    put16(out, writer->dos_time);
    put16(out, writer->dos_date);
    put32(out, entry->crc);
    put32(out, (uint32_t)entry->packed);
    put32(out, (uint32_t)entry->size);
    put16(out, (uint32_t)entry->name.len);
    put16(out, 0);
}

static void put_directory(struct zip_writer *writer, const struct zip_entry *entry)
{
    struct buf *out = &writer->directory;
    buf_add(out, "PK\1\2", 4);
    put16(out, 3 << 8 | VERSION); /* made on Unix: the mode below counts */
    put_common(out, writer, entry);
    put16(out, 0); /* comment */
    put16(out, 0); /* disk */
    put16(out, 0); /* internal attributes */
    put32(out, (uint32_t)0100644 << 16);
    put32(out, (uint32_t)entry->offset);
    buf_span(out, entry->name);
}

void zip_writer_add(struct zip_writer *writer, struct span name, struct span bytes)
{
    struct buf *out = writer->out;
    assert(name.len > 0 && name.len <= UINT16_MAX && bytes.len < UINT32_MAX && writer->n < UINT16_MAX);
    struct zip_entry entry = {.name = name,
                              .flags = (uint16_t)name_flags(name),
                              .crc = crc32_of(bytes),
                              .size = bytes.len,
                              .offset = out->len - writer->start};
    size_t head = out->len;
    /* The header is written twice: its sizes are known only when the data stands behind it. */
    struct buf header;
    buf_init(&header, 0);
    buf_add(&header, "PK\3\4", 4);
    put_common(&header, writer, &entry);
    buf_span(&header, name);
    buf_span(out, buf_as_span(&header));
    size_t data = out->len;
    entry.method = METHOD_DEFLATE;
    if (writer->compressor == NULL || !deflate_raw(writer->compressor, bytes, out)) {
        entry.method = METHOD_STORED;
        buf_span(out, bytes);
    }
    entry.packed = out->len - data;
    buf_clear(&header);
    buf_add(&header, "PK\3\4", 4);
    put_common(&header, writer, &entry);
    if (out->err == OK) {
        memcpy(out->at + head, header.at, header.len);
    }
    buf_done(&header);
    put_directory(writer, &entry);
    writer->n++;
}

void zip_writer_done(struct zip_writer *writer)
{
    struct buf *out = writer->out;
    size_t offset = out->len - writer->start;
    assert(offset < UINT32_MAX);
    buf_span(out, buf_as_span(&writer->directory));
    buf_add(out, "PK\5\6", 4);
    put16(out, 0);
    put16(out, 0);
    put16(out, writer->n);
    put16(out, writer->n);
    put32(out, (uint32_t)writer->directory.len);
    put32(out, (uint32_t)offset);
    put16(out, 0);
    buf_done(&writer->directory);
    if (writer->compressor != NULL) {
        deflater_free(writer->compressor);
    }
    *writer = (struct zip_writer){0};
}
