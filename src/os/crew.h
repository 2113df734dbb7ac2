/* A crew: programs and roles that are started, watched and started again when they die, with a growing
 * pause so that one that cannot live does not eat the machine. All die with us (os/proc). */
#ifndef OS_CREW_H
#define OS_CREW_H

#include "base/arena.h"
#include "base/err.h"
#include "os/proc.h"

#include <stdint.h>

enum {
    CREW_MAX = 16,
    CREW_ARGS_MAX = 48,
    CREW_PAUSE_MIN_MS = 250,
    CREW_PAUSE_MAX_MS = 10000,
    CREW_WELL_MS = 30000
};

enum crew_state {
    CREW_OUT,     /* not wanted */
    CREW_UP,      /* it runs */
    CREW_PAUSED,  /* it died and waits for its next start */
    CREW_FINISHED /* a member that may end has ended */
};

struct crew_member {
    const char *name; /* of its status file and log */
    char program[64]; /* "" for a role */
    role_main role;
    void *role_arg;
    char *argv[CREW_ARGS_MAX + 1];
    int n_args;
    bool may_end; /* the feeder: ending with 0 or 1 is its work done */
    enum crew_state state;
    struct child child;
    int64_t started_ms, retry_ms; /* monotonic */
    uint32_t failures;            /* in a row */
    uint32_t restarts;            /* ever */
    int last_code;                /* exit code, or 128 + signal */
};

struct crew {
    struct crew_member members[CREW_MAX];
    uint32_t n;
    char log_dir[4096];
    struct arena arena;
};

/* Each member writes its log to LOG_DIR/NAME.log; with "" they share our standard error. */
void crew_init(struct crew *crew, const char *log_dir);
/* Frees; members are stopped before (crew_stop). */
void crew_done(struct crew *crew);

/* A new member, not started; the program's name is its argv[0]. */
struct crew_member *crew_add(struct crew *crew, const char *name, const char *program);
/* A forked role instead of a program; its log is our standard error. */
struct crew_member *crew_add_role(struct crew *crew, const char *name, role_main role, void *arg);
/* One more argument, printed. */
void crew_arg(struct crew *crew, struct crew_member *member, const char *format, ...) PRINTF(3, 4);
struct crew_member *crew_find(struct crew *crew, const char *name); /* NULL: none */

MUST_CHECK enum err crew_start(struct crew *crew, struct crew_member *member, struct why *why);
/* SIGTERM, then SIGKILL after `grace_ms`; it stays out. */
void crew_stop(struct crew_member *member, int grace_ms);

/* Reaps who died and starts who has waited long enough. `event` hears of each: died (code), or back. */
typedef void (*crew_event)(void *arg, const struct crew_member *member, bool back);
void crew_watch(struct crew *crew, int64_t now_ms, crew_event event, void *arg);

/* The pause after the n-th failure in a row (1, 2, ...): doubles up to the maximum. */
int64_t crew_pause_ms(uint32_t failures);

#endif
