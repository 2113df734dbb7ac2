/* DIR/replay.plan: what a drill was asked to be (docs/formats/replay.md). */
#ifndef CITY_PLAN_H
#define CITY_PLAN_H

#include "base/buf.h"
#include "city/city.h"

enum { PLAN_INPUT_MAX = 4095, PLAN_INPUTS = 8 };

struct replay_plan {
    struct city_plan city;
    uint32_t images_ppm;
    char inputs[PLAN_INPUTS][PLAN_INPUT_MAX + 1]; /* databases to replay */
    uint32_t n_inputs;                            /* 0: the synthetic city */
};

void plan_print(const struct replay_plan *plan, struct buf *out);
MUST_CHECK enum err plan_parse(struct span text, struct replay_plan *out, struct why *why);
/* "cdmx" or "small". */
MUST_CHECK enum err plan_scale(struct span name, enum city_scale *out);

#endif
