/* Between the files that read CSV rows. */
#ifndef WIRE_CSV_PLAIN_H
#define WIRE_CSV_PLAIN_H

#include "base/cpu.h"
#include "wire/csv.h"

/* Reads the next row of a text that is not at its end. False when the row cannot be given as it stands, because of an odd
 * quote in or near it, too few fields, or the text's end: it is still to be read. The same for any processor, and for
 * those that know x86-64-v3. */
bool csv_plain_row(struct csv_reader *reader, struct csv_row *row, const char *end);
bool csv_plain_row_v3(struct csv_reader *reader, struct csv_row *row, const char *end);

static inline csv_plain_reader csv_plain_best(void)
{
#if defined(HOUSE_X86_64_V3)
    return cpu_is_v3() ? csv_plain_row_v3 : csv_plain_row;
#else
    return csv_plain_row;
#endif
}

/* Past the row's end, which stands at `at`: LF, CRLF or CR. */
static inline void csv_finish_row(struct csv_reader *reader, const char *at, const char *end)
{
    reader->unterminated = at == end;
    if (at < end) {
        at += *at == '\r' && at + 1 < end && at[1] == '\n' ? 2 : 1;
    }
    reader->rest = span_of(at, (size_t)(end - at));
}

#endif
