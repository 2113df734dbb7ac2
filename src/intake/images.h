/* Images of a group: written under their digest, synced together before the commit that speaks of them, and
 * taken back when the group fails. */
#ifndef INTAKE_IMAGES_H
#define INTAKE_IMAGES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct images {
    const char *dir;  /* DIR/images */
    struct buf paths; /* of this group, each with its zero */
    uint32_t n;
};

/* "ab/<sha256>.jpg": where an image lies below its folder. */
enum { IMAGE_PATH_MAX = 80 };
void image_path(const uint8_t digest[32], const char *extension, char out[IMAGE_PATH_MAX]);

MUST_CHECK enum err images_add(struct images *images, const uint8_t digest[32], struct span bytes,
                               struct why *why);
/* All of the group is on disk, names too. */
MUST_CHECK enum err images_sync(struct images *images, struct why *why);
/* The group failed: removes what it wrote. */
void images_drop(struct images *images);
void images_begin(struct images *images);

#endif
