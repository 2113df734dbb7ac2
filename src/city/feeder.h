/* The feeder: plays a drill's script into an intake over HTTP, on the night's clock or as far as its parent
 * says (docs/formats/replay.md). */
#ifndef CITY_FEEDER_H
#define CITY_FEEDER_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct feeder_options {
    const char *dir;
    struct span intake;   /* address */
    uint32_t connections; /* 0: 32 */
    int control;          /* descriptor of the parent's stream, -1: none */
};

/* Runs until all is answered, the parent's stream ends, or a signal. Code 0: all was answered. */
MUST_CHECK enum err feeder_run(const struct feeder_options *options, int *code, struct why *why);

#endif
