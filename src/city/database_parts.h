/* Inside city/database: one database that is being read. */
#ifndef CITY_DATABASE_PARTS_H
#define CITY_DATABASE_PARTS_H

#include "city/database.h"
#include "prepdb/cells.h"
#include "prepdb/dialect.h"

enum { DISTRICTS_MAX = 999 };

/* Stations, actas and records grow with the databases read; their keys lie in the arena, where the maps find them. */
struct reading {
    struct replay_plan *plan;
    struct election *election;
    struct why *why;
    struct map stations; /* by key: index */
    struct map actas;
    uint32_t rooms; /* for stations, actas and records */
    struct record *records;
    uint32_t n; /* records */
    uint32_t most_district;
    int64_t last_ms; /* of the row before: rows without times come with their neighbours */

    /* The database at hand. */
    struct layout layout;
    struct contest *contest;
    int16_t at[FIELDS];            /* the column of a field, -1: there is none */
    uint16_t vote_at[COLUMNS_MAX]; /* the column of a vote column */
    size_t n_cells;
    struct span *cells; /* of the row at hand, CSV_COLUMNS_MAX */
    struct time_reader times;
};

/* The raw cell of a field in the row at hand; empty when there is no such column. */
struct span reading_cell(const struct reading *reading, enum field field);

/* Columns, alliances and candidacies from the row of names. */
MUST_CHECK enum err reading_columns(struct reading *reading, const struct span *names, size_t n);
/* One row: a station (new or known), an acta, a record. */
MUST_CHECK enum err reading_row(struct reading *reading);

#endif
