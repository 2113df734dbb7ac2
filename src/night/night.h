/* The night: one parent that prepares a folder, starts every program, watches them, tells how it goes, and at the end
 * checks again what was published. It parses nothing from outside and serves nobody. */
#ifndef NIGHT_NIGHT_H
#define NIGHT_NIGHT_H

#include "night/alerts.h"
#include "night/look.h"
#include "night/settings.h"
#include "os/control.h"
#include "os/crew.h"
#include "os/file.h"
#include "os/loop.h"

enum { NIGHT_INPUTS_MAX = 16 };

struct night_options {
    const char *dir;
    const char *inputs[NIGHT_INPUTS_MAX]; /* published databases to replay; none: a synthetic city */
    int n_inputs;
    const char *scale;   /* "cdmx", "small" */
    const char *images;  /* share of actas with an image, "5%"; NULL: the city's default */
    const char *seed;    /* NULL: the city's default */
    const char *opening; /* moment, NULL: the city's default */
    const char *listen;  /* NULL: 127.0.0.1:8080, or what night.ini says */
    const char *copy;    /* NULL: DIR/copy */
    const char *alert;   /* NULL: none, or what night.ini says */
    bool speed_given;
    uint32_t speed;                 /* 0: max, stepped */
    uint32_t cut_s, package_s;      /* 0: chosen for the speed */
    uint32_t keep_cuts, keep_every; /* 0: what night.ini says */
    bool once, resume, quiet;
};

enum night_phase {
    NIGHT_STARTING, /* programs come up one after the other */
    NIGHT_RUNNING,  /* actas come in */
    NIGHT_CLOSING,  /* all is in: the close entry, then the last cut */
    NIGHT_MIRRORS,  /* the last cut is on its way to the mirrors */
    NIGHT_CHECKING, /* what was published is checked again, while everything is watched as before */
    NIGHT_DONE,     /* everything is published and was checked again */
};

struct night {
    const struct night_options *options;
    struct settings settings;
    char dir[FILE_PATH_MAX];
    int lock; /* descriptor of DIR/run/lock */
    int64_t opening_ms, closing_ms;
    char origin[128];   /* of the election: name of log and key */
    char vkey[512];     /* of the results' signer: manifests */
    bool drill;         /* by election.ini */
    char log_vkey[512]; /* of the log: checkpoints; what a citizen pins */
    struct crew crew;
    struct loop *loop;
    struct control_server *control; /* DIR/run/night.sock */
    struct clock *clock;
    struct look look; /* its own eyes: the board */
    struct alarm_set alarms;
    struct alerts alerts;
    struct status status;
    int64_t clock_base_ms; /* CLOCK_REALTIME - CLOCK_BOOTTIME when it began */
    enum night_phase phase;
    int64_t phase_ms; /* monotonic: since when */
    uint32_t started; /* members of the crew that were started */
    uint32_t restarts;
    bool closed_early;       /* by a person, before the drill had sent everything */
    struct recheck *recheck; /* NULL: none goes on */
    int code;                /* what it will end with */
    bool terminal;           /* standard output is one */
    int64_t told_ms;         /* progress: monotonic, last line */
    uint64_t told_cut;
    struct rate {
        int64_t night_ms;
        uint64_t values[4];
    } rates[16]; /* a ring, one slot a real second */
    uint32_t n_rates, next_rate;
};

/* Runs the night; the exit code. */
int night_run(const struct night_options *options);

/* prepare.c: the folder. With resume what is there is kept. */
MUST_CHECK enum err night_prepare(struct night *night, struct why *why);
/* cut_keys.c: DIR/pins/cut.vkeys, and the newest of them in night->vkey. */
MUST_CHECK enum err night_cut_keys(struct night *night, struct why *why);
/* keep.c: what a night made again from its copy needs beside the store's own. */
struct night_cut {
    uint64_t number, log_size;
    int64_t time_ms;
};
MUST_CHECK enum err night_last_cut(const struct night *night, struct night_cut *out);
MUST_CHECK enum err night_keep_plan(const char *from, const char *to, struct why *why);
/* roles.c: the crew, in the order of its start. */
void night_roles(struct night *night);
/* Is the member up far enough that the next may start? */
bool night_ready(const struct night *night, const struct crew_member *member);
/* orders.c: what DIR/run/night.sock is asked. */
void night_order(void *arg, struct span request, struct buf *answer);
/* site.c */
MUST_CHECK enum err night_site(const struct night *night, struct why *why);
/* stepper.c: drives a stepped night; a role. `arg` is the struct night. */
int night_stepper(void *arg);
/* progress.c */
void night_rates(struct night *night);
void night_status(struct night *night);
void night_progress(struct night *night, bool at_once);
void night_addresses(const struct night *night);
/* recheck.c: the table at the end. `look` again and again, as verifying a whole night takes its time; true when it is over, and
 * then `good` says whether all is well. `end` also in its middle. */
void night_recheck_begin(struct night *night);
bool night_recheck_look(struct night *night, bool *good);
void night_recheck_end(struct night *night);

/* "http://127.0.0.1:8080/" of an address. */
void night_url(const char *address, char *out, size_t size);

#endif
