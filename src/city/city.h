/* A synthetic election of Mexico City's true shape, for drills: 33 districts, 16 boroughs, 5,568 sections,
 * 13,503 stations of every type, three contests, 40,541 actas; parties and people are invented. A seed gives
 * the same city.
 *
 * Source of the shape: the published universe of the PREP CDMX 2024 (LEEME-G/D/A and the rows of the
 * databases). */
#ifndef CITY_CITY_H
#define CITY_CITY_H

#include "base/err.h"
#include "seal_secret/sign.h"
#include "tally/election.h"

#include <stdint.h>

enum city_scale { CITY_SMALL, CITY_CDMX };

struct city_plan {
    uint64_t seed;
    enum city_scale scale;
    int64_t opening_ms; /* 20:00 of the night */
    int64_t closing_ms; /* 24 hours later */
};

/* Fills in the election (its arena, areas, contests, stations, catalogue; maps and digest are the reader's
 * work). */
void city_make(const struct city_plan *plan, struct election *out);

/* Signers of a drill: "catd-07" for each district, devices, one capture centre for what has no district.
 * Their keys come from a seed and their name alone and are worth nothing: they go into the election's
 * definition and DIR/keys. */
void city_make_signers(uint64_t seed, uint16_t n_districts, uint16_t n_devices, struct election *out);
void city_signer_key(uint64_t seed, struct span name, struct secret_key *out);
/* Index of the centre of an area's number (0: the capture centre), or of device number `device` (from 0). */
uint16_t city_signer_centre(const struct election *election, uint16_t district);
uint16_t city_signer_device(const struct election *election, uint32_t device);

/* Parts of city_make, in this order; private to the module. */
void city_make_places(const struct city_plan *plan, struct election *out);
void city_make_contests(const struct city_plan *plan, struct election *out);
void city_make_catalogue(struct election *out);

#endif
