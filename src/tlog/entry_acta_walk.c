/* prep-acta/v1 in one walk, as nearly all of a night's entries are spelt: version 1 of an acta that is there. The walk
 * accepts no more than acta_parse does and gives the same; at whatever else it meets it gives up, and the lines say what is
 * wrong, or that all is well. */
#include "base/date.h"
#include "tlog/entry_kinds.h"
#include "tlog/sheet_lines.h"

struct walk {
    const char *at, *end;
    const char *day; /* of the last moment: its text and its first millisecond; NULL: there was none */
    int64_t day_ms;
};

/* This text stands here. Its length is known wherever this is called, and so no call is needed to compare it. */
static inline __attribute__((always_inline)) bool text(struct walk *walk, const char *is, size_t len)
{
    if ((size_t)(walk->end - walk->at) < len || memcmp(walk->at, is, len) != 0) {
        return false;
    }
    walk->at += len;
    return true;
}
#define TEXT(walk, is) text(walk, is, sizeof(is) - 1)

/* The rest of the line, which is not empty. */
static inline bool rest(struct walk *walk, struct span *out)
{
    const char *from = walk->at;
    const char *to = from;
    while (to < walk->end && *to != '\n') {
        to++;
    }
    if (to == walk->end || to == from) {
        return false;
    }
    *out = span_of(from, (size_t)(to - from));
    walk->at = to + 1;
    return true;
}

/* Digits without a zero before them, up to the byte that ends them; so few that no sum overflows. */
static inline bool number(struct walk *walk, size_t most, uint64_t *out)
{
    const char *from = walk->at;
    const char *at = from;
    uint64_t value = 0;
    for (; at < walk->end && (unsigned)(unsigned char)*at - '0' <= 9; at++) {
        value = value * 10 + ((unsigned)(unsigned char)*at - '0');
        if ((size_t)(at - from) == most) {
            return false;
        }
    }
    if (at == from || (*from == '0' && at - from > 1)) {
        return false;
    }
    *out = value;
    walk->at = at;
    return true;
}

static inline bool line_number(struct walk *walk, size_t most, uint64_t *out)
{
    return number(walk, most, out) && TEXT(walk, "\n");
}

/* A number of at most six digits, which CELL_VALUE_MAX is the largest of, or a letter; X is of no acta that is there. */
static inline bool cell(struct walk *walk, struct cell *out)
{
    _Static_assert(CELL_VALUE_MAX == 999999, "six digits");
    uint64_t value = 0;
    if (number(walk, 6, &value)) {
        *out = (struct cell){.value = (uint32_t)value};
        return true;
    }
    if (walk->at == walk->end) {
        return false;
    }
    char letter = *walk->at;
    uint8_t state = letter == 'I'   ? CELL_ILLEGIBLE
                    : letter == 'S' ? CELL_BLANK
                    : letter == 'N' ? CELL_NA
                                    : CELL_NUMBER;
    if (state == CELL_NUMBER) {
        return false;
    }
    *out = (struct cell){.state = state};
    walk->at++;
    return true;
}

/* Cells up to the line's end; 0: no such line, or more than `most`. */
static inline size_t cells(struct walk *walk, struct cell *out, size_t most)
{
    for (size_t n = 0; n < most; n++) {
        if (!TEXT(walk, " ") || !cell(walk, &out[n])) {
            return 0;
        }
        if (TEXT(walk, "\n")) {
            return n + 1;
        }
    }
    return 0;
}

enum { DAY_TEXT = 11, DAY_SECONDS = 86400 }; /* "2027-06-06T" */

/* Two digits of a number below `most`, and the byte behind them. */
static inline __attribute__((always_inline)) bool clock_part(const char *at, unsigned most, char behind,
                                                             unsigned *out)
{
    unsigned tens = (unsigned)(unsigned char)at[0] - '0';
    unsigned ones = (unsigned)(unsigned char)at[1] - '0';
    *out = tens * 10 + ones;
    return tens <= 9 && ones <= 9 && *out < most && at[2] == behind;
}

/* Nearly all moments of an acta are of the same day; what is none at all is for date_parse_iso to say. */
static bool same_day(const struct walk *walk, int64_t *out)
{
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
    const char *clock = walk->at + DAY_TEXT;
    if (walk->day == NULL || memcmp(walk->at, walk->day, DAY_TEXT) != 0 ||
        !clock_part(clock, 24, ':', &hour) || !clock_part(clock + 3, 60, ':', &minute) ||
        !clock_part(clock + 6, 60, 'Z', &second)) {
        return false;
    }
    *out = walk->day_ms + 1000 * (int64_t)(hour * 3600 + minute * 60 + second);
    return true;
}

static bool moment(struct walk *walk, int64_t *out)
{
    if (TEXT(walk, "-\n")) {
        *out = -1;
        return true;
    }
    if (walk->end - walk->at <= DATE_ISO_LEN) {
        return false;
    }
    if (!same_day(walk, out)) {
        if (date_parse_iso(span_of(walk->at, DATE_ISO_LEN), out) != OK) {
            return false;
        }
        walk->day = walk->at;
        walk->day_ms = *out - *out % (1000 * DAY_SECONDS); /* not before 1970 */
    }
    walk->at += DATE_ISO_LEN;
    return TEXT(walk, "\n");
}

