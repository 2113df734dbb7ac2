/* The data file of a contest or area (cut/{n}/{contest}/index.json, district-07.json ...), read back: whose it is and
 * its header figures, to be compared with a count. Written by render. */
#ifndef FORMATS_AREA_JSON_H
#define FORMATS_AREA_JSON_H

#include "base/err.h"
#include "base/span.h"
#include "tally/count.h"
#include "tally/election.h"

enum { AREA_FIGURES = 11 };

struct area_json {
    bool of_area;    /* false: another kind of file, without such figures (cut.json, flow.json) */
    uint8_t contest; /* indices into the election's */
    uint16_t area;
    uint64_t figures[AREA_FIGURES];
    uint64_t votes[COLUMNS_MAX]; /* by column; UINT64_MAX: it says nothing of this one */
};

/* ERR_SYNTAX: not JSON, or a figure is missing; ERR_CONFLICT: of a contest or area that does not exist. */
MUST_CHECK enum err area_json_parse(struct span bytes, const struct election *election, struct area_json *out,
                                    struct why *why);
/* ERR_CONFLICT names the first figure that is not the count's. */
MUST_CHECK enum err area_json_compare(const struct area_json *data, const struct election *election,
                                      const struct count *count, struct why *why);

#endif
