/* What the store role's files share. */
#ifndef INTAKE_KEEPER_PARTS_H
#define INTAKE_KEEPER_PARTS_H

#include "doors/status.h"
#include "intake/keeper.h"
#include "intake/sequencer.h"
#include "os/control.h"

enum { GROUP_MAX = 1024, LAG_MARKS = 256, HELD_ANSWERS_FIRST = 1024 };

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
    struct link gate, copy;
    struct control_server *control;
    struct frame_counts gate_counts;
    struct status status;
    struct sequencer_item *items; /* GROUP_MAX */
    uint64_t tags[GROUP_MAX];
    bool leaving; /* the gate has said good-bye */
    /* The copy. */
    bool copy_known;   /* it has said what it has, and that is of this night */
    bool copy_waiting; /* it waits for more */
    uint64_t copy_have;
    struct lag_mark marks[LAG_MARKS];
    uint32_t n_marks;
    struct held_answer *held; /* --copy-sync: answers that wait for the copy */
    size_t n_held, cap_held;
};

/* keeper_copy.c */
void keeper_on_copy(void *arg, int fd, unsigned events);
/* After a commit: sends the copy what it lacks, if it waits. */
void keeper_feed_copy(struct keeper *keeper);
/* True: the answer was kept until the copy has the entry. */
bool keeper_hold(struct keeper *keeper, uint64_t tag, const struct frame_answer *answer);
uint64_t keeper_copy_lag(const struct keeper *keeper);
int64_t keeper_copy_lag_ms(const struct keeper *keeper);

/* keeper_status.c */
void keeper_status(struct keeper *keeper, const char *state);

/* keeper.c */
/* The gate is done: ends once the copy has everything. */
void keeper_leave(struct keeper *keeper);
void keeper_answer(struct keeper *keeper, uint64_t tag, const struct frame_answer *answer);
void keeper_stop(struct keeper *keeper, int code, const char *event, const char *why);

#endif
