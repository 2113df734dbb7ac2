/* Is it an image? JPEG and PNG are walked marker by marker and chunk by chunk; nothing is decoded. What
 * passes is one whole image with nothing before or after it, of bounded dimensions. */
#ifndef INTAKE_IMAGE_CHECK_H
#define INTAKE_IMAGE_CHECK_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum { IMAGE_SIDE_MAX = 20000, IMAGE_PIXELS_MAX = 100000000 };

struct image_about {
    const char *extension; /* "jpg", "png" */
    uint32_t width, height;
};

/* ERR_SYNTAX or ERR_RANGE with a sentence. */
MUST_CHECK enum err image_check(struct span bytes, struct image_about *out, struct why *why);
/* The extension by the first bytes alone, of an image that was checked before. */
const char *image_extension(struct span bytes);

#endif
