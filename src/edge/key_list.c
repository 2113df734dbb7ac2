/* One writer, one reader, a counter that is odd while the list is written. */
#include "edge/key_list.h"

#include "base/log.h"
#include "os/file.h"

#include <string.h>
#include <sys/stat.h>

void key_list_write(struct notice_board *board, const struct cut_keys *keys)
{
    struct cut_keys_place *place = &board->cut_keys;
    uint32_t round = atomic_load(&place->round) & ~1U;
    atomic_store(&place->round, round + 1);
    atomic_thread_fence(memory_order_release);
    place->keys = *keys;
    atomic_store(&place->round, round + 2);
}

bool key_list_read(const struct notice_board *board, uint32_t *round, struct cut_keys *out)
{
    const struct cut_keys_place *place = &board->cut_keys;
    uint32_t before = atomic_load(&place->round);
    if (before == *round || (before & 1U) != 0) {
        return false; /* it is looked at again in a moment */
    }
    struct cut_keys keys = place->keys;
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load(&place->round) != before || keys.n > CUT_KEYS_MAX) {
        return false;
    }
    *out = keys;
    *round = before;
    return true;
}

static bool has_moved(struct key_list *list)
{
    struct stat info;
    if (stat(list->path, &info) != 0) {
        return false; /* what was read holds on */
    }
    const uint64_t look[4] = {(uint64_t)info.st_ino, (uint64_t)info.st_size, (uint64_t)info.st_mtim.tv_sec,
                              (uint64_t)info.st_mtim.tv_nsec};
    bool moved = memcmp(look, list->seen, sizeof look) != 0;
    memcpy(list->seen, look, sizeof look);
    return moved;
}

/* Keys come to an end by the next one, they do not go: a list without one that is held is half written, or not this night's. */
static bool goes_on(const struct cut_keys *held, const struct cut_keys *next)
{
    for (uint32_t i = 0; i < held->n; i++) {
        if (cut_keys_find(next, &held->keys[i].key) != (int)i) {
            return false;
        }
    }
    return true;
}

static enum err take(struct notice_board *board, struct span text, struct why *why)
{
    struct cut_keys keys;
    const struct cut_keys *held = &board->cut_keys.keys;
    TRY(cut_keys_parse(text, &keys, why));
    if (!goes_on(held, &keys)) {
        return why_set(why, ERR_CONFLICT, "the list of keys lacks one that is held");
    }
    if (keys.n != held->n) {
        key_list_write(board, &keys);
        log_line(LOG_INFO, "vkey_taken", "keys=%u", keys.n);
    }
    return OK;
}

void key_list_look(struct key_list *list, struct notice_board *board)
{
    struct buf text = {0};
    struct why why = {{0}};
    if (list->path == NULL || !has_moved(list)) {
        return;
    }
    enum err err = file_read(list->path, CUT_KEYS_BYTES, &text, &why);
    err = err != OK ? err : take(board, buf_as_span(&text), &why);
    if (err != OK) {
        log_line(LOG_ERROR, "vkey_refused", "why=\"%s\"", why.text);
    }
    buf_done(&text);
}
