/* Change points of a rate, second by second: when it is well above what it used to be and stays there, something has begun;
 * when it has been near what it was for a while, it is over. What it used to be is a slow mean that stands still while
 * something is on, so that a long flood does not become the custom. Integers only: a replay says the same. */
#ifndef SKETCH_CHANGE_H
#define SKETCH_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

struct change_rule {
    uint64_t least;       /* a second; below it nothing begins */
    uint32_t times;       /* of the custom, to begin; half of it, to end */
    uint32_t begin_s;     /* so many seconds in a row */
    uint32_t end_s;       /* and to end */
    uint32_t custom_bits; /* the mean's time constant is 2^bits seconds */
};

struct change {
    uint64_t custom; /* in 1/256 a second */
    uint32_t above, below;
    bool on;
};

enum change_event { CHANGE_NONE, CHANGE_BEGAN, CHANGE_ENDED };

/* One more second with so many. */
enum change_event change_second(struct change *change, const struct change_rule *rule, uint64_t count);
/* The rate from which something may begin now. */
uint64_t change_threshold(const struct change *change, const struct change_rule *rule);

#endif
