/* The store role's side of the copy: the copy says what it has on disk, the store sends what comes after, one
 * group at a time. Nothing here waits: a copy that is slow or gone shows as a lag. */
#include "base/log.h"
#include "intake/keeper_parts.h"
#include "os/clock.h"
#include "seal/digest.h"

#include <stdlib.h>

enum { BATCH_EVENTS = 512, BATCH_BYTES = 4 << 20 };

uint64_t keeper_copy_lag(const struct keeper *keeper)
{
    uint64_t size = keeper->last.size;
    return size > keeper->copy_have ? size - keeper->copy_have : 0;
}

int64_t keeper_copy_lag_ms(const struct keeper *keeper)
{
    return keeper->n_marks == 0 ? 0 : monotonic_ms() - keeper->marks[0].when_ms;
}

/* Remembers when the store reached this size. When the table is full the newest mark takes it in: the oldest,
 * which is what the lag is measured by, stays exact. */
static void mark(struct keeper *keeper)
{
    uint64_t size = keeper->last.size;
    uint64_t last = keeper->n_marks == 0 ? keeper->copy_have : keeper->marks[keeper->n_marks - 1].size;
    if (size <= last) {
        return;
    }
    if (keeper->n_marks == LAG_MARKS) {
        keeper->marks[LAG_MARKS - 1].size = size;
        return;
    }
    keeper->marks[keeper->n_marks++] = (struct lag_mark){size, monotonic_ms()};
}

static void unmark(struct keeper *keeper)
{
    uint32_t done = 0;
    while (done < keeper->n_marks && keeper->marks[done].size <= keeper->copy_have) {
        done++;
    }
    keeper->n_marks -= done;
    memmove(keeper->marks, keeper->marks + done, keeper->n_marks * sizeof keeper->marks[0]);
}

struct batch {
    struct keeper *keeper;
    uint64_t n, bytes, next;
};

static enum err send_event(void *arg, uint64_t index, struct span entry, struct span note)
{
    struct batch *batch = arg;
    struct frame_event head = {(uint32_t)entry.len, (uint32_t)note.len};
    struct buf bytes = {0};
    buf_add(&bytes, &head, sizeof head);
    buf_span(&bytes, entry);
    link_send(&batch->keeper->copy, FRAME_EVENT, index, buf_as_span(&bytes), note);
    buf_done(&bytes);
    batch->n++;
    batch->bytes += entry.len + note.len;
    batch->next = index + 1;
    return batch->n >= BATCH_EVENTS || batch->bytes >= BATCH_BYTES ? ERR_AGAIN : OK;
}

void keeper_feed_copy(struct keeper *keeper)
{
    if (keeper->config.copy < 0) {
        return;
    }
    mark(keeper);
    if (!keeper->copy_waiting || keeper_copy_lag(keeper) == 0 || worker_busy(keeper->committer)) {
        return;
    }
    struct batch batch = {.keeper = keeper};
    struct why why = {0};
    struct store *store = keeper->seq.store;
    if (store->ops->read(store, keeper->copy_have, send_event, &batch, &why) != OK) {
        keeper_stop(keeper, 1, "store_failed", why.text);
        return;
    }
    link_send(&keeper->copy, FRAME_GO, batch.next, SPAN(""), SPAN(""));
    keeper->copy_waiting = false;
    if (link_flush(&keeper->copy) != OK) {
        keeper_stop(keeper, 1, "link_lost", "the copy is gone");
    }
}

bool keeper_hold(struct keeper *keeper, uint64_t tag, const struct frame_answer *answer)
{
    if (!keeper->config.copy_sync || answer->refusal != REFUSED_NOT || answer->entry < keeper->copy_have) {
        return false;
    }
    if (keeper->n_held == keeper->cap_held) {
        size_t cap = keeper->cap_held == 0 ? HELD_ANSWERS_FIRST : keeper->cap_held * 2;
        struct held_answer *moved = realloc(keeper->held, cap * sizeof *moved);
        if (moved == NULL) {
            abort();
        }
        keeper->held = moved;
        keeper->cap_held = cap;
    }
    keeper->held[keeper->n_held++] = (struct held_answer){tag, *answer};
    return true;
}

static void release(struct keeper *keeper)
{
    size_t kept = 0;
    for (size_t i = 0; i < keeper->n_held; i++) {
        if (keeper->held[i].answer.entry < keeper->copy_have) {
            keeper_answer(keeper, keeper->held[i].tag, &keeper->held[i].answer);
        } else {
            keeper->held[kept++] = keeper->held[i];
        }
    }
    keeper->n_held = kept;
    if (keeper->leaving) {
        return;
    }
    if (link_flush(&keeper->gate) != OK) {
        keeper_stop(keeper, 1, "link_lost", "the gate is gone");
    }
}

struct same {
    const char *digest;
    bool is;
};

static enum err see_same(void *arg, uint64_t index, struct span entry, struct span note)
{
    struct same *same = arg;
    uint8_t digest[DIGEST_LEN];
    (void)index;
    (void)note;
    digest_of(entry, digest);
    same->is = memcmp(digest, same->digest, sizeof digest) == 0;
    return ERR_AGAIN;
}

/* The copy's first word: does what it has belong to this night? */
static bool belongs(struct keeper *keeper, uint64_t have, struct span digest)
{
    struct same same = {.digest = digest.at};
    struct store *store = keeper->seq.store;
    if (have == 0) {
        return true;
    }
    if (digest.len != DIGEST_LEN || have > keeper->last.size ||
        store->ops->read(store, have - 1, see_same, &same, NULL) != OK) {
        return false;
    }
    return same.is;
}

static bool take_have(struct keeper *keeper, const struct frame *frame)
{
    if (!keeper->copy_known) {
        keeper_pause(keeper);
    }
    if (!keeper->copy_known && !belongs(keeper, frame->tag, frame->bytes)) {
        keeper_stop(
            keeper, ROLE_CONTRADICTION, "copy_of_another_night",
            "the copy's folder holds entries that this store does not: it is another night's, or the store "
            "lost what the copy has (then restore from it)");
        return false;
    }
    keeper->copy_known = true;
    keeper->copy_have = frame->tag;
    keeper->copy_waiting = true;
    unmark(keeper);
    return true;
}

void keeper_on_copy(void *arg, int fd, unsigned events)
{
    struct keeper *keeper = arg;
    struct frame frame;
    (void)fd;
    (void)events;
    enum err fed = link_feed(&keeper->copy);
    enum err err = OK;
    while ((err = link_next(&keeper->copy, &frame)) == OK) {
        if (frame.kind != FRAME_HAVE || !take_have(keeper, &frame)) {
            return;
        }
    }
    release(keeper);
    keeper_feed_copy(keeper);
    keeper_commit(keeper);
    keeper_leave(keeper);
    if (err != ERR_AGAIN || fed != ERR_AGAIN || link_flush(&keeper->copy) != OK) {
        keeper_stop(keeper, 1, "link_lost", "the copy is gone");
    }
}
