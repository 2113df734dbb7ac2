/* A new program in the old one's place: the parent executes itself again with the same words, so its process id stays, and the
 * listening sockets and the roles that serve live through it. The new parent starts roles of its own, and when they serve, the
 * ones before are told to finish. Also takes sockets that a service manager opened (os/manager.h). */
#ifndef EDGE_SUCCESSION_H
#define EDGE_SUCCESSION_H

#include "base/err.h"
#include "edge/notice_board.h"
#include "os/proc.h"

enum { SUCCESSION_LISTENERS = 3, SUCCESSION_CHILDREN = 3 * (EDGE_WORKERS_MAX + 4) };

struct succession {
    int listeners[SUCCESSION_LISTENERS]; /* -1: none was left to us */
    struct child before[SUCCESSION_CHILDREN];
    int n_before;
};

/* What the program before, or systemd, left to us. */
void succession_read(struct succession *out);
/* Executes the program again, once it has said that these words are good (--check). Comes back only when that is not possible:
 * nothing has changed then, and why says it in one sentence. */
MUST_CHECK enum err succession_pass(char *const argv[], const struct succession *mine, struct why *why);

#endif
