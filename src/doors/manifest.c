/* Prints and reads manifests: lines in a fixed order, sorted lists, one spelling. */
#include "doors/manifest.h"

#include "base/codec.h"
#include "base/date.h"
#include "base/num.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

static bool path_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

bool manifest_path_good(struct span path)
{
    bool segment_starts = true;
    if (path.len == 0 || path.len > MANIFEST_PATH_MAX || path.at[path.len - 1] == '/') {
        return false;
    }
    for (size_t i = 0; i < path.len; i++) {
        char c = path.at[i];
        if (segment_starts ? !path_char(c) || c == '.' : !path_char(c) && c != '/') {
            return false;
        }
        segment_starts = c == '/';
    }
    return true;
}

bool manifest_path_twin(struct span path)
{
    return span_ends(path, SPAN(".gz")) || span_ends(path, SPAN(".br"));
}

/* A growing list: the capacity is the next power of two of the length, so it need not be kept. */
static struct manifest_file *list_room(struct manifest_file *list, uint32_t n)
{
    if (n != 0 && (n & (n - 1)) != 0) {
        return list;
    }
    list = realloc(list, (n == 0 ? 1 : (size_t)n * 2) * sizeof *list);
    assert(list != NULL);
    return list;
}

void manifest_add(struct manifest *manifest, struct span path, const uint8_t sha256[32], uint64_t bytes)
{
    bool twin = manifest_path_twin(path);
    struct manifest_file **list = twin ? &manifest->encodings : &manifest->files;
    uint32_t *n = twin ? &manifest->n_encodings : &manifest->n_files;
    assert(manifest_path_good(path));
    *list = list_room(*list, *n);
    struct manifest_file *file = &(*list)[(*n)++];
    file->path = path;
    file->bytes = bytes;
    memcpy(file->sha256, sha256, sizeof file->sha256);
}

void manifest_done(struct manifest *manifest)
{
    free(manifest->files);
    free(manifest->encodings);
    *manifest = (struct manifest){0};
}

static int by_path(const void *a, const void *b)
{
    const struct manifest_file *x = a;
    const struct manifest_file *y = b;
    return span_compare(x->path, y->path);
}

void manifest_sort(struct manifest *manifest)
{
    if (manifest->n_files > 0) {
        qsort(manifest->files, manifest->n_files, sizeof *manifest->files, by_path);
    }
    if (manifest->n_encodings > 0) {
        qsort(manifest->encodings, manifest->n_encodings, sizeof *manifest->encodings, by_path);
    }
}

const struct manifest_file *manifest_find(const struct manifest *manifest, struct span path)
{
    const struct manifest_file key = {.path = path};
    bool twin = manifest_path_twin(path);
    const struct manifest_file *list = twin ? manifest->encodings : manifest->files;
    uint32_t n = twin ? manifest->n_encodings : manifest->n_files;
    return n == 0 ? NULL : bsearch(&key, list, n, sizeof *list, by_path);
}

void manifest_line_print(const struct manifest_file *file, struct buf *out)
{
    char hex[65];
    hex_print(hex, file->sha256, 32);
    buf_add(out, hex, 64);
    buf_char(out, ' ');
    buf_u64(out, file->bytes);
    buf_char(out, ' ');
    buf_span(out, file->path);
    buf_char(out, '\n');
}

static void list_print(const struct manifest_file *list, uint32_t n, struct buf *out)
{
    for (uint32_t i = 0; i < n; i++) {
        manifest_line_print(&list[i], out);
    }
}

void manifest_print(const struct manifest *manifest, struct buf *out)
{
    char time[DATE_ISO_LEN + 1];
    char previous[65] = "-";
    date_print_iso(time, manifest->time_ms);
    if (manifest->has_previous) {
        hex_print(previous, manifest->previous, 32);
    }
    buf_printf(out, "prep-manifest/v1\norigin %.*s\ncut %" PRIu32 "\ntime %s\nlog-size %" PRIu64 "\n",
               SPAN_ARG(manifest->origin), manifest->cut, time, manifest->log_size);
    buf_printf(out, "previous-manifest %s\nfiles %" PRIu32 "\n", previous, manifest->n_files);
    list_print(manifest->files, manifest->n_files, out);
    struct span encoders = manifest->encoders.len > 0 ? manifest->encoders : SPAN("-");
    buf_printf(out, "encodings %" PRIu32 " %.*s\n", manifest->n_encodings, SPAN_ARG(encoders));
    list_print(manifest->encodings, manifest->n_encodings, out);
}

/* Reads line after line; the first failure is kept with the line's number. */
struct lines {
    struct span rest;
    uint32_t n;
    struct why *why;
};

static enum err line_bad(struct lines *lines, const char *rule)
{
    return why_set(lines->why, ERR_SYNTAX, "manifest, line %" PRIu32 ": %s", lines->n, rule);
}

