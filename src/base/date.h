/* Civil time by integers: milliseconds since 1970 (UTC) to dates and back, at a fixed offset from UTC. Mexico
 * City is at UTC-6 all year since October 2022, so no zone tables are needed and none are read. */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

#define DATE_ISO_LEN 20 /* 2024-06-03T02:01:02Z */

struct date {
    int year, month, day;     /* 1970.., 1..12, 1..31 */
    int hour, minute, second; /* 0..23, 0..59, 0..59 */
};

/* The date at `offset_min` minutes from UTC (-360 in Mexico City). */
struct date date_at(int64_t ms, int offset_min);
/* The moment of a date; ERR_RANGE when it is no date of the calendar (years 1970 to 9999). */
MUST_CHECK enum err date_to_ms(struct date date, int offset_min, int64_t *ms);

/* "2024-06-03T02:01:02Z", always UTC and whole seconds (truncated). Writes DATE_ISO_LEN bytes and a zero. */
void date_print_iso(char out[DATE_ISO_LEN + 1], int64_t ms);
/* Exactly that spelling. */
MUST_CHECK enum err date_parse_iso(struct span text, int64_t *ms);

#endif
