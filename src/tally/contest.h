/* A contest (Jefatura de Gobierno, Diputaciones, Alcaldías): its columns, candidacies and the rules by which
 * joint votes are given to parties. All of it is data of the election's definition.
 *
 * Sources: LEEME-G/D/A fields 16 ff.; LEGIPE art. 12.2 (candidacy's sum) and 311.1 c) (equal parts, the rest
 * to the party with most votes); IECM/ACU-CG-062/2024 (common candidacy by percentages, the rest to one
 * party). */
#ifndef TALLY_CONTEST_H
#define TALLY_CONTEST_H

#include "base/span.h"
#include "tally/place.h"

#include <stdint.h>

enum { COLUMNS_MAX = 64, CONTESTS_MAX = 8 };

enum column_kind {
    COLUMN_PARTY,       /* one party's own box */
    COLUMN_COALITION,   /* a combination of the parties of a coalition */
    COLUMN_COMMON,      /* a common candidacy (candidatura común) */
    COLUMN_INDEPENDENT, /* candidatura sin partido */
    COLUMN_WRITE_IN,    /* NO_REGISTRADAS */
    COLUMN_NULL         /* NULOS */
};

struct column {
    struct span code; /* "PAN_PRI", the published column name */
    struct span name; /* for people, UTF-8 */
    enum column_kind kind;
    uint64_t members; /* parties that share it, as bits of their columns' ordinals (a party: its own bit) */
    uint32_t color;   /* 0xRRGGBB for charts; never the only mark */
};

/* How the votes of a coalition or common-candidacy column are given to its parties. */
enum share_kind {
    SHARE_EQUAL, /* equal parts; the whole remainder to the member with most own votes, ties to the first on
                    the acta */
    SHARE_EQUAL_EACH, /* equal parts; the remainder one vote each to the members with most own votes, ties
                         likewise */
    SHARE_PERCENT     /* each member floor(votes * hundredths / 10000); the remainder to `remainder` */
};

struct share_rule {
    uint16_t area;                    /* index of the area it holds in, AREA_NONE: everywhere else */
    uint8_t column;                   /* ordinal */
    uint8_t kind;                     /* enum share_kind */
    uint8_t remainder;                /* SHARE_PERCENT: ordinal of the party that takes the rest */
    uint16_t hundredths[COLUMNS_MAX]; /* SHARE_PERCENT: 5333 = 53.33 %, by party ordinal */
};

struct candidacy {
    uint16_t area;    /* index of its area; AREA_NONE: the whole entity */
    uint64_t columns; /* bits of the columns whose votes it gets */
    struct span name; /* the candidate, UTF-8 (public office: published by law) */
    struct span substitute;
    struct span parties; /* "PAN, PRI, PRD" */
};

struct contest {
    struct span id;           /* "jg", "dip", "alc": paths and entries; [a-z0-9]{1,8} */
    struct span code;         /* "GUB": file names of the package */
    struct span name;         /* "JEFATURA DE GOBIERNO" */
    struct span name_en;      /* "Head of Government" */
    enum area_kind area_kind; /* what one seat is elected in: entity, district or borough */
    /* Joint votes are distributed on the sums of areas of this kind and then added up ("la suma distrital").
     */
    enum area_kind share_kind;
    /* TIPO_ACTA of the actas that hold votes for the proportional lists alone, "A03ERP+A05UERP"; empty for
     * none. */
    struct span proportional;
    struct column *columns;
    uint8_t n_columns;
    struct share_rule *rules;
    uint32_t n_rules;
    struct candidacy *candidacies; /* by area, then in the order of the acta */
    uint32_t n_candidacies;
};

/* The ordinal of a column by its code, or -1. */
int contest_column(const struct contest *contest, struct span code);

/* The columns that exist on the acta of an area (those of some candidacy there, plus write-ins and nulls), as
 * bits. `area` is an index, AREA_NONE for actas that belong to no area or to no station (columns of any
 * candidacy). */
uint64_t contest_columns_in(const struct contest *contest, uint16_t area);

/* The columns of parties and independents that can have votes in an area: those with a box of their own there and those
 * that share in a joint one (a party of a common candidacy may have no box of its own). */
uint64_t contest_parties_in(const struct contest *contest, uint16_t area);

/* The rule of a joint column in an area: the area's own, or the general one; NULL means SHARE_EQUAL. */
const struct share_rule *contest_rule(const struct contest *contest, uint8_t column, uint16_t area);

#endif
