/* Sniffing: every separator is tried on the first lines, and the one under which a line names most columns
 * wins. */
#include "prepdb/dialect.h"

#include "prepdb/cells.h"

enum {
    HEAD_BYTES = 256 * 1024, /* in which the names must stand */
    KNOWN_LEAST = 6,         /* known names that make a line the names of the rows */
    FIGURES_LEAST = 3        /* the same for the summary */
};

static const char separators[] = {',', '|', ';', '\t'};

/* What one line of the head is. */
struct line_kind {
    unsigned known;   /* names of row columns */
    unsigned place;   /* of these, ones that tell a table's place or key */
    unsigned votes;   /* NULOS, NO_REGISTRADAS */
    unsigned figures; /* names of summary figures */
    bool blank;
};

static struct line_kind line_kind_of(const struct span *cells, size_t n)
{
    struct line_kind kind = {.blank = true};
    for (size_t i = 0; i < n && i < CSV_COLUMNS_MAX; i++) {
        if (cell_trim(cells[i]).len == 0) {
            continue;
        }
        struct name name = name_of(cells[i]);
        enum field field = field_of(&name);
        kind.blank = false;
        kind.known += field < FIELDS;
        kind.place += field == F_SECTION || field == F_TYPE || field == F_STATION_KEY || field == F_ACTA_KEY;
        kind.votes += field == F_NULLS || field == F_WRITE_IN;
        kind.figures += figure_of(&name) < FIGURES;
    }
    return kind;
}

static bool names_rows(const struct line_kind *kind)
{
    return kind->known >= KNOWN_LEAST && kind->place > 0 && kind->votes > 0;
}

/* Takes note of one line of the head. The known names in it when it was the last one, the names of the columns; otherwise 0. */
static unsigned note_line(struct layout *layout, uint64_t row, const struct span *cells, size_t n)
{
    struct line_kind kind = line_kind_of(cells, n);
    if (names_rows(&kind)) {
        layout->names_row = row;
        return kind.known;
    }
    if (kind.blank) {
        return 0;
    }
    if (layout->figures_row != 0 && layout->values_row == 0) {
        layout->values_row = row;
    } else if (layout->figures_row == 0 && kind.figures >= FIGURES_LEAST) {
        layout->figures_row = row;
    } else if (layout->title_row == 0) {
        layout->title_row = row;
    } else if (layout->cut_row == 0 && layout->figures_row == 0) {
        layout->cut_row = row;
    }
    return 0;
}

/* Reads the head with one separator: the known names of the columns' line, 0 when there is none. */
static unsigned try_separator(const struct layout *found, char separator, struct layout *out, size_t *widest)
{
    *out = *found;
    out->dialect.separator = separator;
    struct csv_reader reader;
    struct span head = found->body;
    head.len = head.len > HEAD_BYTES ? HEAD_BYTES : head.len;
    csv_reader_init(&reader, head, separator);
    reader.row = found->first_row - 1;
    struct span cells[CSV_COLUMNS_MAX];
    unsigned known = 0;
    size_t n = 0;
    for (int i = 0; i < HEAD_ROWS_MAX && csv_read_row(&reader, cells, CSV_COLUMNS_MAX, &n) == OK; i++) {
        known = note_line(out, reader.row, cells, n);
        if (known > 0) {
            *widest = n > *widest ? n : *widest;
            break;
        }
    }
    csv_reader_done(&reader);
    return known;
}

/* Could a line name more than `most` columns with this separator? It has to stand in the head as often. */
static bool may_name_more(struct span head, char separator, unsigned most)
{
    for (unsigned i = 0; i < most; i++) {
        const char *at = memchr(head.at, separator, head.len);
        if (at == NULL) {
            return false;
        }
        head = span_from(head, (size_t)(at + 1 - head.at));
    }
    return true;
}

/* "sep=|" in the first line: spreadsheets' own way to say it. */
static void take_sep_line(struct layout *layout)
{
    struct span body = layout->body;
    if (body.len < 5 || !span_holds(span_of(body.at, 4), "SEP=")) {
        return;
    }
    layout->dialect.sep_line = true;
    layout->dialect.separator = body.at[4];
    size_t at = 5;
    while (at < body.len && body.at[at] != '\n' && body.at[at] != '\r') {
        at++;
    }
    at += at + 1 < body.len && body.at[at] == '\r' && body.at[at + 1] == '\n' ? 2 : 1;
    layout->body = span_from(body, at);
    layout->first_row = 2;
}

