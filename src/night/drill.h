/* Drills: a hypothesis a step, shown on a real night in a folder of its own, told as it goes, with a table at the end.
 * `noche` is the night of 2 June 2024 in ten minutes. A step whose part is not built yet says so and does not pass. */
#ifndef NIGHT_DRILL_H
#define NIGHT_DRILL_H

#include "client/client.h"
#include "night/look.h"
#include "night/settings.h"
#include "os/file.h"
#include "os/proc.h"

enum drill_state { DRILL_WAITING, DRILL_PASSED, DRILL_FAILED, DRILL_NOT_BUILT, DRILL_LEFT_OUT };
enum { DRILL_FIGURE_MAX = 300 };

struct drill_options {
    const char *on;  /* folder of a running night; NULL: one of its own */
    const char *dir; /* NULL: a temporary folder, removed at the end unless a step failed */
    bool automatic;  /* no pauses */
    bool quick;      /* a small city, 24 hours in about a minute */
    bool json;
};

struct drill;
/* Shows its hypothesis; writes the figure; true when it holds. */
typedef bool (*drill_step_run)(struct drill *drill, char figure[DRILL_FIGURE_MAX]);

struct drill_step {
    const char *name;
    const char *title;      /* Spanish, what is done */
    const char *hypothesis; /* Spanish, what must be seen */
    const char *english;    /* both in one sentence */
    drill_step_run run;     /* NULL: not built yet */
    bool ends_night;        /* left out against a night that is not the drill's own */
};

struct drill {
    const struct drill_options *options;
    char dir[FILE_PATH_MAX]; /* of the night */
    char work
        [FILE_PATH_MAX]; /* what steps write: the night's folder, or a temporary one when the night is another's */
    struct child night; /* pid -1: not ours */
    int night_code;     /* of the night, -1 while it runs */
    struct look look;
    bool looking;
    struct settings settings;
    struct client *client;
    struct buf body; /* of the last answer */
};

/* drill_site.c: an altered page, site down, site restore and up. */
bool drill_step_altered(struct drill *drill, char figure[DRILL_FIGURE_MAX]);
bool drill_step_down(struct drill *drill, char figure[DRILL_FIGURE_MAX]);
bool drill_step_restored(struct drill *drill, char figure[DRILL_FIGURE_MAX]);

/* drill_flood.c: a flood on the institutional site, and the report of it. */
bool drill_step_flood(struct drill *drill, char figure[DRILL_FIGURE_MAX]);
bool drill_step_report(struct drill *drill, char figure[DRILL_FIGURE_MAX]);

/* drill_noche.c */
extern const struct drill_step drill_noche[];
extern const size_t drill_noche_steps;

/* Runs `noche`; the exit code. */
int drill_run(const struct drill_options *options);
/* The table of steps without running anything; 0. */
int drill_list(bool json);

/* For steps. */
/* GET of a path on an address into drill->body: the status, 0 when nobody answers. */
int drill_get(struct drill *drill, const char *address, const char *path);
/* The number after "name": in the last answer; false when there is none. */
bool drill_number(const struct drill *drill, const char *name, uint64_t *out);
/* Looks again and again, at most `seconds`; false when it did not come true or the night ended. */
typedef bool (*drill_condition)(struct drill *drill, void *arg);
bool drill_wait(struct drill *drill, int seconds, drill_condition condition, void *arg);
/* "stop results" to the night's parent. */
bool drill_order(struct drill *drill, const char *order);
/* So many seconds, and the real time that `cuts` cuts take at the night's speed. */
int drill_patience(const struct drill *drill, int seconds, int cuts);
/* Runs a program of ours to its end; its exit code, -1 when it did not end. */
int drill_program(struct drill *drill, char *const argv[], int seconds);

#endif
