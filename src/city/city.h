/* A synthetic election of Mexico City's true shape, for drills: 33 districts, 16 boroughs, 5,568 sections,
 * 13,503 stations of every type, three contests, 40,541 actas; parties and people are invented. A seed gives
 * the same city.
 *
 * Source of the shape: the published universe of the PREP CDMX 2024 (LEEME-G/D/A and the rows of the
 * databases). */
#ifndef CITY_CITY_H
#define CITY_CITY_H

#include "base/err.h"
#include "seal/note.h"
#include "tally/election.h"

#include <stdint.h>

enum city_scale { CITY_SMALL, CITY_CDMX };

struct city_plan {
    uint64_t seed;
    enum city_scale scale;
    int64_t opening_ms; /* 20:00 of the night */
    int64_t closing_ms; /* 24 hours later */
};

/* Who may sign submissions: a centre a district, some devices, one capture centre for what has no district.
 */
enum { SIGNER_NAME_MAX = 31 };
struct city_signer {
    char name[SIGNER_NAME_MAX + 1];
    const char *kind; /* "catd", "ccv", "device" */
    uint8_t seed[32]; /* the whole secret: keys of drills are worth nothing */
    struct note_key key;
};

struct city_signers {
    struct city_signer *at; /* catds first, by district */
    uint16_t n;
    uint16_t n_catd;
    uint16_t ccv;          /* index */
    uint16_t first_device; /* index */
};

/* Fills in the election (its arena, areas, contests, stations, catalogue; maps and digest are the reader's
 * work). */
void city_make(const struct city_plan *plan, struct election *out);

/* Signers for `n_districts` centres and `n_devices` devices; keys come from `seed` alone. */
void city_signers_make(uint64_t seed, uint16_t n_districts, uint16_t n_devices, struct arena *arena,
                       struct city_signers *out);

/* Parts of city_make, in this order; private to the module. */
void city_make_places(const struct city_plan *plan, struct election *out);
void city_make_contests(const struct city_plan *plan, struct election *out);
void city_make_catalogue(struct election *out);

#endif
