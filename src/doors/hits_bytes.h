/* Where the fields of a segment lie; little-endian. Private to the hits format. */
#ifndef DOORS_HITS_BYTES_H
#define DOORS_HITS_BYTES_H

#include "doors/hits.h"

#include <endian.h>

#define HITS_MAGIC "atalaya-hits/1\n" /* with its zero: 16 bytes */

enum {
    BLOCK_MAGIC = 0x4b4c4248, /* "HBLK" */
    BLOCK_HEAD = 312,
    BLOCK_CHECK = 8, /* the first bytes of the SHA-256 of all before */
    AT_SEEN = 24,
    AT_DECISIONS = 56,
    AT_STATUSES = AT_DECISIONS + 8 * HITS_DECISIONS,
    AT_COSTS = AT_STATUSES + 8 * HITS_STATUSES,
    AT_N_WORDS = AT_COSTS + 4 * HITS_COSTS
};
_Static_assert(AT_N_WORDS + 16 == BLOCK_HEAD, "the head of a block");
_Static_assert(BLOCK_HEAD + BLOCK_CHECK == HITS_BLOCK_BYTES, "a block's own bytes");

static inline uint64_t load64(const char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return le64toh(value);
}
static inline uint32_t load32(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return le32toh(value);
}
static inline uint16_t load16(const char *at)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return le16toh(value);
}
static inline void store64(char *at, uint64_t value)
{
    value = htole64(value);
    memcpy(at, &value, sizeof value);
}
static inline void store32(char *at, uint32_t value)
{
    value = htole32(value);
    memcpy(at, &value, sizeof value);
}
static inline void store16(char *at, uint16_t value)
{
    value = htole16(value);
    memcpy(at, &value, sizeof value);
}

#endif
