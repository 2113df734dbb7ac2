/* Keeping the chunks in step with the fold. */
#include "cut/shelf.h"

#include "base/codec.h"
#include "os/file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void shelf_done(struct shelf *shelf)
{
    free(shelf->names);
    free(shelf->pressed);
    free(shelf->fresh);
    free(shelf->read);
    free(shelf->sums);
    buf_done(&shelf->page);
    *shelf = (struct shelf){0};
}

void shelf_forget(struct shelf *shelf)
{
    if (shelf->n > 0) {
        memset(shelf->fresh, 0, shelf->n);
    }
}

static void shelf_grow(struct shelf *shelf, uint32_t n)
{
    if (n > shelf->cap) {
        uint32_t cap = n + 64;
        shelf->names = realloc(shelf->names, cap * sizeof *shelf->names);
        shelf->pressed = realloc(shelf->pressed, cap * sizeof *shelf->pressed);
        shelf->fresh = realloc(shelf->fresh, cap);
        shelf->read = realloc(shelf->read, cap);
        shelf->sums = realloc(shelf->sums, cap * sizeof *shelf->sums);
        assert(shelf->names != NULL && shelf->pressed != NULL && shelf->fresh != NULL &&
               shelf->read != NULL && shelf->sums != NULL);
        shelf->cap = cap;
    }
    for (uint32_t i = shelf->n; i < n; i++) {
        shelf->fresh[i] = false;
        shelf->read[i] = false;
    }
    shelf->n = n;
}

/* Chunks of actas outside the catalogue share their numbers between contests, so that one more may move them
 * all. */
static void shelf_mark(struct shelf *shelf, const struct fold *fold, const struct chunk_plan *plan)
{
    for (uint32_t i = 0; i < fold->election->n_actas; i++) {
        if (fold->dirty[i]) {
            shelf->fresh[plan->chunk_of[i]] = false;
        }
    }
    for (uint32_t i = plan->n_chunks; fold->outsides_dirty && i < shelf->n; i++) {
        shelf->fresh[i] = false;
    }
}

static enum err chunk_make(struct shelf *shelf, struct press *press, uint32_t chunk, const char *folder,
                           struct why *why)
{
    char path[FILE_PATH_MAX];
    struct pressed *pressed = &shelf->pressed[chunk];
    struct span bytes = buf_as_span(&shelf->page);
    press_bytes(press, bytes, PRESS_ROWS, pressed);
    hex_print(shelf->names[chunk], pressed->sha256[0], 32);
    int n = snprintf(path, sizeof path, "%s/%s.html", folder, shelf->names[chunk]);
    assert(n > 0 && n < FILE_PATH_MAX);
    if (file_exists(path)) {
        return OK;
    }
    enum err err = press_write(press, path, bytes, pressed, why);
    if (err != OK) { /* a chunk that lies there is whole, with its twins */
        press_unwrite(path);
    }
    return err;
}

enum err shelf_update(struct shelf *shelf, struct press *press, const struct fold *fold,
                      const struct chunk_plan *plan, const char *folder, struct why *why)
{
    char site[PAGE_PATH_MAX];
    shelf_grow(shelf, chunk_total(fold, plan));
    shelf_mark(shelf, fold, plan);
    shelf->rendered = 0;
    for (uint32_t i = 0; i < shelf->n; i++) {
        if (!shelf->fresh[i]) {
            buf_clear(&shelf->page);
            render_chunk(fold, plan, i, &shelf->page);
            TRY(chunk_make(shelf, press, i, folder, why));
            shelf->fresh[i] = true;
            shelf->read[i] = false;
            shelf->rendered++;
        }
        snprintf(site, sizeof site, "chunk/%s.html", shelf->names[i]);
        press_list(press, site, &shelf->pressed[i]);
    }
    return OK;
}
