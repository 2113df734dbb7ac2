/* The waiting room of a mirror: files that were fetched and verified, on their way into the published folder.
 * They become visible only after all of them are on disk, so that a crash leaves the folder as it was or with
 * whole files more. */
#ifndef MIRROR_STAGE_H
#define MIRROR_STAGE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "mirror/place.h"

struct stage {
    char room[4096];   /* DIR/stage */
    char public[4096]; /* DIR/public */
    struct staged {
        char *path; /* below public */
        bool last;  /* entry page or pointer: after everything else, in the order they were put */
    } * files;
    uint32_t n, cap;
    struct arena arena;
};

/* Makes both folders; what waited in the room from before a crash is thrown away. */
MUST_CHECK enum err stage_open(struct stage *stage, const char *dir, struct why *why);
void stage_done(struct stage *stage);

/* It is published already, or it waits. */
bool stage_published(const struct stage *stage, struct span path);
/* Writes verified bytes into the room. */
MUST_CHECK enum err stage_put(struct stage *stage, struct span path, struct span bytes, bool last,
                              struct why *why);
/* Syncs the room, moves everything that is not `last` into place, syncs, then moves what is `last`. */
MUST_CHECK enum err stage_publish(struct stage *stage, struct why *why);
/* Throws away what waits. */
void stage_drop(struct stage *stage);

#endif
