/* The shelf: chunks of the table of actas as they stand, shared between cuts and named by their hash. Only
 * chunks whose actas changed are rendered again. */
#ifndef CUT_SHELF_H
#define CUT_SHELF_H

#include "cut/pressroom.h"
#include "cut/rows.h"
#include "render/pages.h"

struct shelf {
    char (*names)[65];       /* by chunk number */
    struct pressed *pressed; /* by chunk number */
    bool *fresh;             /* this chunk is what the fold says */
    bool *read;              /* and was read again from the disk: `sums` are its rows' */
    struct row_sums *sums;
    uint32_t n, cap;
    uint32_t rendered; /* in the last update, for figures */
    struct buf page;
};

void shelf_done(struct shelf *shelf);
/* Nothing on it is known to be right: the next update renders all. */
void shelf_forget(struct shelf *shelf);
/* Renders what the fold's dirty marks name (they are left alone), names it, and orders new chunks below `folder`
 * ("PUBLIC/chunk") from the room. A chunk that lies there already is not written again. */
void shelf_update(struct shelf *shelf, struct pressroom *room, const struct fold *fold,
                  const struct chunk_plan *plan, const char *folder);
/* Puts all chunks on the room's list, once it has finished. */
void shelf_list(const struct shelf *shelf, struct pressroom *room);

#endif
