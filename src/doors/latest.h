/* latest.json, the pointer to the newest cut (docs/formats/tree.md): reading it. Written by render/pages. */
#ifndef DOORS_LATEST_H
#define DOORS_LATEST_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum { LATEST_BYTES_MAX = 16384, LATEST_CONTESTS_MAX = 8 };

struct latest {
    uint32_t cut;
    int64_t time_ms;
    int64_t next_ms; /* -1: none */
    bool last;
    bool drill;
    int32_t offset_min; /* of the election's hour from UTC: -360; 0 in trees of before it was written */
    uint64_t log_size;
    uint8_t manifest[32]; /* SHA-256 of the manifest's text */
    int64_t package_ms;   /* -1: no package yet */
    uint32_t package;
    struct latest_contest {
        char id[9];
        uint64_t expected, captured, counted, votes;
    } contests[LATEST_CONTESTS_MAX];
    uint32_t n_contests;
};

/* Refuses what is not this format; the paths in it must be the ones that follow from the numbers. */
MUST_CHECK enum err latest_parse(struct span bytes, struct latest *out, struct why *why);

#endif
