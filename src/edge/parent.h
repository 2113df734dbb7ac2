/* The parent between its files: the roles it has started and what it says of them. Private to the parent. */
#ifndef EDGE_PARENT_H
#define EDGE_PARENT_H

#include "edge/ground.h"
#include "edge/key_list.h"
#include "edge/roles.h"
#include "edge/succession.h"

#include "doors/status.h"
#include "os/loop.h"
#include "os/proc.h"

struct role {
    const char *name;
    role_main main;
    struct role_gift gift;
    struct child child;
    int keep[2 * EDGE_WORKERS_MAX + 6];
    int n_keep;
    int64_t started_ms;
    int64_t retry_ms; /* 0: it runs */
    uint32_t failures;
};

struct parent {
    struct edge_options options;
    struct loop *loop;
    struct notice_board *board;
    struct key_list key_list;
    struct clock *clock;
    struct role roles[EDGE_WORKERS_MAX + 4]; /* in the order of the table in parent_roles.c */
    uint32_t n_roles;
    uint32_t restarts;
    struct succession left; /* by the program before */
    int64_t started_ms;
    int64_t told_before_ms; /* when those before were told to finish, 0: not yet */
    struct succession mine; /* what the next one gets */
    bool again;             /* the program is to be executed again */
    bool said_ready;        /* to the service manager */
    int64_t watched_ms;     /* when the roles were last looked at */
    struct status status;
    struct loader_notice told; /* what the status file said last */
    char address[96];
    char refused[560];      /* why the last reload was, "": it was not */
    char weak[GROUND_TEXT]; /* what the kernel's settings lack, "": nothing that belongs on the board */
};

/* Which roles there are, and the descriptors that each keeps; every other one is closed in it. */
MUST_CHECK enum err parent_prepare_roles(struct parent *parent, const struct role_gift *gift,
                                         struct why *why);
/* A role that cannot be started is tried again later. */
void parent_start(struct role *role);

/* A worker that has had no turn for long is ended, and then started again like any that died; and the service manager hears
 * when all is ready. Called a few times a second. */
void parent_care(struct parent *parent, int64_t now_ms);

/* Writes the status file; `state` NULL: the one that follows from what is known. */
void parent_tell(struct parent *parent, const char *state);
/* A new cut or another alarm is told at once, not at the next second. */
bool parent_has_news(const struct parent *parent);

#endif
