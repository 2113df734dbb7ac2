/* Cells of published rows: numbers, the words that stand for "no number", times, observations. */
#ifndef PREPDB_CELLS_H
#define PREPDB_CELLS_H

#include "base/span.h"
#include "tally/sheet.h"

#include <stdint.h>

/* Without blanks, tabs and the apostrophes that keep spreadsheets from eating leading zeros. */
struct span cell_trim_slowly(struct span raw);
static inline bool cell_may_be_padded(char edge)
{
    return (unsigned char)edge <= '\''; /* and a few others that hardly ever stand there */
}
static inline struct span cell_trim(struct span raw)
{
    bool padded = raw.len > 0 && (cell_may_be_padded(raw.at[0]) || cell_may_be_padded(raw.at[raw.len - 1]));
    return padded ? cell_trim_slowly(raw) : raw;
}

/* A short number in one go, all its digits at a time: true for 1 to `most` (at most 7) decimal digits and nothing else.
 * Eight bytes must be readable at `cell.at`. False says only that it was not done here. */
static inline bool cell_digits_fast(struct span cell, size_t most, uint32_t *out)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (cell.len - 1 >= most) {
        return false;
    }
    if (cell.len <= 4) { /* the common case needs half the arithmetic */
        uint32_t y = 0;
        memcpy(&y, cell.at, sizeof y);
        y = (y ^ 0x30303030U) << (32 - 8 * (unsigned)
                                               cell.len); /* what is shifted in are zeros before the number */
        if (((y + 0x76767676U) | y) & 0x80808080U) {
            return false;
        }
        y = (y * (1 + (10 << 8)) >> 8) & 0x00ff00ffU;
        *out = y * (1 + (100 << 16)) >> 16;
        return true;
    }
    uint64_t x = 0;
    memcpy(&x, cell.at, sizeof x);
    x = (x ^ UINT64_C(0x3030303030303030)) << (64 - 8 * (unsigned)cell.len);
    if (((x + UINT64_C(0x7676767676767676)) | x) & UINT64_C(0x8080808080808080)) {
        return false;
    }
    x = (x * 10 + (x >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    x = (x * 100 + (x >> 16)) & UINT64_C(0x0000ffff0000ffff);
    *out = (uint32_t)(x * 10000 + (x >> 32));
    return true;
#else
    (void)cell, (void)most, (void)out;
    return false;
#endif
}

/* "", "-", "--", "N/A": nothing applies here. Of a trimmed cell. */
static inline bool cell_is_none(struct span cell)
{
    return cell.len <= 3 && (cell.len == 0 || span_is(cell, "-") || span_is(cell, "--") ||
                             span_is(cell, "N/A") || span_is(cell, "n/a"));
}

/* Decimal digits, up to nine of them, leading zeros allowed. Of a trimmed cell. */
bool cell_number(struct span cell, uint32_t *out);

/* A vote cell: a number of at most six digits, a word, or none. False when it is none of these (it then
 * counts as CELL_BLANK). */
bool cell_votes(struct span raw, struct cell *out);

/* Local time in milliseconds, as if it were UTC: moments of one file are only compared with each other. */
#define TIME_NONE   (-1) /* empty or not applicable */
#define TIME_BROKEN (-2) /* something else than "dd/mm/aaaa hh:mm[:ss] [(UTC-n)]" */
struct time_reader {
    char day[10]; /* the date read last, which is nearly always the next one's too; zeros: none yet */
    int64_t day_ms;
};
int64_t cell_time_slowly(struct time_reader *reader, struct span raw);

/* "hh:mm:ss" in eight bytes, in milliseconds; -1 when it is none. All digits at a time: a database has tens of thousands
 * of these. */
static inline int64_t cell_clock(const char *at)
{
    const unsigned char *in = (const unsigned char *)at;
    uint64_t x = (uint64_t)in[0] | (uint64_t)in[1] << 8 | (uint64_t)in[2] << 16 | (uint64_t)in[3] << 24 |
                 (uint64_t)in[4] << 32 | (uint64_t)in[5] << 40 | (uint64_t)in[6] << 48 |
                 (uint64_t)in[7] << 56;
    x ^= UINT64_C(0x30303a30303a3030); /* digits become their values, colons zero */
    /* Each byte may be at most 9, colons 0, the tens of minutes and seconds 5; the hour is looked at below. */
    uint64_t over = (x + UINT64_C(0x767a7f767a7f767d)) | x;
    x = x * 10 + (x >> 8); /* each pair's value stands in the byte of its first digit */
    unsigned hour = x & 0xff;
    unsigned minute = x >> 24 & 0xff;
    unsigned second = x >> 48 & 0xff;
    bool fine = (over & UINT64_C(0x8080808080808080)) == 0 && hour < 24;
    return fine ? (int64_t)((hour * 60 + minute) * 60 + second) * 1000 : -1;
}

static inline int64_t cell_time(struct time_reader *reader, struct span raw)
{
    /* Nearly all of them: the day of the one before, spelled as the rule says. */
    if (raw.len == 27 && bytes_equal(raw.at, reader->day, sizeof reader->day) && raw.at[10] == ' ' &&
        memcmp(raw.at + 19, " (UTC-6)", 8) == 0) {
        int64_t clock = cell_clock(raw.at + 11);
        return clock < 0 ? TIME_BROKEN : reader->day_ms + clock;
    }
    return cell_time_slowly(reader, raw);
}

/* What OBSERVACIONES says, in any year's words, as bits of enum observation; `some` (algún campo ilegible o
 * sin dato) comes as OBS_ILLEGIBLE. False when there are words of which none is known. */
bool cell_observations(struct span raw, unsigned *out);

/* Does `text` hold `word` (upper-case ASCII), whatever its case? */
bool span_holds(struct span text, const char *word);

#endif
