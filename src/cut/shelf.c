/* Keeping the chunks in step with the fold. */
#include "cut/shelf.h"

#include "base/codec.h"
#include "os/file.h"
#include "seal/digest.h"

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

static void chunk_order(struct shelf *shelf, struct pressroom *room, uint32_t chunk, const char *folder)
{
    char path[FILE_PATH_MAX];
    struct pressed *pressed = &shelf->pressed[chunk];
    struct span bytes = buf_as_span(&shelf->page);
    *pressed = (struct pressed){0};
    digest_of(bytes, pressed->sha256[0]);
    hex_print(shelf->names[chunk], pressed->sha256[0], 32);
    int n = snprintf(path, sizeof path, "%s/%s.html", folder, shelf->names[chunk]);
    assert(n > 0 && n < FILE_PATH_MAX);
    const struct press_order order = {.as = PRESS_ROWS,
                                      .disk = {path},
                                      .hashed = true,
                                      .unless_there = true,
                                      .pressed = pressed,
                                      .done = &shelf->fresh[chunk]};
    pressroom_give(room, &order, bytes);
}

void shelf_update(struct shelf *shelf, struct pressroom *room, const struct fold *fold,
                  const struct chunk_plan *plan, const char *folder)
{
    shelf_grow(shelf, chunk_total(fold, plan));
    shelf_mark(shelf, fold, plan);
    shelf->rendered = 0;
    for (uint32_t i = 0; i < shelf->n; i++) {
        if (!shelf->fresh[i]) {
            buf_clear(&shelf->page);
            render_chunk(fold, plan, i, &shelf->page);
            shelf->read[i] = false;
            shelf->rendered++;
            chunk_order(shelf, room, i, folder);
        }
    }
}

void shelf_list(const struct shelf *shelf, struct pressroom *room)
{
    char site[PAGE_PATH_MAX];
    for (uint32_t i = 0; i < shelf->n; i++) {
        assert(shelf->fresh[i]);
        snprintf(site, sizeof site, "chunk/%s.html", shelf->names[i]);
        pressroom_list(room, site, &shelf->pressed[i]);
    }
}
