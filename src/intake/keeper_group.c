/* Groups: while the committer waits for the disk with one, the loop's thread gathers and examines the next. */
#include "base/log.h"
#include "intake/keeper_parts.h"

#include <assert.h>
#include <stdlib.h>

/* A gate that passes on what does not hold is broken or taken over; the record is refused all the same. */
static void examine_again(struct keeper *keeper, struct span body, struct sequencer_item *item)
{
    struct why why = {0};
    item->answer = (struct frame_answer){0};
    item->answer.refusal = examine(keeper->config.examiner, body, &item->examined, &why);
    if (item->answer.refusal != REFUSED_NOT) {
        log_line(LOG_ERROR, "gate_passed_on_what_does_not_hold", "rule=%s",
                 refusal_texts[item->answer.refusal].rule);
    }
}

void keeper_gather(struct keeper *keeper, uint64_t tag, struct span body)
{
    while (keeper->gathering->n == GROUP_MAX || keeper->gathering->bytes > GROUP_BYTES) {
        worker_wait(keeper->committer);
        keeper_commit(keeper);
    }
    struct group *group = keeper->gathering;
    struct span own = arena_copy(&group->bodies, body);
    if (own.at == NULL) {
        abort();
    }
    group->tags[group->n] = tag;
    group->bytes += body.len;
    examine_again(keeper, own, &group->items[group->n++]);
    worker_look(keeper->committer); /* the disk does not wait for a long queue to be examined */
}

/* In the committer's thread. */
static void run_group(void *arg)
{
    struct keeper *keeper = arg;
    struct group *group = keeper->committing;
    group->why = (struct why){0};
    group->err = sequencer_group(&keeper->seq, group->items, group->n, &group->why);
}

static void log_full(bool was_full, bool full, const struct why *why)
{
    if (full && !was_full) {
        log_line(LOG_ERROR, "no_room", "why=\"%s\"", why->text);
    } else if (was_full && !full) {
        log_line(LOG_INFO, "room_again", "state=running");
    }
}

static void answer_group(struct keeper *keeper, const struct group *group)
{
    for (size_t i = 0; i < group->n; i++) {
        if (!keeper_hold(keeper, group->tags[i], &group->items[i].answer)) {
            keeper_answer(keeper, group->tags[i], &group->items[i].answer);
        }
    }
    if (link_flush(&keeper->gate) != OK && !keeper->leaving) {
        keeper_stop(keeper, 1, "link_lost", "the gate is gone");
    }
}

static void empty(struct group *group)
{
    arena_reset(&group->bodies);
    group->n = 0;
    group->bytes = 0;
}

/* In the loop's thread again: the answers are true now. The disk gets its next group before they are given. */
static void on_committed(void *arg)
{
    struct keeper *keeper = arg;
    struct group *group = keeper->committing;
    bool was_full = keeper->last.full;
    keeper->committing = NULL;
    keeper_look(keeper);
    if (group->err == ERR_IO) {
        /* After a failed sync nobody knows what is on the disk: a fresh start reads it. */
        keeper_stop(keeper, 1, "store_failed", group->why.text);
    }
    keeper_feed_copy(keeper);
    keeper_settle(keeper, false);
    keeper_commit(keeper);
    log_full(was_full, keeper->last.full, &group->why);
    answer_group(keeper, group);
    empty(group);
}

/* Two at most are not: the one that is committed and the one that is answered. */
static struct group *an_empty_one(struct keeper *keeper)
{
    size_t i = 0;
    while (i < GROUPS && keeper->groups[i].n > 0) {
        i++;
    }
    assert(i < GROUPS);
    return &keeper->groups[i];
}

void keeper_commit(struct keeper *keeper)
{
    if (worker_busy(keeper->committer) || keeper->gathering->n == 0 || keeper->stopping || keeper->paused) {
        return;
    }
    keeper->committing = keeper->gathering;
    keeper->gathering = an_empty_one(keeper);
    worker_start(keeper->committer, run_group, keeper);
}

void keeper_pause(struct keeper *keeper)
{
    keeper->paused = true;
    worker_wait(keeper->committer);
    keeper->paused = false;
}

void keeper_finish(struct keeper *keeper)
{
    while (!keeper->stopping && (worker_busy(keeper->committer) || keeper->gathering->n > 0)) {
        keeper_commit(keeper);
        worker_wait(keeper->committer);
    }
}

void keeper_look(struct keeper *keeper)
{
    keeper->last.size = keeper->seq.known.size;
    keeper->last.ledger_size = ledger_size(keeper->seq.ledger);
    keeper->last.full = keeper->seq.full;
    keeper->last.counts = keeper->seq.counts;
}

/* In the settler's thread. */
static void pay(void *arg)
{
    struct keeper *keeper = arg;
    keeper->settled = ledger_pay(&keeper->debt, NULL);
}

static void on_settled(void *arg)
{
    struct keeper *keeper = arg;
    if (keeper->settled == ERR_IO) {
        keeper_stop(keeper, 1, "ledger_failed", "the ledger could not be synced");
    }
}

void keeper_settle(struct keeper *keeper, bool all)
{
    struct ledger_debt debt;
    keeper->settle_due = keeper->settle_due || all; /* a moment when the committer is busy is not the last */
    if (worker_busy(keeper->settler) || worker_busy(keeper->committer) ||
        !ledger_owes(keeper->seq.ledger, &debt)) {
        return;
    }
    if (keeper->settle_due || debt.size / BUNDLE_ENTRIES > debt.from / BUNDLE_ENTRIES) {
        keeper->settle_due = false;
        keeper->debt = debt;
        worker_start(keeper->settler, pay, keeper);
    }
}

enum err keeper_groups_open(struct keeper *keeper, struct why *why)
{
    for (size_t i = 0; i < GROUPS; i++) {
        arena_init(&keeper->groups[i].bodies, 0);
    }
    keeper->gathering = &keeper->groups[0];
    keeper_look(keeper);
    TRY(worker_new(keeper->loop, on_committed, keeper, &keeper->committer, why));
    return worker_new(keeper->loop, on_settled, keeper, &keeper->settler, why);
}

void keeper_groups_close(struct keeper *keeper)
{
    worker_free(keeper->committer);
    worker_free(keeper->settler);
    keeper->committer = NULL;
    keeper->settler = NULL;
    for (size_t i = 0; i < GROUPS; i++) {
        arena_done(&keeper->groups[i].bodies);
    }
}
