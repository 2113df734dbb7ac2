/* The programs of this house as they lie beside each other: what the opening's entry states and what can be compared with it. */
#ifndef DOORS_PROGRAMS_H
#define DOORS_PROGRAMS_H

#include "base/buf.h"
#include "base/err.h"

/* Lines "<sha256> <name>" of every atalaya* program in the folder of the one that runs (or $ATALAYA_BIN), by name. The SHA-256 of
 * these lines is the `programs` of the opening's entry. */
MUST_CHECK enum err programs_list(struct buf *out, struct why *why);

#endif
