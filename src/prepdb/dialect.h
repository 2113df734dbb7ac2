/* How a database is written and where its parts stand, found out from its bytes alone. */
#ifndef PREPDB_DIALECT_H
#define PREPDB_DIALECT_H

#include "base/err.h"
#include "base/span.h"
#include "prepdb/names.h"
#include "wire/csv.h"

#include <stdint.h>

enum { CSV_COLUMNS_MAX = 1024, HEAD_ROWS_MAX = 64 };

enum row_end { ROW_END_LF, ROW_END_CRLF, ROW_END_CR };

struct dialect {
    char separator;
    bool bom;
    bool sep_line;   /* a first line "sep=|" */
    bool latin1;     /* bytes that are not UTF-8: read as ISO-8859-1 */
    uint8_t row_end; /* enum row_end */
};

/* The parts of a database, as spans of its rows' text (cells borrow from the file). Row numbers count from 1,
 * the "sep=" line included; 0: the part is not there. */
struct layout {
    struct dialect dialect;
    uint64_t first_row; /* of `body` */
    uint64_t title_row; /* the first two lines that say something: what, and of when */
    uint64_t cut_row;
    uint64_t figures_row; /* the summary's names */
    uint64_t values_row;  /* the summary's values */
    uint64_t names_row;   /* the names of the rows' columns */
    struct span body;     /* from the first row on: without BOM and "sep=" line */
};

/* ERR_MISSING, with a sentence, when no line names the columns of a PREP database; ERR_TOO_BIG for more
 * columns than anybody publishes. */
MUST_CHECK enum err layout_find(struct span file, struct layout *out, struct why *why);

#endif
