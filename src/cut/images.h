/* The images of the actas that cuts cover, put where readers find them: public/acta/{sha256}.jpg, as a second name of the
 * file that the intake stored. Nothing about an acta is public before a cut covers it, and its image neither. */
#ifndef CUT_IMAGES_H
#define CUT_IMAGES_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum { IMAGES_PATH_MAX = 256, IMAGES_RETRIED = 512 };

struct images {
    char from[IMAGES_PATH_MAX]; /* DIR/images */
    char to[IMAGES_PATH_MAX];   /* DIR/public/acta */
    struct image_due {
        uint64_t index; /* of the entry */
        char hex[65];
    } * due; /* by index */
    uint32_t n, cap;
    uint32_t waiting; /* the first so many were tried, and not stored then */
    uint32_t next;    /* of these: the first whose turn it is */
};

MUST_CHECK enum err images_init(struct images *images, const char *dir, struct why *why);
void images_done(struct images *images);
/* Remembers the image that an entry names, if it names one. */
void images_note(struct images *images, uint64_t index, struct span entry);
/* Publishes those of entries [0, log_size); one that is not stored (yet) is tried again with the next
 * cut, or when its turn comes if more than IMAGES_RETRIED wait. */
MUST_CHECK enum err images_publish(struct images *images, uint64_t log_size, struct why *why);

#endif
