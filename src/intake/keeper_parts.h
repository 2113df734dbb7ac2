/* What the store role's files share. The sequencer and all it holds belong to one thread at a time: to the committer while
 * a group is with it, else to the loop's. What the loop's thread wants to know meanwhile stands in `last`. */
#ifndef INTAKE_KEEPER_PARTS_H
#define INTAKE_KEEPER_PARTS_H

#include "base/arena.h"
#include "doors/status.h"
#include "intake/keeper.h"
#include "intake/sequencer.h"
#include "os/control.h"
#include "os/worker.h"

enum { GROUPS = 3, GROUP_MAX = 1024, GROUP_BYTES = 64 << 20, LAG_MARKS = 256, HELD_ANSWERS_FIRST = 1024 };

/* Submissions on their way: gathered and examined while the group before them is with the disk. */
struct group {
    struct sequencer_item items[GROUP_MAX]; /* they borrow from `bodies` */
    uint64_t tags[GROUP_MAX];
    size_t n, bytes;
    struct arena bodies;
    enum err err; /* of its commit */
    struct why why;
};

/* The sequencer as the last commit left it. */
struct keeper_view {
    uint64_t size, ledger_size;
    bool full;
    struct sequencer_counts counts;
};

/* A commit that the copy may not have yet. */
struct lag_mark {
    uint64_t size;   /* entries after it */
    int64_t when_ms; /* monotonic */
};

struct held_answer {
    uint64_t tag;
    struct frame_answer answer;
};

struct keeper {
    struct keeper_config config;
    struct loop *loop;
    struct clock *clock;
    struct sequencer seq;
    struct worker *committer; /* runs groups */
    struct worker *settler;   /* waits for the ledger's syncs */
    struct group groups[GROUPS];
    struct group *gathering, *committing; /* the others are empty, or being answered */
    struct keeper_view last;
    struct ledger_debt debt; /* with the settler */
    enum err settled;
    bool settle_due; /* the bundle that grows is synced too, as soon as may be */
    struct link gate, copy;
    struct control_server *control;
    struct frame_counts gate_counts;
    struct status status;
    bool leaving;       /* the gate has said good-bye */
    bool paused;        /* no group is given to the committer */
    bool stopping;      /* nor ever again */
    struct why stopped; /* the first sentence of why */
    /* The copy. */
    bool copy_known;   /* it has said what it has, and that is of this night */
    bool copy_waiting; /* it waits for more */
    uint64_t copy_have;
    struct lag_mark marks[LAG_MARKS];
    uint32_t n_marks;
    struct held_answer *held; /* --copy-sync: answers that wait for the copy */
    size_t n_held, cap_held;
};

/* keeper_group.c */
MUST_CHECK enum err keeper_groups_open(struct keeper *keeper, struct why *why);
/* Waits for what runs; before the sequencer is closed. */
void keeper_groups_close(struct keeper *keeper);
/* Examines a body and adds it to the group that gathers; waits for the disk when that is full. */
void keeper_gather(struct keeper *keeper, uint64_t tag, struct span body);
/* Gives the committer what was gathered, if it is idle. */
void keeper_commit(struct keeper *keeper);
/* Waits until the sequencer is ours: for what is rare. What was gathered waits for the next keeper_commit. */
void keeper_pause(struct keeper *keeper);
/* Commits and answers all that was gathered. */
void keeper_finish(struct keeper *keeper);
/* Ours: takes `last` anew after the sequencer was used. */
void keeper_look(struct keeper *keeper);
/* Has the ledger's new bundles synced aside; with `all` also the one that grows. */
void keeper_settle(struct keeper *keeper, bool all);

/* keeper_copy.c */
void keeper_on_copy(void *arg, int fd, unsigned events);
/* Sends the copy what it lacks, if it waits and the sequencer is ours. */
void keeper_feed_copy(struct keeper *keeper);
/* True: the answer was kept until the copy has the entry. */
bool keeper_hold(struct keeper *keeper, uint64_t tag, const struct frame_answer *answer);
uint64_t keeper_copy_lag(const struct keeper *keeper);
int64_t keeper_copy_lag_ms(const struct keeper *keeper);

/* keeper_status.c */
void keeper_status(struct keeper *keeper, const char *state);
/* The role cannot begin or go on: the board says why, and what a person must do. */
void keeper_status_failed(struct keeper *keeper, enum err err, const char *why);

/* keeper.c */
/* The gate is done: ends once the copy has everything. */
void keeper_leave(struct keeper *keeper);
void keeper_answer(struct keeper *keeper, uint64_t tag, const struct frame_answer *answer);
void keeper_stop(struct keeper *keeper, int code, const char *event, const char *why);

#endif
