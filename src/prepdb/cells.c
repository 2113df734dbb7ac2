/* Reading cells. The common case, a short run of digits, is taken first and without a call. */
#include "prepdb/cells.h"

#include "base/date.h"
#include "tally/rules.h"

enum { VOTE_DIGITS = 6, NUMBER_DIGITS = 9 };

static bool is_padding(char c)
{
    return c == ' ' || c == '\t' || c == '\'' || c == '\n' || c == '\r';
}

struct span cell_trim_slowly(struct span raw)
{
    while (raw.len > 0 && is_padding(raw.at[0])) {
        raw.at++;
        raw.len--;
    }
    while (raw.len > 0 && is_padding(raw.at[raw.len - 1])) {
        raw.len--;
    }
    return raw;
}

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

static bool starts_like(struct span text, const char *word)
{
    size_t i = 0;
    while (i < text.len && word[i] != '\0' && upper(text.at[i]) == word[i]) {
        i++;
    }
    return word[i] == '\0';
}

bool span_holds(struct span text, const char *word)
{
    for (; text.len > 0; text = span_of(text.at + 1, text.len - 1)) {
        if (upper(text.at[0]) == word[0] && starts_like(text, word)) {
            return true;
        }
    }
    return false;
}

static bool digits(struct span cell, size_t most, uint32_t *out)
{
    uint32_t value = 0;
    if (cell.len == 0 || cell.len > most) {
        return false;
    }
    for (size_t i = 0; i < cell.len; i++) {
        unsigned digit = (unsigned)(unsigned char)cell.at[i] - '0';
        if (digit > 9) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool cell_number(struct span cell, uint32_t *out)
{
    return digits(cell, NUMBER_DIGITS, out);
}

static const struct {
    const char *word;
    uint8_t state;
} words[] = {{"ILEGIBLE", CELL_ILLEGIBLE}, {"SIN DATO", CELL_BLANK}, {"SIN ACTA", CELL_NO_ACTA}};

bool cell_votes(struct span raw, struct cell *out)
{
    uint32_t value = 0;
    if (digits(raw, VOTE_DIGITS, &value)) {
        *out = (struct cell){.value = value, .state = CELL_NUMBER};
        return true;
    }
    struct span cell = cell_trim(raw);
    if (cell_is_none(cell)) {
        *out = (struct cell){.state = CELL_NA};
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (starts_like(cell, words[i].word)) {
            *out = (struct cell){.state = words[i].state};
            return true;
        }
    }
    if (digits(cell, VOTE_DIGITS, &value)) {
        *out = (struct cell){.value = value, .state = CELL_NUMBER};
        return true;
    }
    *out = (struct cell){.state = CELL_BLANK};
    return false;
}

/* Two digits, or -1. */
static int two(const char *at)
{
    unsigned tens = (unsigned)(unsigned char)at[0] - '0';
    unsigned ones = (unsigned)(unsigned char)at[1] - '0';
    return tens > 9 || ones > 9 ? -1 : (int)(tens * 10 + ones);
}

/* "dd/mm/aaaa" in ten bytes; -2 when it is no date. */
static int64_t read_day(const char *at)
{
    int high = two(at + 6);
    int low = two(at + 8);
    struct date date = {.year = high * 100 + low, .month = two(at + 3), .day = two(at)};
    int64_t ms = 0;
    if (high < 0 || low < 0 || at[2] != '/' || at[5] != '/' || date_to_ms(date, 0, &ms) != OK) {
        return TIME_BROKEN;
    }
    return ms;
}

/* What may follow the time: nothing, or a zone. */
static bool is_zone(struct span rest)
{
    rest = cell_trim(rest);
    return rest.len == 0 || (starts_like(rest, "(UTC") && rest.at[rest.len - 1] == ')');
}

int64_t cell_time_slowly(struct time_reader *reader, struct span raw)
{
    struct span cell = cell_trim(raw);
    if (cell_is_none(cell)) {
        return TIME_NONE;
    }
    if (cell.len < 16 || cell.at[10] != ' ' || cell.at[13] != ':') {
        return TIME_BROKEN;
    }
    if (memcmp(reader->day, cell.at, sizeof reader->day) != 0) {
        int64_t day = read_day(cell.at);
        if (day < 0) {
            return TIME_BROKEN;
        }
        memcpy(reader->day, cell.at, sizeof reader->day);
        reader->day_ms = day;
    }
    int hour = two(cell.at + 11);
    int minute = two(cell.at + 14);
    bool seconds = cell.len >= 19 && cell.at[16] == ':';
    int second = seconds ? two(cell.at + 17) : 0;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 ||
        !is_zone(span_from(cell, seconds ? 19 : 16))) {
        return TIME_BROKEN;
    }
    return reader->day_ms + ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
}

/* The words of all years; more than one may be there. "TODOS" comes first: it says the rest with it. */
static const struct {
    const char *word;
    unsigned bits;
} observations[] = {
    {"EXCEDE", OBS_EXCEEDS},
    {"TODOS", OBS_ALL_EMPTY},
    {"ILEGIBLE", OBS_ILLEGIBLE},
    {"SIN DATO", OBS_ILLEGIBLE},
    {"SIN ACTA", OBS_NO_ACTA},
    {"NO ENTREGADO", OBS_NO_ACTA},
    {"NO INSTALADA", OBS_NO_ACTA},
    {"SIN BOLSA", OBS_NO_ACTA},
    {"SIN SOBRE", OBS_NO_ACTA},
    {"FUERA DE CAT", OBS_OUT_OF_CATALOGUE},
    {"NO IDENTIFICADA", OBS_OUT_OF_CATALOGUE},
    {"PROCESO T", 0},
};

bool cell_observations(struct span raw, unsigned *out)
{
    struct span cell = cell_trim(raw);
    unsigned bits = 0;
    bool known = cell_is_none(cell) || span_is(cell, "[]");
    for (size_t i = 0; cell.len > 3 && i < sizeof observations / sizeof *observations; i++) {
        if (span_holds(cell, observations[i].word)) {
            bits |= observations[i].bits;
            known = true;
        }
    }
    if (bits & OBS_ALL_EMPTY) {
        bits &= ~(unsigned)OBS_ILLEGIBLE;
    }
    *out = bits;
    return known;
}
