/* The images of the actas that cuts cover, put where readers find them: public/acta/{sha256}.jpg, as a second name of the
 * file that the intake stored. Nothing about an acta is public before a cut covers it, and its image neither.
 *
 * Before the first cut with actas there may be a country's worth of them: while nothing is public yet they get their names one
 * after the other, as they come, in a folder beside the public tree, and the cut that covers them all puts that folder in the
 * place of the empty one. */
#ifndef CUT_IMAGES_H
#define CUT_IMAGES_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum { IMAGES_PATH_MAX = 256, IMAGES_RETRIED = 512, IMAGES_AHEAD = 1024 };

struct images {
    char from[IMAGES_PATH_MAX]; /* DIR/images */
    char to[IMAGES_PATH_MAX];   /* DIR/public/acta */
    char next[IMAGES_PATH_MAX]; /* DIR/run/acta */
    bool ahead;                 /* nothing was public when it was looked at: names are given in `next` */
    bool next_there;            /* and something of it may lie there */
    struct image_due {
        uint64_t index; /* of the entry */
        char hex[65];
        bool named; /* in `next` */
    } * due;        /* by index */
    uint32_t n, cap;
    uint32_t waiting; /* the first so many were tried, and not stored then */
    uint32_t turn;    /* of these: the first whose turn it is */
    uint32_t looked;  /* the first so many had their turn in `next` */
    uint32_t named;   /* of these have a name there */
};

MUST_CHECK enum err images_init(struct images *images, const char *dir, struct why *why);
void images_done(struct images *images);
/* Remembers the image that an entry names, if it names one. */
void images_note(struct images *images, uint64_t index, struct span entry);
/* Names some ahead, IMAGES_AHEAD at most; true: more wait for it. For between the cuts; a failure only means that the cut has more
 * to do. */
bool images_name_ahead(struct images *images);
/* Publishes those of entries [0, log_size); one that is not stored (yet) is tried again with the next
 * cut, or when its turn comes if more than IMAGES_RETRIED wait. */
MUST_CHECK enum err images_publish(struct images *images, uint64_t log_size, struct why *why);

#endif
