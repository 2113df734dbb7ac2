/* Two moves with a sync before each: first what is pointed to, then the pointers. */
#include "mirror/stage.h"

#include "os/file.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum err stage_open(struct stage *stage, const char *dir, struct why *why)
{
    *stage = (struct stage){0};
    arena_init(&stage->arena, 0);
    path_join(stage->room, dir, "stage");
    path_join(stage->public, dir, "public");
    TRY(folder_make(stage->public, why));
    TRY(folder_remove(stage->room, why));
    return folder_make(stage->room, why);
}

void stage_done(struct stage *stage)
{
    free(stage->files);
    arena_done(&stage->arena);
    *stage = (struct stage){0};
}

static void public_path(const struct stage *stage, struct span path, char out[FILE_PATH_MAX])
{
    int n = snprintf(out, FILE_PATH_MAX, "%s/%.*s", stage->public, SPAN_ARG(path));
    assert(n > 0 && n < FILE_PATH_MAX);
}

static void room_path(const struct stage *stage, uint32_t number, char out[FILE_PATH_MAX])
{
    int n = snprintf(out, FILE_PATH_MAX, "%s/%u", stage->room, number);
    assert(n > 0 && n < FILE_PATH_MAX);
}

bool stage_published(const struct stage *stage, struct span path)
{
    char full[FILE_PATH_MAX];
    public_path(stage, path, full);
    return file_exists(full);
}

enum err stage_put(struct stage *stage, struct span path, struct span bytes, bool last, struct why *why)
{
    char waiting[FILE_PATH_MAX];
    room_path(stage, stage->n, waiting);
    TRY(file_write_new(waiting, bytes, why));
    if (stage->n == stage->cap) {
        stage->cap = stage->cap == 0 ? 256 : stage->cap * 2;
        stage->files = realloc(stage->files, stage->cap * sizeof *stage->files);
        assert(stage->files != NULL);
    }
    struct span copy = arena_copy(&stage->arena, path);
    assert(copy.at != NULL);
    stage->files[stage->n].path = arena_alloc(&stage->arena, path.len + 1);
    memcpy(stage->files[stage->n].path, copy.at, path.len);
    stage->files[stage->n++].last = last;
    return OK;
}

static enum err make_parent(const char *path, struct why *why)
{
    char parent[FILE_PATH_MAX];
    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = '\0';
    return folder_make(parent, why);
}

static enum err move(const struct stage *stage, uint32_t number, struct why *why)
{
    char from[FILE_PATH_MAX], to[FILE_PATH_MAX];
    room_path(stage, number, from);
    public_path(stage, span_str(stage->files[number].path), to);
    if (rename(from, to) == 0) {
        return OK;
    }
    if (errno == ENOENT) {
        TRY(make_parent(to, why));
        if (rename(from, to) == 0) {
            return OK;
        }
    }
    return why_set(why, errno == ENOSPC ? ERR_FULL : ERR_IO, "move to %s: %s", to, strerror(errno));
}

static enum err move_all(struct stage *stage, bool last, struct why *why)
{
    for (uint32_t i = 0; i < stage->n; i++) {
        if (stage->files[i].last == last) {
            TRY(move(stage, i, why));
        }
    }
    return OK;
}

static enum err publish(struct stage *stage, struct why *why)
{
    bool any_last = false;
    for (uint32_t i = 0; i < stage->n; i++) {
        any_last |= stage->files[i].last;
    }
    TRY(file_sync_all(stage->room, why));
    TRY(move_all(stage, false, why));
    if (any_last) {
        TRY(file_sync_all(stage->public, why));
        TRY(move_all(stage, true, why));
        TRY(file_sync_all(stage->public, why)); /* pointers lie in several folders */
    }
    return OK;
}

enum err stage_publish(struct stage *stage, struct why *why)
{
    enum err err = stage->n == 0 ? OK : publish(stage, why);
    if (err == OK) {
        stage->n = 0;
        arena_reset(&stage->arena);
    } else {
        stage_drop(stage);
    }
    return err;
}

void stage_drop(struct stage *stage)
{
    for (uint32_t i = 0; i < stage->n; i++) {
        char waiting[FILE_PATH_MAX];
        room_path(stage, i, waiting);
        unlink(waiting); /* what was moved is not there any more */
    }
    stage->n = 0;
    arena_reset(&stage->arena);
}
