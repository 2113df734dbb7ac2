/* The board's lines about who asks. */
#ifndef NIGHT_ORIGINS_H
#define NIGHT_ORIGINS_H

#include "night/top.h"
#include "origin/origin.h"

/* Appends; `geo` NULL: countries are unknown. Reads segments of hits below DIR and nothing else. */
void origin_lines(const char *dir, const struct geo *geo, struct top *out);
/* The same minute as one JSON object; nothing when there are no hits to read. */
void origin_minute_json(const char *dir, const struct geo *geo, struct buf *out);

#endif
