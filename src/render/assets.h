/* web/style.css and web/app.js, taken into the program when it is built and named by their SHA-256. */
#ifndef RENDER_ASSETS_H
#define RENDER_ASSETS_H

#include "base/span.h"

struct asset {
    const char *path; /* from the site's root: "a/style-0123456789abcdef.css" */
    const unsigned char *bytes;
    size_t len;
};
extern const struct asset asset_style;
extern const struct asset asset_script;

#endif
