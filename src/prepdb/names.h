/* The names that published databases give their columns and header figures, of every year, in one table each:
 * a name is the LEEME's of 2024 and whatever else has been printed for the same thing. Order, number and
 * years do not matter. */
#ifndef PREPDB_NAMES_H
#define PREPDB_NAMES_H

#include "base/span.h"

#include <stdint.h>

enum { NAME_MAX_LEN = 64 };

/* What a column of a row holds. */
enum field {
    F_STATION_KEY,
    F_ACTA_KEY,
    F_ENTITY_ID,
    F_ENTITY,
    F_DISTRICT,
    F_DISTRICT_NAME,
    F_BOROUGH_ID,
    F_BOROUGH,
    F_SECTION,
    F_NUMBER,
    F_TYPE,
    F_EXTENSION,
    F_LOCATION,
    F_FORM,
    F_LEFTOVER,
    F_VOTERS,
    F_REPS_VOTED,
    F_DRAWN,
    F_WRITTEN,
    F_COMPUTED,
    F_NOMINAL,
    F_REPS,
    F_OBSERVATIONS,
    F_COUNTED,
    F_TRANSPORT,
    F_IMAGE,
    F_RECEIVED,
    F_CAPTURED,
    F_VERIFIED,
    F_ORIGIN,
    F_MEANS,
    F_DOCUMENT,
    F_COLLATED,
    FIELDS,
    F_WRITE_IN, /* votes, by their own name */
    F_NULLS,
    F_OTHER,  /* neither known nor a vote column */
    F_UNKNOWN /* a name that may be a party's */
};

enum figure {
    FIG_EXPECTED,
    FIG_REGISTERED,
    FIG_OUT_OF_CATALOGUE,
    FIG_CAPTURED,
    FIG_CAPTURED_PERCENT,
    FIG_PENDING,
    FIG_COUNTED,
    FIG_COUNTED_PERCENT,
    FIG_INCONSISTENT_PERCENT,
    FIG_NOT_COUNTED,
    FIG_NOMINAL,
    FIG_NOMINAL_CAPTURED,
    FIG_VOTES,
    FIG_VOTES_TOTAL, /* TOTAL_VOTOS of a district tally: there are no special stations to leave out */
    FIG_VOTES_NO_SPECIAL,
    FIG_PARTICIPATION,
    FIGURES,
    FIG_UNKNOWN
};

/* Upper case, without blanks, apostrophes and quotes around it, '_' for blanks inside; cut at NAME_MAX_LEN.
 */
struct name {
    char text[NAME_MAX_LEN + 1];
};
struct name name_of(struct span cell);

enum field field_of(const struct name *name);
enum figure figure_of(const struct name *name);
/* The LEEME's name; "" for F_UNKNOWN and the like. */
const char *field_name(enum field field);
const char *figure_name(enum figure figure);

#endif
