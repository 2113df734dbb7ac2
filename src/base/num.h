/* Checked numbers: decimal text to integers and back, sums that cannot wrap. One spelling a number: no sign,
 * no leading zeros (unless asked for), no blanks. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

#define NUM_U64_MAX 20 /* most digits of a uint64_t */

/* Decimal digits only, canonical ("0", "17"; not "", "+5", "05"). ERR_SYNTAX or ERR_RANGE. */
MUST_CHECK enum err num_parse_u64(struct span text, uint64_t *out);
MUST_CHECK enum err num_parse_u32(struct span text, uint32_t *out);
/* The same with leading zeros allowed, as published databases write areas and sections ("007"). */
MUST_CHECK enum err num_parse_padded(struct span text, uint32_t *out);
/* With an optional '-', canonical ("-0" is refused). */
MUST_CHECK enum err num_parse_i64(struct span text, int64_t *out);

/* Writes the digits, without a zero at the end, and returns how many (1..20). */
size_t num_print_u64(char *out, uint64_t number);

/* sum += more; false and untouched when it would wrap. */
static inline bool num_add_u64(uint64_t *sum, uint64_t more)
{
    return !__builtin_add_overflow(*sum, more, sum);
}

#endif
