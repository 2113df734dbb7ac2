/* The pressroom: the files of one cut, pressed and written by a press for each member of a team, and the list of all of them for
 * the manifest. What a file's bytes, twins and place on the list are does not depend on who pressed it or when. */
#ifndef CUT_PRESSROOM_H
#define CUT_PRESSROOM_H

#include "base/arena.h"
#include "cut/press.h"
#include "doors/manifest.h"
#include "os/team.h"

struct pressroom {
    struct team *team; /* NULL: one press, at once */
    struct press presses[TEAM_MAX];
    struct manifest manifest;
    struct arena names; /* of the cut: paths in the manifest, orders */
    struct press_order **orders;
    uint32_t n_orders, cap_orders;
    struct press_failure { /* of each press the first, by the order in which files were given */
        uint32_t order;
        enum err err;
        struct why why;
    } failures[TEAM_MAX];
};

/* A file to be made: its bytes go to every place that is named. */
enum { PLACES_MAX = 2 };
struct press_order {
    enum press_as as;
    const char *disk[PLACES_MAX]; /* NULL: no more */
    const char *site[PLACES_MAX]; /* its paths on the manifest's list; NULL: not listed by the room */
    bool hashed;                  /* `pressed` holds the hash of the bytes already */
    bool unless_there;            /* a file of this name holds these bytes: it is not written again */
    struct pressed *pressed;      /* where to say what it is, besides the list; NULL: nowhere */
    bool *done;                   /* set when it is pressed and lies there; NULL: nowhere */
    /* the room's own */
    uint32_t number;
    struct buf copy;
    struct span bytes;
};

/* `most` members (os/team). */
MUST_CHECK enum err pressroom_init(struct pressroom *room, unsigned most, struct why *why);
void pressroom_done(struct pressroom *room);
/* Waits for what is being made and forgets the list: a new cut begins. */
void pressroom_clear(struct pressroom *room);

/* Brings all of the disk that `dir` lies on down to it: on a member of its own, for that takes as long as a disk likes. Begun, the
 * caller may give more; the end waits for all that was given, and lets the team's caller speak meanwhile. */
struct disk_sync {
    const char *dir;
    bool names; /* of the folder, and nothing else */
    enum err err;
    struct why why;
    int64_t took_ms;
};
void pressroom_sync_begin(struct pressroom *room, struct disk_sync *sync, const char *dir);
/* One folder's names alone; returns when they are on disk. */
MUST_CHECK enum err pressroom_sync_folder(struct pressroom *room, const char *folder, struct why *why);
MUST_CHECK enum err pressroom_sync_end(struct pressroom *room, const struct disk_sync *sync, struct why *why);

/* Orders a file; the order, its paths and the bytes are copied. */
void pressroom_give(struct pressroom *room, const struct press_order *order, struct span bytes);
/* Waits until all that was ordered is made, and puts it on the list; of failures that of the first order counts. */
MUST_CHECK enum err pressroom_finish(struct pressroom *room, struct why *why);

/* Puts a file on the manifest's list under its path from the root of the site. */
void pressroom_list(struct pressroom *room, const char *site_path, const struct pressed *pressed);

#endif
