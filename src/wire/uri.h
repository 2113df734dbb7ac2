/* Paths of request targets (RFC 3986): one canonical spelling, or refused. What comes out begins with '/',
 * holds no query, no "." or ".." segment, no NUL, no control byte and no backslash, and names nothing above
 * the root. */
#ifndef WIRE_URI_H
#define WIRE_URI_H

#include "base/err.h"
#include "base/span.h"

/* The last two are of a path that is not yet in its canonical spelling: what nobody links to may not cost much. */
enum { URI_PATH_MAX = 2048, URI_ESCAPES_MAX = 128, URI_SEGMENTS_MAX = 64 };

/* The decoded path of an origin-form target. Borrows from the target when nothing had to change, else from
 * `room`. ERR_SYNTAX: not a '/' at the start, broken percent sign, encoded slash, backslash, NUL or another
 * control byte; ERR_REFUSED: ".." above the root; ERR_TOO_BIG: more than the three above. */
MUST_CHECK enum err uri_path(struct span target, char room[URI_PATH_MAX], struct span *path, struct why *why);

/* Percent-encodes what may not stand in a path; '/' stays. */
struct buf;
void uri_print_path(struct span path, struct buf *out);

#endif
