/* The files of a cut in memory, and small readers of HTML for the tests. */
#ifndef TEST_RENDER_FILES_H
#define TEST_RENDER_FILES_H

#include "render/pages.h"

struct file {
    char path[PAGE_PATH_MAX]; /* from the site's root: "cut/3/jg/index.html" */
    struct buf bytes;
};
struct files {
    struct file at[2048];
    uint32_t n;
    char folder[32];
};

/* Renders everything of a cut: chunks, the cut's folder, the root. */
struct files *files_new(const struct fold *fold, const struct cut_facts *facts);
void files_free(struct files *files);
const struct file *files_find(const struct files *files, const char *path);
/* The text of a file that must be there; terminated. */
const char *files_text(struct files *files, const char *path);

static inline bool ends_with(const char *path, const char *end)
{
    return span_ends(span_str(path), span_str(end));
}

/* Checks that tags nest and close, attributes are quoted, and there are no other '<' or '>'; false with a reason. */
bool html_nests(const struct file *file, char *reason, size_t size);
/* Every figure in the text (not in tags), in order, separated by blanks. */
void html_figures(const struct file *file, struct buf *out);

#endif