/* The value of a lower-case hex digit and 16 more; 0 for what is none. */
static const uint8_t NIBBLES[256] = {
    ['0'] = 16, ['1'] = 17, ['2'] = 18, ['3'] = 19, ['4'] = 20, ['5'] = 21, ['6'] = 22, ['7'] = 23,
    ['8'] = 24, ['9'] = 25, ['a'] = 26, ['b'] = 27, ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31,
};

static bool hex32(const char *at, uint8_t out[32])
{
    unsigned all = 16;
    for (size_t i = 0; i < 32; i++) {
        unsigned high = NIBBLES[(unsigned char)at[2 * i]];
        unsigned low = NIBBLES[(unsigned char)at[2 * i + 1]];
        all &= high & low;
        out[i] = (uint8_t)(high << 4 | (low & 15));
    }
    return all != 0;
}

static bool image(struct walk *walk, struct sheet *out)
{
    out->has_image = false;
    out->image_bytes = 0;
    memset(out->image, 0, sizeof out->image);
    if (TEXT(walk, "-\n")) {
        return true;
    }
    if (walk->end - walk->at < 64) {
        return false;
    }
    if (!hex32(walk->at, out->image)) {
        return false;
    }
    walk->at += 64;
    uint64_t bytes = 0;
    if (!TEXT(walk, " ") || !line_number(walk, 9, &bytes) || bytes == 0 || bytes > IMAGE_BYTES_MAX) {
        return false;
    }
    out->has_image = true;
    out->image_bytes = (uint32_t)bytes;
    return true;
}

static bool word(struct walk *walk, const char *const *words, uint8_t *out)
{
    struct span value;
    if (!rest(walk, &value)) {
        return false;
    }
    for (uint8_t i = 0; words[i] != NULL; i++) {
        if (words[i][0] == value.at[0] && span_is(value, words[i])) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool walk_sheet(struct walk *walk, struct sheet *out)
{
    uint8_t transport = 0;
    if (!TEXT(walk, "noacta -\nfields") || cells(walk, out->fields, SHEET_FIELDS) != SHEET_FIELDS ||
        !TEXT(walk, "votes")) {
        return false;
    }
    out->n_votes = (uint8_t)cells(walk, out->votes, COLUMNS_MAX);
    if (out->n_votes == 0 || !TEXT(walk, "transport ") || !word(walk, sheet_transports, &transport)) {
        return false;
    }
    out->no_acta = NO_ACTA_NONE;
    out->transport = transport == 0 ? 0 : sheet_transports[transport][0];
    return TEXT(walk, "image ") && image(walk, out) && TEXT(walk, "received ") &&
           moment(walk, &out->received_ms) && TEXT(walk, "captured ") && moment(walk, &out->captured_ms) &&
           TEXT(walk, "verified ") && moment(walk, &out->verified_ms) && TEXT(walk, "origin ") &&
           word(walk, sheet_origins, &out->origin) && TEXT(walk, "means ") &&
           word(walk, sheet_means, &out->means) && TEXT(walk, "document ") &&
           word(walk, sheet_documents, &out->document);
}

static bool walk_head(struct walk *walk, struct entry_acta *acta)
{
    struct span key;
    if (!TEXT(walk, "prep-acta/v1\nacta ") || !rest(walk, &key) || !acta_key_ok(key) ||
        !span_copy(key, acta->key, sizeof acta->key) || !TEXT(walk, "stated -\ncontest ") ||
        !rest(walk, &acta->contest) || !text_is_id(acta->contest, 1, 8)) {
        return false;
    }
    acta->version = 1;
    acta->previous = ENTRY_NONE;
    return TEXT(walk, "version 1\nprevious -\ncentre ") && rest(walk, &acta->centre) &&
           acta_centre_ok(acta->centre) && TEXT(walk, "reason -\nstatus ");
}

bool entry_acta_first(struct span bytes, struct entry_acta *out)
{
    struct walk walk = {.at = bytes.at, .end = bytes.at + bytes.len};
    struct span set;
    uint64_t status = 0;
    if (!walk_head(&walk, out) || !line_number(&walk, 1, &status) || status > COUNTED_OUT_OF_CATALOGUE ||
        !TEXT(&walk, "observations ") || !rest(&walk, &set) ||
        !observations_parse(set, &out->judgement.observations)) {
        return false;
    }
    out->judgement.counted = (uint8_t)status;
    out->stated = SPAN("");
    out->reason = SPAN("");
    return TEXT(&walk, "computed ") && line_number(&walk, 19, &out->judgement.computed) &&
           walk_sheet(&walk, &out->sheet) && TEXT(&walk, "findings ") && rest(&walk, &set) &&
           findings_parse(set, &out->findings) && walk.at == walk.end;
}
