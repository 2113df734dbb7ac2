/* What the two texts of a site share: lines in a fixed order, and bytes that are escaped. Private to doors. */
#ifndef DOORS_SEALED_TEXT_H
#define DOORS_SEALED_TEXT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct sealed_lines {
    const char *what; /* "sealed site", "site mode" */
    struct span rest;
    uint32_t n;
    struct why *why;
};

enum err sealed_bad(const struct sealed_lines *lines, const char *rule);
/* The next line, without its LF, that begins with `name`: what stands behind that. */
MUST_CHECK enum err sealed_line(struct sealed_lines *lines, const char *name, struct span *value);
/* The only spelling of some bytes, copied into the arena with a zero behind them; at most `most` bytes. */
MUST_CHECK enum err sealed_unescape(struct span text, size_t most, struct arena *arena, struct span *out);
MUST_CHECK enum err sealed_name(struct sealed_lines *lines, struct arena *arena, struct span *out);

#endif
