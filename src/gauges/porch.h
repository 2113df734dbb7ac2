/* A porch: a listener apart where monitors ask. A handful of connections, one small answer each, made when it is asked for;
 * when all places are taken the one that asks longest makes room, so nobody who only holds on keeps the others out. */
#ifndef GAUGES_PORCH_H
#define GAUGES_PORCH_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "os/loop.h"

struct porch;

struct porch_answer {
    int status;       /* begins as 200 */
    const char *type; /* begins as the type of metrics */
    struct buf body;
};

/* Called for each GET or HEAD with the path alone. */
typedef void (*porch_form)(void *arg, struct span path, struct porch_answer *answer);

/* Watches the listener from now on. The porch lives as long as its process. */
MUST_CHECK enum err porch_open(struct loop *loop, int listener, porch_form form, void *arg,
                               struct porch **out, struct why *why);
/* No more newcomers: somebody else answers at this door. */
void porch_shut(struct porch *porch);

#endif
