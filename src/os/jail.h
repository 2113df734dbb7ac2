/* Jails: what a role may still do once it has started. A role's rights are a row; everything else ends the
 * process (seccomp, default kill) or is refused by the kernel (Landlock). A role that cannot be jailed does
 * not start, unless the operator said so aloud (ATALAYA_JAIL=off in the environment of the program). */
#ifndef OS_JAIL_H
#define OS_JAIL_H

#include "base/err.h"

#include <stdbool.h>

enum jail_right {
    JAIL_SERVE = 1 << 0,            /* accept and talk on sockets it was given */
    JAIL_CONNECT = 1 << 1,          /* make sockets and connect */
    JAIL_SPAWN = 1 << 3,            /* fork, execute and wait for children */
    JAIL_THREADS = 1 << 4,          /* threads of its own, which are in the same jail */
    JAIL_READ = 1 << 5,             /* open files below `read`, for reading alone */
    JAIL_SEAL = 1 << 6,             /* make sealed memory */
    JAIL_LOCAL = 1 << 7,            /* local sockets, and of no other family */
    JAIL_FILES = 1 << 2 | JAIL_READ /* open, make, rename and remove files below `read` and `write` */
};

struct jail {
    const char *name;         /* for the log */
    unsigned rights;          /* enum jail_right */
    const char *const *read;  /* folders and files that may be read; NULL-terminated, NULL for none */
    const char *const *write; /* folders that may be read and written below */
    /* Folders of the role's own in which it may open files that have no name (O_TMPFILE): nothing can be made, removed or
     * renamed there. */
    const char *const *nameless;
    bool
        nobody; /* owns nothing and writes nothing: when started as root it becomes nobody, if nobody may read `read` */
};

enum { JAIL_NOBODY = 65534 }; /* the kernel's and Debian's user and group without files */

/* Enters for good: no_new_privs, no core files, Landlock, no capabilities, seccomp. Without JAIL_SPAWN no memory becomes
 * executable any more (EACCES). Paths that do not exist are skipped.
 * ERR_REFUSED with a sentence when the kernel cannot. Builds with a sanitizer skip seccomp (its runtime needs
 * more), never Landlock. */
MUST_CHECK enum err jail_enter(const struct jail *jail, struct why *why);

/* For a parent, before it starts anybody or says where it listens: could its roles enter at all? OK also when the operator
 * said ATALAYA_JAIL=off. ERR_REFUSED with a sentence for people. */
MUST_CHECK enum err jail_possible(struct why *why);

#endif
