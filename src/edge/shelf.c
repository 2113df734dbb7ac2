/* Mapping what comes over the channel, and counting who still needs it. */
#include "edge/shelf.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err map_fd(int fd, uint64_t size, const char **out, struct why *why)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || (uint64_t)info.st_size != size) {
        return why_set(why, ERR_RANGE, "an object is not as long as announced");
    }
    *out = NULL;
    if (size == 0) {
        return OK;
    }
    void *at = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        return why_set(why, ERR_FULL, "map an object: %s", strerror(errno));
    }
    *out = at;
    return OK;
}

static void free_object(struct shelf_object *object)
{
    if (object->map != NULL) {
        munmap((void *)(uintptr_t)object->map, (size_t)object->size);
    }
    close(object->fd);
    free(object);
}

static enum err take_object(struct shelf *shelf, const struct channel_message *message, int fd,
                            struct why *why)
{
    const char *map = NULL;
    for (uint32_t i = 0; i < shelf->n_objects; i++) {
        if (shelf->objects[i]->id == message->id) {
            close(fd);
            return OK; /* said twice after a hello */
        }
    }
    if (message->kind == CHANNEL_SEGMENT) {
        TRY(map_fd(fd, message->size, &map, why));
    }
    struct shelf_object *object = calloc(1, sizeof *object);
    struct shelf_object **list =
        realloc(shelf->objects, (shelf->n_objects + 1) * sizeof(struct shelf_object *));
    assert(object != NULL && list != NULL);
    *object = (struct shelf_object){.id = message->id, .size = message->size, .map = map, .fd = fd};
    shelf->objects = list;
    shelf->objects[shelf->n_objects++] = object;
    return OK;
}

static struct shelf_object *find(const struct shelf *shelf, uint64_t id)
{
    for (uint32_t i = 0; i < shelf->n_objects; i++) {
        if (shelf->objects[i]->id == id) {
            return shelf->objects[i];
        }
    }
    return NULL;
}

/* Every object is here and every representation lies inside its object. */
static enum err resolve(const struct shelf *shelf, struct shelf_view *view, struct why *why)
{
    const struct view_top *top = view->map.top;
    view->objects = calloc(top->n_objects + 1, sizeof(struct shelf_object *));
    assert(view->objects != NULL);
    for (uint32_t i = 0; i < top->n_objects; i++) {
        view->objects[i] = find(shelf, view->map.objects[i]);
        if (view->objects[i] == NULL) {
            return why_set(why, ERR_MISSING, "a view names an object that did not come");
        }
    }
    for (uint32_t i = 0; i < top->n_reps; i++) {
        const struct view_rep *rep = &view->map.reps[i];
        uint64_t size = rep->object == VIEW_NONE ? 0 : view->objects[rep->object]->size;
        if (rep->object != VIEW_NONE && (rep->offset > size || rep->len > size - rep->offset)) {
            return why_set(why, ERR_RANGE, "a view leads out of an object");
        }
    }
    return OK;
}

static void free_view(struct shelf_view *view)
{
    if (view->block.at != NULL) {
        munmap((void *)(uintptr_t)view->block.at, view->block.len);
    }
    free(view->objects);
    free(view);
}

/* Objects that no view names any more; called when a view comes or goes, so that what has just arrived for the next
 * view is not lost. */
static void forget_unused(struct shelf *shelf)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < shelf->n_objects; i++) {
        struct shelf_object *object = shelf->objects[i];
        if (object->uses == 0) {
            free_object(object);
        } else {
            shelf->objects[kept++] = object;
        }
    }
    shelf->n_objects = kept;
}

static enum err take_view(struct shelf *shelf, const struct channel_message *message, int fd, struct why *why)
{
    struct shelf_view *view = calloc(1, sizeof *view);
    assert(view != NULL);
    const char *at = NULL;
    enum err err = map_fd(fd, message->size, &at, why);
    close(fd);
    if (err == OK) {
        view->block = span_of(at, (size_t)message->size);
        err = view_open(view->block, &view->map, why);
    }
    err = err == OK ? resolve(shelf, view, why) : err;
    if (err != OK) {
        free_view(view);
        return err;
    }
    for (uint32_t i = 0; i < view->map.top->n_objects; i++) {
        view->objects[i]->uses++;
    }
    struct shelf_view *before = shelf->current;
    shelf->current = shelf_use(view);
    if (before != NULL) {
        shelf_drop(shelf, before);
    }
    forget_unused(shelf);
    return OK;
}

enum err shelf_take(struct shelf *shelf, const struct channel_message *message, int fd, struct why *why)
{
    if (message->kind == CHANNEL_VIEW) {
        return take_view(shelf, message, fd, why);
    }
    enum err err = take_object(shelf, message, fd, why);
    if (err != OK) {
        close(fd);
    }
    return err;
}

struct shelf_view *shelf_use(struct shelf_view *view)
{
    view->uses++;
    return view;
}

void shelf_drop(struct shelf *shelf, struct shelf_view *view)
{
    assert(view->uses > 0);
    if (--view->uses > 0) {
        return;
    }
    assert(view != shelf->current);
    for (uint32_t i = 0; i < view->map.top->n_objects; i++) {
        struct shelf_object *object = view->objects[i];
        if (--object->uses == 0) {
            for (uint32_t k = 0; k < shelf->n_objects; k++) {
                if (shelf->objects[k] == object) {
                    shelf->objects[k] = shelf->objects[--shelf->n_objects];
                    break;
                }
            }
            free_object(object);
        }
    }
    free_view(view);
}

/* Beyond this the kernel taking pages by reference is cheaper than copying them (measured: even at 32 KiB, 0.9 at 64). */
enum { SENDFILE_FROM = 48 << 10 };

struct span shelf_bytes(const struct shelf_view *view, uint32_t object, uint64_t offset, uint64_t len)
{
    const struct shelf_object *from = view->objects[object];
    if (from->map == NULL || len > SENDFILE_FROM) {
        return span_of(NULL, 0);
    }
    return span_of(from->map + offset, (size_t)len);
}

int shelf_fd(const struct shelf_view *view, uint32_t object)
{
    return view->objects[object]->fd;
}
