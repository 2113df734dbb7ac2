/* The opening: prep-open/v1 and the definition's files in pieces, prep-file/v1. */
#include "base/codec.h"
#include "tlog/entry_kinds.h"

#include <assert.h>

enum { FILES_MAX = 100000, FILE_BYTES_MAX = 1 << 30 };

static bool origin_ok(struct span origin)
{
    return text_is_visible(origin, 1, 127) && memchr(origin.at, '+', origin.len) == NULL;
}

void open_print(const struct entry *entry, struct buf *out)
{
    const struct entry_open *open = &entry->as.open;
    assert(text_is_id(open->election, 1, 32) && origin_ok(open->origin) && open->time_ms >= 0);
    print_line(out, "election", open->election);
    print_line(out, "origin", open->origin);
    print_flag(out, "drill", open->drill);
    print_time(out, "time", open->time_ms);
    print_digest(out, "definition", open->definition);
    print_digest(out, "rules", open->rules);
    print_digest(out, "programs", open->programs);
    print_u64(out, "files", open->n_files);
    buf_str(out, "state en-ceros\n");
}

void open_parse(struct lines *lines, struct entry *out, struct buf *scratch)
{
    (void)scratch;
    struct entry_open *open = &out->as.open;
    open->election = lines_value(lines, "election");
    lines_expect(lines, text_is_id(open->election, 1, 32), "an election is named by 1 to 32 of a-z0-9-");
    open->origin = lines_value(lines, "origin");
    lines_expect(lines, origin_ok(open->origin), "an origin is 1 to 127 visible ASCII characters, no +");
    open->drill = lines_flag(lines, "drill");
    open->time_ms = lines_time(lines, "time", false);
    lines_digest(lines, "definition", open->definition);
    lines_digest(lines, "rules", open->rules);
    lines_digest(lines, "programs", open->programs);
    open->n_files = (uint32_t)lines_u64(lines, "files", FILES_MAX);
    lines_literal(lines, "state en-ceros");
}

static bool file_name_ok(struct span name)
{
    if (!text_is_visible(name, 1, 64) || name.at[0] == '.') {
        return false;
    }
    return memchr(name.at, '/', name.len) == NULL && memchr(name.at, '\\', name.len) == NULL;
}

/* Pieces are full but the last one of a file, so that a file has one way to be cut. */
static bool piece_ok(const struct entry_file *file)
{
    uint64_t left = file->offset <= file->size ? file->size - file->offset : 0;
    uint64_t due = left < FILE_PIECE ? left : FILE_PIECE;
    return file->offset % FILE_PIECE == 0 && file->bytes.len == due && (due > 0 || file->size == 0);
}

void piece_print(const struct entry *entry, struct buf *out)
{
    const struct entry_file *file = &entry->as.file;
    assert(file_name_ok(file->name) && piece_ok(file) && file->size <= FILE_BYTES_MAX);
    print_line(out, "name", file->name);
    print_u64(out, "size", file->size);
    print_u64(out, "offset", file->offset);
    buf_str(out, "bytes ");
    if (file->bytes.len == 0) {
        buf_char(out, '-');
    }
    base64_print(out, file->bytes.at, file->bytes.len);
    buf_char(out, '\n');
}

void piece_parse(struct lines *lines, struct entry *out, struct buf *scratch)
{
    struct entry_file *file = &out->as.file;
    file->name = lines_value(lines, "name");
    lines_expect(lines, file_name_ok(file->name),
                 "a file's name is 1 to 64 visible ASCII characters, no slash");
    file->size = lines_u64(lines, "size", FILE_BYTES_MAX);
    file->offset = lines_u64(lines, "offset", FILE_BYTES_MAX);
    file->bytes = base64_value(lines, lines_value(lines, "bytes"), FILE_PIECE, scratch);
    lines_expect(lines, piece_ok(file), "pieces of 45000 bytes follow each other, only the last is shorter");
}
