/* The files of a cut in memory, and small readers of HTML for the tests. */
#include "files.h"

#include "seal/digest.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static enum err take(void *arg, const char *path, struct span bytes)
{
    struct files *files = arg;
    assert(files->n < sizeof files->at / sizeof files->at[0]);
    struct file *file = &files->at[files->n++];
    snprintf(file->path, sizeof file->path, "%s%s", files->folder, path);
    buf_init(&file->bytes, 0);
    buf_span(&file->bytes, bytes);
    return OK;
}

static void take_chunks(struct files *files, const struct fold *fold, const struct chunk_plan *plan,
                        char (*names)[65])
{
    struct buf bytes;
    buf_init(&bytes, 0);
    for (uint32_t i = 0; i < chunk_total(fold, plan); i++) {
        char path[96];
        buf_clear(&bytes);
        render_chunk(fold, plan, i, &bytes);
        digest_hex(buf_as_span(&bytes), names[i]);
        snprintf(path, sizeof path, "chunk/%s.html", names[i]);
        assert(take(files, path, buf_as_span(&bytes)) == OK);
    }
    buf_done(&bytes);
}

struct files *files_new(const struct fold *fold, const struct cut_facts *facts)
{
    struct files *files = calloc(1, sizeof *files);
    struct chunk_plan *plan;
    assert(files != NULL && chunk_plan_new(fold->election, &plan) == OK);
    uint32_t n = chunk_total(fold, plan);
    char(*names)[65] = calloc(n + 1, 65);
    assert(names != NULL);
    take_chunks(files, fold, plan, names);
    snprintf(files->folder, sizeof files->folder, "cut/%u/", (unsigned)facts->number);
    assert(render_cut(fold, plan, facts, (const char(*)[65])names, n, take, files) == OK);
    files->folder[0] = 0;
    assert(render_entries(fold, plan, facts, (const char(*)[65])names, n, take, files) == OK);
    free(names);
    chunk_plan_free(plan);
    return files;
}

void files_free(struct files *files)
{
    for (uint32_t i = 0; i < files->n; i++) {
        buf_done(&files->at[i].bytes);
    }
    free(files);
}

const struct file *files_find(const struct files *files, const char *path)
{
    for (uint32_t i = 0; i < files->n; i++) {
        if (strcmp(files->at[i].path, path) == 0) {
            return &files->at[i];
        }
    }
    return NULL;
}

const char *files_text(struct files *files, const char *path)
{
    for (uint32_t i = 0; i < files->n; i++) {
        if (strcmp(files->at[i].path, path) == 0) {
            return buf_cstr(&files->at[i].bytes);
        }
    }
    fprintf(stderr, "no file %s\n", path);
    abort();
}

static bool is_void(struct span name)
{
    static const char *const names[] = {"meta", "link", "br", "!doctype"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (span_is(name, names[i])) {
            return true;
        }
    }
    return false;
}

/* The inside of a tag, without its angles: takes the name off and checks that quotes are in pairs. */
static bool tag_name(struct span tag, struct span *name)
{
    size_t quotes = 0, len = 0;
    for (size_t i = 0; i < tag.len; i++) {
        quotes += tag.at[i] == '"';
    }
    while (len < tag.len && tag.at[len] != ' ' && tag.at[len] != '/') {
        len++;
    }
    *name = span_of(tag.at, len);
    return quotes % 2 == 0 && len > 0;
}

bool html_nests(const struct file *file, char *reason, size_t size)
{
    struct span stack[64], rest = buf_as_span(&file->bytes);
    size_t depth = 0;
    while (rest.len > 0) {
        struct span text = span_cut(&rest, '<');
        if (memchr(text.at, '>', text.len) != NULL) {
            snprintf(reason, size, "%s: a bare > after %.40s", file->path, text.at);
            return false;
        }
        if (rest.at == NULL || rest.len == 0) {
            break;
        }
        struct span tag = span_cut(&rest, '>'), name;
        bool closing = tag.len > 0 && tag.at[0] == '/';
        bool alone = tag.len > 0 && tag.at[tag.len - 1] == '/';
        if (memchr(tag.at, '<', tag.len) != NULL || !tag_name(closing ? span_from(tag, 1) : tag, &name)) {
            snprintf(reason, size, "%s: broken tag <%.60s", file->path, tag.at);
            return false;
        }
        if (closing && (depth == 0 || !span_equal(stack[--depth], name))) {
            snprintf(reason, size, "%s: </%.*s> closes nothing", file->path, SPAN_ARG(name));
            return false;
        }
        if (!closing && !alone && !is_void(name)) {
            assert(depth < sizeof stack / sizeof stack[0]);
            stack[depth++] = name;
        }
    }
    if (depth > 0) {
        snprintf(reason, size, "%s: <%.*s> stays open", file->path, SPAN_ARG(stack[depth - 1]));
    }
    return depth == 0;
}

void html_figures(const struct file *file, struct buf *out)
{
    struct span rest = buf_as_span(&file->bytes);
    while (rest.len > 0) {
        struct span text = span_cut(&rest, '<');
        for (size_t i = 0; i < text.len; i++) {
            bool figure = isdigit((unsigned char)text.at[i]) != 0;
            bool inside = (text.at[i] == ',' || text.at[i] == '.') && i > 0 && i + 1 < text.len &&
                          isdigit((unsigned char)text.at[i - 1]) != 0 &&
                          isdigit((unsigned char)text.at[i + 1]) != 0;
            if (figure || inside) {
                buf_char(out, text.at[i]);
            } else if (i > 0 && isdigit((unsigned char)text.at[i - 1]) != 0) {
                buf_char(out, ' ');
            }
        }
        buf_char(out, ' ');
        if (rest.at != NULL) {
            span_cut(&rest, '>');
        }
    }
}
