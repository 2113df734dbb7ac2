/* How a program that examines something ends: its answer on standard output, or a sentence on standard error, and the exit
 * code that the command line promises (0 well, 1 something is wrong with what was examined, 2 not examined). */
#ifndef PROGS_ANSWER_H
#define PROGS_ANSWER_H

#include "base/buf.h"
#include "base/err.h"

/* Prints and frees `out`; what has no answer was not examined. `verb`: "verify". Returns the exit code. */
int answer_examined(const char *verb, enum err err, struct buf *out, const struct why *why);

#endif
