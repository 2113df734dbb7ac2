/* DIR/night.ini: what a night was started with, kept so that --resume goes on with the same addresses and
 * cadences. Lines `name = value`; one table row a setting gives its reading, its writing and its word in the
 * file. */
#ifndef NIGHT_SETTINGS_H
#define NIGHT_SETTINGS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum { SETTING_TEXT_MAX = 1023, ADDRESS_MAX = 63, SPEED_MAX = 100000 };

struct settings {
    char results[ADDRESS_MAX + 1]; /* "127.0.0.1:8080" */
    char site[ADDRESS_MAX + 1];
    char mirror_1[ADDRESS_MAX + 1];
    char mirror_2[ADDRESS_MAX + 1];
    char feed[ADDRESS_MAX + 1];
    char intake[ADDRESS_MAX + 1];
    char metrics[ADDRESS_MAX +
                 1]; /* of all programs, for a monitor; "": none, of a night that was begun without */
    char health[ADDRESS_MAX + 1]; /* the results edge's own */
    uint32_t speed;               /* night milliseconds a real one; 0: stepped (max) */
    uint32_t cut_s;               /* seconds of the night between cuts */
    uint32_t package_s;           /* and between packages */
    uint32_t keep_cuts, keep_every;
    char copy[SETTING_TEXT_MAX + 1];  /* folder of the continuous copy */
    char alert[SETTING_TEXT_MAX + 1]; /* the operator's program, "": none */
};

void settings_default(struct settings *settings);
/* Everything from one base: results ADDR:PORT, the site on the next port, mirrors on those after it, feed
 * PORT+10, intake PORT+11, the monitor's doors PORT+12 and +13. Port 0: eight ports that are free now. */
MUST_CHECK enum err settings_listen(struct settings *settings, struct span base, struct why *why);
/* The shortest usual cadence that leaves `real_ms` of real time between cuts at this speed. */
uint32_t settings_cadence_s(uint32_t speed, uint32_t real_ms);

void settings_print(const struct settings *settings, struct buf *out);
/* What is not named keeps its value. ERR_SYNTAX with the line. */
MUST_CHECK enum err settings_parse(struct span text, struct settings *settings, struct why *why);

#endif
