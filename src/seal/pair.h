/* SHA-256 (FIPS 180-4) of two messages at once in one thread, by the processor's SHA instructions: each of them waits for the one
 * before it, so that two messages side by side take little longer than one. For many small hashes, as a tree has; whole files
 * and anything secret are OpenSSL's (digest.c). */
#ifndef SEAL_PAIR_H
#define SEAL_PAIR_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum { PAIR_TEXT_MAX = 4096, PAIR_BLOCK = 64, PAIR_LEN = 32 };

/* Does this processor have the instructions? Without them nothing below may be called. */
bool pair_is_known(void);

/* A message that is being hashed; none when `blocks` is 0. */
struct pair_lane {
    uint32_t state[8]; /* in the order that the instructions want */
    const uint8_t *at;
    size_t blocks;
    uint8_t *out;
    uint8_t
        message[(1 + PAIR_TEXT_MAX + 2 * PAIR_BLOCK - 1) / PAIR_BLOCK * PAIR_BLOCK]; /* whole and padded */
};

/* Two lanes, as large as the largest text: on the stack, and nothing but `blocks` need be set. */
struct pair {
    struct pair_lane lanes[2];
};

static inline void pair_init(struct pair *pair)
{
    pair->lanes[0].blocks = pair->lanes[1].blocks = 0;
}

/* Takes `first` and the text behind it, at most PAIR_TEXT_MAX bytes; their hash will be at `out` after pair_finish at the latest. */
void pair_give(struct pair *pair, uint8_t first, struct span text, uint8_t out[PAIR_LEN]);
void pair_finish(struct pair *pair);

#endif
