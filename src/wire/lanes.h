/* Sixteen bytes looked at together, for what strangers may make long: targets, paths, values of fields. Lanes of a
 * comparison are all ones where it holds. */
#ifndef WIRE_LANES_H
#define WIRE_LANES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { LANES = 16 };

typedef uint8_t lanes16 __attribute__((vector_size(LANES)));

static inline lanes16 lanes_at(const void *at)
{
    lanes16 bytes;
    memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

static inline bool lanes_any(lanes16 lanes)
{
    uint64_t halves[2];
    memcpy(halves, &lanes, sizeof halves);
    return (halves[0] | halves[1]) != 0;
}

#endif