static enum err line_value(struct lines *lines, const char *name, struct span *value)
{
    struct span line = {NULL, 0};
    struct span start = span_str(name);
    lines->n++;
    /* every line ends with LF, also the last */
    if (lines->rest.len == 0 || memchr(lines->rest.at, '\n', lines->rest.len) == NULL) {
        return line_bad(lines, "the text ends too early");
    }
    line = span_cut(&lines->rest, '\n');
    if (!span_starts(line, start)) {
        return why_set(lines->why, ERR_SYNTAX, "manifest, line %" PRIu32 ": \"%s\" is expected here",
                       lines->n, name);
    }
    *value = span_from(line, start.len);
    return OK;
}

static bool origin_good(struct span origin)
{
    for (size_t i = 0; i < origin.len; i++) {
        if (!path_char(origin.at[i]) && origin.at[i] != '/') {
            return false;
        }
    }
    return origin.len > 0 && origin.len <= 127;
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

static enum err head_parse(struct lines *lines, struct manifest *out)
{
    struct span value = {NULL, 0};
    TRY(line_value(lines, "prep-manifest/v1", &value));
    if (value.len != 0) {
        return line_bad(lines, "not a manifest of version 1");
    }
    TRY(line_value(lines, "origin ", &out->origin));
    if (!origin_good(out->origin)) {
        return line_bad(lines, "an origin is letters, digits, '.', '-', '_' and '/'");
    }
    TRY(line_value(lines, "cut ", &value));
    if (num_parse_u32(value, &out->cut) != OK) {
        return line_bad(lines, "the cut is a number");
    }
    TRY(line_value(lines, "time ", &value));
    if (date_parse_iso(value, &out->time_ms) != OK) {
        return line_bad(lines, "the time is written 2027-06-07T02:20:00Z");
    }
    TRY(line_value(lines, "log-size ", &value));
    if (num_parse_u64(value, &out->log_size) != OK) {
        return line_bad(lines, "the log size is a number");
    }
    TRY(line_value(lines, "previous-manifest ", &value));
    out->has_previous = !span_is(value, "-");
    if (out->has_previous && hex_lower(value, out->previous) != OK) {
        return line_bad(lines, "the manifest before is 64 lower-case hex digits or -");
    }
    return OK;
}

static enum err file_parse(struct lines *lines, struct manifest *out, bool twins, struct span *before)
{
    struct span line = {NULL, 0};
    uint8_t sha256[32];
    uint64_t bytes;
    TRY(line_value(lines, "", &line));
    if (hex_lower(span_cut(&line, ' '), sha256) != OK) {
        return line_bad(lines, "a file begins with 64 lower-case hex digits");
    }
    if (num_parse_u64(span_cut(&line, ' '), &bytes) != OK) {
        return line_bad(lines, "a file's size is a number");
    }
    if (line.at == NULL || !manifest_path_good(line) || manifest_path_twin(line) != twins) {
        return line_bad(lines, "not a path that may stand here");
    }
    if (before->at != NULL && span_compare(*before, line) >= 0) {
        return line_bad(lines, "paths are sorted and each stands once");
    }
    *before = line;
    manifest_add(out, line, sha256, bytes);
    return OK;
}

/* Words for people and for whoever compares twins: names and versions, or "-". */
static bool encoders_good(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool word = path_char(c) || c == ',' || c == '+';
        if (!word && (c != ' ' || i == 0 || i + 1 == text.len)) {
            return false;
        }
    }
    return text.len > 0 && text.len <= MANIFEST_ENCODERS_MAX;
}

static enum err encoders_parse(struct lines *lines, struct span value, struct manifest *out)
{
    if (value.at == NULL || !encoders_good(value)) {
        return line_bad(lines, "after the number stand the libraries that made the encodings");
    }
    out->encoders = span_is(value, "-") ? (struct span){NULL, 0} : value;
    return OK;
}

static enum err list_parse(struct lines *lines, struct manifest *out, bool twins)
{
    struct span value = {NULL, 0};
    struct span before = {0};
    uint32_t n;
    TRY(line_value(lines, twins ? "encodings " : "files ", &value));
    struct span number = twins ? span_cut(&value, ' ') : value;
    if (num_parse_u32(number, &n) != OK || n > MANIFEST_FILES_MAX) {
        return line_bad(lines, "how many files there are is a number, at most 200000");
    }
    if (twins) {
        TRY(encoders_parse(lines, value, out));
    }
    for (uint32_t i = 0; i < n; i++) {
        TRY(file_parse(lines, out, twins, &before));
    }
    return OK;
}

static enum err whole_parse(struct lines *lines, struct manifest *out)
{
    TRY(head_parse(lines, out));
    TRY(list_parse(lines, out, false));
    TRY(list_parse(lines, out, true));
    return lines->rest.len == 0 ? OK : line_bad(lines, "the text goes on after its end");
}

enum err manifest_parse(struct span text, struct manifest *out, struct why *why)
{
    struct lines lines = {.rest = text, .why = why};
    struct manifest manifest = {0};
    if (text.len > MANIFEST_BYTES_MAX) {
        return why_set(why, ERR_TOO_BIG, "the manifest is larger than %d MiB", MANIFEST_BYTES_MAX >> 20);
    }
    enum err err = whole_parse(&lines, &manifest);
    if (err != OK) {
        manifest_done(&manifest);
        return err;
    }
    *out = manifest;
    return OK;
}
