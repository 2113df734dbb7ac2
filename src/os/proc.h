/* Processes: programs and roles that die with their parent.
 *
 * A role is a forked child that keeps only what it was given; a program is an executable beside ours. Both
 * get PR_SET_PDEATHSIG, so nothing outlives the parent, also when the parent is killed. */
#ifndef OS_PROC_H
#define OS_PROC_H

#include "base/err.h"

#include <stdbool.h>

#include <stdbool.h>
#include <sys/types.h>

struct child {
    pid_t pid;
    int pidfd; /* becomes readable when it ends */
};

/* Forks a role: `main` runs in the child, with descriptors above 2 closed except `keep[0..n)`; its return
 * value is the exit code. */
typedef int (*role_main)(void *arg);
MUST_CHECK enum err role_start(const char *name, role_main main, void *arg, const int *keep, int n_keep,
                               struct child *out, struct why *why);

/* Starts a program by absolute path; argv ends with NULL. `keep` descriptors stay open under their numbers.
 * stdout and stderr go to `log_path` (appended) when not NULL. */
MUST_CHECK enum err program_start(const char *path, char *const argv[], const int *keep, int n_keep,
                                  const char *log_path, struct child *out, struct why *why);
/* The path of a program that lies beside ours (or $ATALAYA_BIN): "atalaya-edge". */
MUST_CHECK enum err program_path(const char *name, char out[4096], struct why *why);

/* 0 while it runs; its exit code + 1 (or 128 + signal + 1) once it ended and was reaped. */
int child_ended(struct child *child);
/* Waits for the end of one that ends by itself; as child_ended, and 0 when it had to be killed after `within_ms`. */
int child_wait(struct child *child, int within_ms);
/* A child that a program started which ran in this process before. False when it is none. */
bool child_adopt(pid_t pid, struct child *out);
/* SIGTERM, then SIGKILL after `grace_ms`; reaps. */
void child_stop(struct child *child, int grace_ms);

/* no_new_privs, dumpable off, core limit 0; the ground under every role. */
MUST_CHECK enum err process_harden(struct why *why);

#endif