static uint8_t row_end_of(struct span body)
{
    const char *feed = memchr(body.at, '\n', body.len > HEAD_BYTES ? HEAD_BYTES : body.len);
    const char *back = memchr(body.at, '\r', body.len > HEAD_BYTES ? HEAD_BYTES : body.len);
    if (back == NULL || (feed != NULL && feed < back)) {
        return ROW_END_LF;
    }
    return feed == back + 1 ? ROW_END_CRLF : ROW_END_CR;
}

/* The length of the UTF-8 sequence at `at`, 0 when there is none. */
static size_t sequence(const unsigned char *at, size_t left)
{
    size_t len = at[0] < 0x80                    ? 1
                 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2
                 : (at[0] & 0xf0) == 0xe0        ? 3
                 : at[0] >= 0xf0 && at[0] < 0xf5 ? 4
                                                 : 0;
    if (len == 0 || len > left) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return len;
}

/* Only the first bytes are asked: a file has one encoding, and every row names its entity. */
static bool is_latin1(struct span body)
{
    size_t limit = body.len > HEAD_BYTES ? HEAD_BYTES : body.len;
    for (size_t i = 0; i < limit;) {
        uint64_t words[4];
        if (limit - i >= sizeof words) {
            memcpy(words, body.at + i, sizeof words);
            if (((words[0] | words[1] | words[2] | words[3]) & UINT64_C(0x8080808080808080)) == 0) {
                i += sizeof words; /* plain ASCII */
                continue;
            }
        }
        size_t len = sequence((const unsigned char *)body.at + i, body.len - i);
        if (len == 0) {
            return true;
        }
        i += len;
    }
    return false;
}

static enum err refuse(struct span file, size_t widest, struct why *why)
{
    if (file.len == 0) {
        return why_set(why, ERR_MISSING, "el archivo está vacío / the file is empty");
    }
    if (widest > CSV_COLUMNS_MAX) {
        return why_set(why, ERR_TOO_BIG,
                       "una línea nombra %zu columnas, el límite es %d / a line names %zu columns, "
                       "the limit is %d",
                       widest, CSV_COLUMNS_MAX, widest, CSV_COLUMNS_MAX);
    }
    size_t looked = file.len > 4096 ? 4096 : file.len;
    if (memchr(file.at, '\0', looked) != NULL) {
        return why_set(why, ERR_MISSING,
                       "no es texto (contiene bytes nulos): no es una base de datos PREP / not text "
                       "(it holds zero bytes): no PREP database");
    }
    return why_set(
        why, ERR_MISSING,
        "no es una base de datos PREP: ninguna de las primeras %d líneas nombra sus columnas (SECCION, "
        "TIPO_CASILLA, NULOS, LISTA_NOMINAL ...), con coma, |, ; o tabulador / no PREP database: none of the "
        "first %d lines names its columns, with any separator",
        HEAD_ROWS_MAX, HEAD_ROWS_MAX);
}

enum err layout_find(struct span file, struct layout *out, struct why *why)
{
    struct layout found = {.body = file, .first_row = 1};
    if (span_starts(file, SPAN("\xef\xbb\xbf"))) {
        found.dialect.bom = true;
        found.body = span_from(file, 3);
    }
    take_sep_line(&found);
    unsigned best = 0;
    size_t widest = 0;
    for (size_t i = 0; i < sizeof separators && found.body.len > 0; i++) {
        struct layout tried;
        struct span head = found.body;
        head.len = head.len > HEAD_BYTES ? HEAD_BYTES : head.len;
        if (!may_name_more(head, separators[i], best < KNOWN_LEAST ? KNOWN_LEAST - 1 : best)) {
            continue;
        }
        unsigned known = try_separator(&found, separators[i], &tried, &widest);
        if (known > best) {
            best = known;
            *out = tried;
        }
    }
    if (best == 0 || widest > CSV_COLUMNS_MAX) {
        return refuse(file, widest, why);
    }
    out->dialect.row_end = row_end_of(found.body);
    out->dialect.latin1 = is_latin1(found.body);
    return OK;
}
