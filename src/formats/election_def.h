/* Inside formats/election: a definition that is being read. */
#ifndef FORMATS_ELECTION_DEF_H
#define FORMATS_ELECTION_DEF_H

#include "base/name.h"
#include "formats/election.h"

/* The place in the files, for sentences, and what rows need to know of the rows before them. */
struct team;
struct def {
    struct election *election;
    struct why *why;
    const char *file;     /* "stations.csv" */
    uint64_t line;        /* 0: the file as a whole */
    int contest;          /* of the rows being read, -1 before the first */
    uint32_t n;           /* rows taken so far */
    struct span *members; /* columns.csv: the members field of each column of the contest being read */
    struct map names;     /* signers.csv: names taken */
    uint64_t *used;       /* candidacies.csv: columns taken, by area, of the contest being read */
    struct team *team;    /* NULL: everything in turn */
    bool repeated;        /* found by the team: a station is there twice */
};

/* "stations.csv línea 17: ... / line 17: ...": both texts take the same arguments. */
enum err def_fail(struct def *def, enum err err, const char *es, const char *en, ...) PRINTF(3, 5)
    PRINTF(4, 5);

/* A span that is safe to print with "%.*s": at most 60 bytes of it. */
#define DEF_ARG(s) (int)((s).len < 60 ? (s).len : 60), (s).at

/* Zeroed room in the election's arena; ERR_FULL past its budget. */
MUST_CHECK enum err def_array(struct def *def, size_t count, size_t size, void **out);
/* A copy in the election's arena, at most ELECTION_TEXT_MAX bytes. */
MUST_CHECK enum err def_text(struct def *def, const char *field, struct span text, bool may_be_empty,
                             struct span *out);
/* Between least and most of the characters that `allowed` lists. */
MUST_CHECK enum err def_code(struct def *def, const char *field, struct span text, const char *allowed,
                             size_t most, struct span *out);
MUST_CHECK enum err def_number(struct def *def, const char *field, struct span text, uint32_t most,
                               uint32_t *out);
/* "*" (AREA_NONE) or "district:7": an area of that kind. */
MUST_CHECK enum err def_area(struct def *def, struct span text, enum area_kind kind, uint16_t *out);
/* One of the contest's columns. */
MUST_CHECK enum err def_column(struct def *def, struct span code, uint8_t *out);

/* The contest that a row speaks of: the one of the row before, or a later one. `*fresh` when it is its first row. */
MUST_CHECK enum err def_enter_contest(struct def *def, struct span id, bool *fresh);
struct contest *def_contest(struct def *def);
/* A coalition's or a common candidacy's column. */
bool def_is_joint(enum column_kind kind);

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* Names of codes in the files. */
extern const char *const area_kind_names[3];
extern const char *const column_kind_names[6];
extern const char *const share_kind_names[3];
extern const char *const signer_kind_names[3];

MUST_CHECK enum err election_ini_parse(struct def *def, struct span bytes);

/* A CSV file: its columns, and what is done with its rows. */
struct def_table {
    const char *columns[8];
    unsigned n_columns;
    uint32_t rows_max;
    enum err (*start)(struct def *def, uint32_t rows); /* `rows` is an upper bound */
    enum err (*row)(struct def *def, const struct span *fields);
    enum err (*end)(struct def *def);
};
/* By the order of election_file_names, without election.ini. */
extern const struct def_table def_areas, def_columns, def_shares, def_candidacies, def_stations, def_actas,
    def_signers;

#endif
