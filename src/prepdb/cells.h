/* Cells of published rows: numbers, the words that stand for "no number", times, observations. */
#ifndef PREPDB_CELLS_H
#define PREPDB_CELLS_H

#include "base/span.h"
#include "tally/sheet.h"

#include <stdint.h>

/* Without blanks, tabs and the apostrophes that keep spreadsheets from eating leading zeros. */
struct span cell_trim(struct span raw);

/* "", "-", "--", "N/A": nothing applies here. Of a trimmed cell. */
bool cell_is_none(struct span cell);

/* Decimal digits, up to nine of them, leading zeros allowed. Of a trimmed cell. */
bool cell_number(struct span cell, uint32_t *out);

/* A vote cell: a number of at most six digits, a word, or none. False when it is none of these (it then
 * counts as CELL_BLANK). */
bool cell_votes(struct span raw, struct cell *out);

/* Local time in milliseconds, as if it were UTC: moments of one file are only compared with each other. */
#define TIME_NONE   (-1) /* empty or not applicable */
#define TIME_BROKEN (-2) /* something else than "dd/mm/aaaa hh:mm[:ss] [(UTC-n)]" */
struct time_reader {
    char day[10]; /* the date read last, which is nearly always the next one's too */
    int64_t day_ms;
};
int64_t cell_time(struct time_reader *reader, struct span raw);

/* What OBSERVACIONES says, in any year's words, as bits of enum observation; `some` (algún campo ilegible o
 * sin dato) comes as OBS_ILLEGIBLE. False when there are words of which none is known. */
bool cell_observations(struct span raw, unsigned *out);

/* Does `text` hold `word` (upper-case ASCII), whatever its case? */
bool span_holds(struct span text, const char *word);

#endif
