/* Orders are kept to the end of the cut, so that the list is made in the order in which they came. */
#include "cut/pressroom.h"

#include "os/clock.h"
#include "os/file.h"

#include <assert.h>
#include <stdlib.h>

enum err pressroom_init(struct pressroom *room, unsigned most, struct why *why)
{
    *room = (struct pressroom){0};
    arena_init(&room->names, 0);
    for (unsigned i = 0; i < TEAM_MAX; i++) {
        press_init(&room->presses[i]);
    }
    return team_new(most, &room->team, why);
}

void pressroom_done(struct pressroom *room)
{
    pressroom_clear(room);
    team_free(room->team);
    for (unsigned i = 0; i < TEAM_MAX; i++) {
        press_done(&room->presses[i]);
    }
    manifest_done(&room->manifest);
    arena_done(&room->names);
    free(room->orders);
    *room = (struct pressroom){0};
}

void pressroom_clear(struct pressroom *room)
{
    team_finish(room->team);
    manifest_done(&room->manifest);
    room->manifest.encoders = span_str(squeeze_versions());
    arena_reset(&room->names);
    room->n_orders = 0;
    for (unsigned i = 0; i < TEAM_MAX; i++) {
        press_forget(&room->presses[i]);
        room->failures[i].err = OK;
        room->failures[i].why.text[0] = '\0';
    }
}

static void sync_all(void *arg, void *piece, unsigned member)
{
    struct disk_sync *sync = arg;
    int64_t began = monotonic_ms();
    (void)piece, (void)member;
    sync->err = (sync->names ? folder_sync : file_sync_all)(sync->dir, &sync->why);
    sync->took_ms = monotonic_ms() - began;
}

void pressroom_sync_begin(struct pressroom *room, struct disk_sync *sync, const char *dir)
{
    *sync = (struct disk_sync){.dir = dir};
    team_give(room->team, sync_all, sync, NULL);
}

enum err pressroom_sync_end(struct pressroom *room, const struct disk_sync *sync, struct why *why)
{
    team_wait(room->team);
    return sync->err == OK ? OK : why_set(why, sync->err, "%s", sync->why.text);
}

enum err pressroom_sync_folder(struct pressroom *room, const char *folder, struct why *why)
{
    struct disk_sync sync = {.dir = folder, .names = true};
    team_give(room->team, sync_all, &sync, NULL);
    return pressroom_sync_end(room, &sync, why);
}

static enum err write_all(struct press *press, const struct press_order *order, struct why *why)
{
    for (unsigned i = 0; i < PLACES_MAX && order->disk[i] != NULL; i++) {
        if (order->unless_there && file_exists(order->disk[i])) {
            continue;
        }
        enum err err = press_write(press, order->disk[i], order->bytes, order->pressed, why);
        if (err != OK) {
            press_unwrite(order->disk[i]); /* what lies there is whole, with its twins */
            return err;
        }
    }
    return OK;
}

static void make(void *arg, void *piece, unsigned member)
{
    struct pressroom *room = arg;
    struct press_order *order = piece;
    struct press_failure *failure = &room->failures[member];
    struct why why = {{0}};
    (order->hashed ? press_hashed : press_bytes)(&room->presses[member], order->bytes, order->as,
                                                 order->pressed);
    enum err err = write_all(&room->presses[member], order, &why);
    if (err != OK && (failure->err == OK || order->number < failure->order)) {
        *failure = (struct press_failure){.order = order->number, .err = err, .why = why};
    }
    if (order->done != NULL) {
        *order->done = err == OK;
    }
    buf_done(&order->copy);
}

static const char *keep(struct pressroom *room, const char *text)
{
    struct span copy = text == NULL ? (struct span){NULL, 0} : arena_copy(&room->names, span_str(text));
    assert(text == NULL || copy.at != NULL);
    return copy.at;
}

static struct press_order *order_keep(struct pressroom *room, const struct press_order *from)
{
    struct press_order *order = arena_alloc(&room->names, sizeof *order);
    assert(order != NULL);
    *order = *from;
    for (unsigned i = 0; i < PLACES_MAX; i++) {
        order->disk[i] = keep(room, from->disk[i]);
        order->site[i] = keep(room, from->site[i]);
    }
    if (order->pressed == NULL) {
        order->pressed = arena_alloc(&room->names, sizeof *order->pressed);
        assert(order->pressed != NULL);
    }
    order->number = room->n_orders;
    if (room->n_orders == room->cap_orders) {
        room->cap_orders = room->cap_orders == 0 ? 1024 : room->cap_orders * 2;
        room->orders = realloc(room->orders, room->cap_orders * sizeof(struct press_order *));
        assert(room->orders != NULL);
    }
    room->orders[room->n_orders++] = order;
    return order;
}

void pressroom_give(struct pressroom *room, const struct press_order *order, struct span bytes)
{
    struct press_order *kept = order_keep(room, order);
    buf_init(&kept->copy, 0);
    kept->bytes = bytes;
    if (team_members(room->team) > 1) {
        buf_span(&kept->copy, bytes);
        kept->bytes = buf_as_span(&kept->copy);
    }
    team_give(room->team, make, room, kept);
}

static enum err first_failure(const struct pressroom *room, struct why *why)
{
    const struct press_failure *first = NULL;
    for (unsigned i = 0; i < TEAM_MAX; i++) {
        const struct press_failure *failure = &room->failures[i];
        if (failure->err != OK && (first == NULL || failure->order < first->order)) {
            first = failure;
        }
    }
    return first == NULL ? OK : why_set(why, first->err, "%s", first->why.text);
}

enum err pressroom_finish(struct pressroom *room, struct why *why)
{
    team_finish(room->team);
    TRY(first_failure(room, why));
    for (uint32_t i = 0; i < room->n_orders; i++) {
        const struct press_order *order = room->orders[i];
        for (unsigned k = 0; k < PLACES_MAX && order->site[k] != NULL; k++) {
            pressroom_list(room, order->site[k], order->pressed);
        }
    }
    room->n_orders = 0;
    return OK;
}

void pressroom_list(struct pressroom *room, const char *site_path, const struct pressed *pressed)
{
    size_t len = strlen(site_path);
    for (unsigned i = 0; i < pressed->n; i++) {
        size_t added = strlen(press_suffixes[i]);
        char *path = arena_alloc(&room->names, len + added + 1);
        assert(path != NULL);
        memcpy(path, site_path, len);
        memcpy(path + len, press_suffixes[i], added);
        manifest_add(&room->manifest, span_of(path, len + added), pressed->sha256[i], pressed->bytes[i]);
    }
}
