/* What identifies a row and where it came from: keys, image, times, document. */
#include "audit/rows.h"

enum { DIGEST_DIGITS = 64, KEY_PARTS = 8, IDENTITY_MAX = 256 };

static bool is_digits(struct span text)
{
    uint32_t ignored = 0;
    return cell_number(text, &ignored);
}

/* Does the part of a key hold this cell's number? A cell without a number ("N/A") is not asked. */
static bool part_agrees(struct span part, struct span raw)
{
    uint32_t in_key = 0;
    uint32_t in_cell = 0;
    return !cell_number(cell_trim(raw), &in_cell) || (cell_number(part, &in_key) && in_key == in_cell);
}

static bool is_station_type(char type)
{
    return type == 'B' || type == 'C' || (type != '\0' && strchr(STATION_TYPES "V", type) != NULL);
}

/* The key of a known type of table, spelled from cells of the usual widths, byte for byte: nothing can be said of any of
 * them. */
static bool station_key_plain(const struct auditor *a, struct span key)
{
    struct span entity = cell_of(a, F_ENTITY_ID);
    struct span section = cell_of(a, F_SECTION);
    struct span type = cell_of(a, F_TYPE);
    struct span number = cell_of(a, F_NUMBER);
    struct span extension = cell_of(a, F_EXTENSION);
    bool widths = key.len == STATION_KEY_LEN && entity.len == 2 && section.len == 4 && type.len == 1 &&
                  number.len == 2 && extension.len == 2;
    uint32_t ignored = 0;
    return widths && memcmp(key.at, entity.at, 2) == 0 && memcmp(key.at + 2, section.at, 4) == 0 &&
           key.at[6] == type.at[0] && memcmp(key.at + 7, number.at, 2) == 0 &&
           memcmp(key.at + 9, extension.at, 2) == 0 && cell_digits_fast(span_of(key.at, 6), 6, &ignored) &&
           cell_digits_fast(span_of(key.at + 7, 4), 6, &ignored) && is_station_type(key.at[6]);
}

static bool station_key_agrees(const struct auditor *a, struct span key)
{
    struct span type = cell_trim(cell_of(a, F_TYPE));
    if (key.len != STATION_KEY_LEN || !is_digits(span_of(key.at, 6)) || !is_digits(span_of(key.at + 7, 4)) ||
        (type.len == 1 && key.at[6] != type.at[0])) {
        return false;
    }
    return part_agrees(span_of(key.at, 2), cell_of(a, F_ENTITY_ID)) &&
           part_agrees(span_of(key.at + 2, 4), cell_of(a, F_SECTION)) &&
           part_agrees(span_of(key.at + 7, 2), cell_of(a, F_NUMBER)) &&
           part_agrees(span_of(key.at + 9, 2), cell_of(a, F_EXTENSION));
}

/* CLAVE_CASILLA and TIPO_ACTA one after the other; federal databases pad the form's number ("02" for 2). */
static bool acta_key_agrees(struct span key, struct span station, struct span form)
{
    if (key.len < station.len || !bytes_equal(key.at, station.at, station.len)) {
        return false;
    }
    struct span rest = span_from(key, station.len);
    while (rest.len > form.len && rest.at[0] == '0') {
        rest = span_from(rest, 1);
    }
    return rest.len == form.len && bytes_equal(rest.at, form.at, form.len);
}

/* What a row without CLAVE_ACTA calls itself: everything that says where its votes were cast, one after the other. */
static struct span identity(struct auditor *a)
{
    static const enum field parts[KEY_PARTS] = {F_ENTITY_ID, F_ENTITY, F_DISTRICT,  F_DISTRICT_NAME,
                                                F_SECTION,   F_TYPE,   F_EXTENSION, F_NUMBER};
    char text[IDENTITY_MAX];
    size_t len = 0;
    for (int i = 0; i <= KEY_PARTS; i++) {
        struct span part = cell_trim(cell_of(a, i < KEY_PARTS ? parts[i] : F_FORM));
        if (len + part.len + 1 > sizeof text) {
            return span_of("", 0);
        }
        memcpy(text + len, part.at, part.len);
        len += part.len;
        text[len++] = '|';
    }
    return arena_copy(a->arena, span_of(text, len));
}

/* Does the row lie in the file, and not in the reader's scratch, which the next one overwrites? */
static bool is_borrowed(const struct auditor *a)
{
    return a->row.quote != CSV_NO_QUOTE;
}

static void add_key(struct auditor *a, struct span acta)
{
    struct span key = acta;
    if (!has_field(a, F_ACTA_KEY)) {
        key = identity(a);
    } else if (!is_borrowed(a) && !cell_is_none(acta)) {
        key = arena_copy(a->arena, acta);
    }
    if (key.at != NULL && !cell_is_none(key)) {
        seen_add(&a->keys, key, span_of(NULL, 0), (uint32_t)a->reader.row, a->line.at);
    }
}

static void check_station(struct auditor *a, struct span key)
{
    struct span type = cell_trim(cell_of(a, F_TYPE));
    struct span number = cell_trim(cell_of(a, F_NUMBER));
    if (has_field(a, F_TYPE) && (type.len != 1 || !is_station_type(type.at[0]))) {
        note(a, RULE_STATION_TYPE);
    }
    bool none = station_is_mode(&a->station) && cell_is_none(number);
    if (has_field(a, F_NUMBER) && !(number.len <= 2 && is_digits(number)) && !none &&
        found(a, RULE_STATION_NUMBER)) {
        struct span text = safe_text(a, number);
        example(a, RULE_STATION_NUMBER, "ID_CASILLA = %.*s", SPAN_ARG(text));
    }
    if (station_is_mode(&a->station) && is_digits(cell_trim(cell_of(a, F_SECTION)))) {
        note(a, RULE_MODE_PLACE);
    }
    if (has_field(a, F_STATION_KEY) && !station_key_agrees(a, key) && found(a, RULE_STATION_KEY)) {
        struct span text = safe_text(a, key);
        example(a, RULE_STATION_KEY, "%.*s (%zu)", SPAN_ARG(text), key.len);
    }
}

void row_check_keys(struct auditor *a)
{
    if (a->out_of_catalogue) {
        return; /* its keys "may be wrong or incomplete" (LEEME-G 1) */
    }
    struct span station = cell_trim(cell_of(a, F_STATION_KEY));
    struct span acta = cell_trim(cell_of(a, F_ACTA_KEY));
    struct span form = cell_trim(cell_of(a, F_FORM));
    if (station_is_mode(&a->station) || !station_key_plain(a, station)) {
        check_station(a, station);
    }
    if (has_field(a, F_ACTA_KEY) && has_field(a, F_STATION_KEY) && has_field(a, F_FORM) &&
        !acta_key_agrees(acta, station, form) && found(a, RULE_ACTA_KEY)) {
        struct span should = safe_text(a, station);
        struct span spelled = safe_text(a, form);
        example(a, RULE_ACTA_KEY, "debe ser %.*s%.*s", SPAN_ARG(should), SPAN_ARG(spelled));
    }
    add_key(a, acta);
}

typedef uint8_t digits16 __attribute__((vector_size(16)));

/* 64 hexadecimal digits. `short_form` gets 32 bytes that are the same for the same digits, whatever their case; *upper is
 * set when some are capitals. Sixteen digits at a time: there are a million of them in a database. */
static bool is_digest(struct span text, uint8_t short_form[DIGEST_DIGITS / 2], bool *upper)
{
    digits16 half[4];
    digits16 bad = {0};
    digits16 capital = {0};
    if (text.len != DIGEST_DIGITS) {
        return false;
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        digits16 c;
        memcpy(&c, text.at + i * 16, sizeof c);
        digits16 folded = c | 0x20;
        digits16 digit = (digits16)(c - '0' <= 9);
        digits16 letter = (digits16)(folded - 'a' <= 5);
        bad |= ~(digit | letter);
        capital |= letter & ~c & 0x20;
        half[i] = ((c - '0') & digit) | ((folded - 'a' + 10) & letter);
    }
    digits16 out[2] = {half[0] | half[1] << 4, half[2] | half[3] << 4};
    memcpy(short_form, out, sizeof out);
    uint64_t flags[4];
    memcpy(flags, &bad, sizeof bad);
    memcpy(flags + 2, &capital, sizeof capital);
    *upper = (flags[2] | flags[3]) != 0;
    return (flags[0] | flags[1]) == 0;
}

static struct span lower_copy(struct auditor *a, struct span text)
{
    char lower[DIGEST_DIGITS];
    for (size_t i = 0; i < DIGEST_DIGITS; i++) {
        lower[i] = (char)(text.at[i] >= 'A' && text.at[i] <= 'F' ? text.at[i] - 'A' + 'a' : text.at[i]);
    }
    return arena_copy(a->arena, span_of(lower, DIGEST_DIGITS));
}

void row_check_image(struct auditor *a)
{
    if (!has_field(a, F_IMAGE)) {
        return;
    }
    struct span image = cell_trim(cell_of(a, F_IMAGE));
    bool upper = false;
    if (cell_is_none(image)) {
        a->without_image++;
        if (a->flag == 1) {
            note(a, RULE_IMAGE_MISSING);
        }
        return;
    }
    uint8_t short_form[DIGEST_DIGITS / 2];
    if (!is_digest(image, short_form, &upper)) {
        if (found(a, RULE_IMAGE_CODE)) {
            struct span text = safe_text(a, image);
            example(a, RULE_IMAGE_CODE, "%.*s", SPAN_ARG(text));
        }
        return;
    }
    if (a->no_acta) {
        note(a, RULE_NO_ACTA_DATA);
    }
    if (upper || !is_borrowed(a)) {
        image = lower_copy(a, image);
    }
    if (image.at == NULL) {
        return; /* the arena's budget is used up: such a file has millions of odd cells */
    }
    seen_add(&a->images, image, span_of((const char *)short_form, sizeof short_form), (uint32_t)a->reader.row,
             a->line.at);
}

/* The moments of this row; broken ones are noted and then count as missing. */
static void read_times(struct auditor *a, int64_t times[3], bool *missing)
{
    static const enum field fields[3] = {F_RECEIVED, F_CAPTURED, F_VERIFIED};
    *missing = false;
    for (int i = 0; i < 3; i++) {
        times[i] = TIME_NONE;
        if (!has_field(a, fields[i])) {
            continue;
        }
        int64_t ms = cell_time(&a->times, csv_cell(&a->row, (size_t)a->at[fields[i]]));
        if (ms >= 0) {
            times[i] = ms;
            continue;
        }
        *missing |= ms == TIME_NONE;
        if (ms == TIME_BROKEN && found(a, RULE_TIME_FORM)) {
            struct span text = safe_text(a, cell_of(a, fields[i]));
            example(a, RULE_TIME_FORM, "%s = %.*s", field_name(fields[i]), SPAN_ARG(text));
        }
    }
}

void row_check_times(struct auditor *a)
{
    int64_t times[3];
    bool missing = false;
    read_times(a, times, &missing);
    if (missing && !a->out_of_catalogue && !a->no_acta) {
        note(a, RULE_TIME_MISSING);
    }
    a->both_times += times[0] >= 0 && times[1] >= 0;
    if (times[0] >= 0 && times[1] >= 0 && times[1] < times[0]) {
        int64_t early = times[1] - times[0];
        a->earliest_capture_ms = early < a->earliest_capture_ms ? early : a->earliest_capture_ms;
        a->from_casilla += span_is(cell_trim(cell_of(a, F_ORIGIN)), "CASILLA");
        if (found(a, RULE_CAPTURED_EARLY)) {
            example(a, RULE_CAPTURED_EARLY, "%lld min antes", (long long)(-early / 60000));
        }
    }
    if (times[1] >= 0 && times[2] >= 0 && times[2] < times[1] && found(a, RULE_VERIFIED_EARLY)) {
        example(a, RULE_VERIFIED_EARLY, "%lld min antes", (long long)((times[1] - times[2]) / 60000));
    }
    int64_t latest = times[0] > times[1] ? times[0] : times[1];
    latest = times[2] > latest ? times[2] : latest;
    if (a->cut_ms >= 0 && latest > a->cut_ms + 59999) { /* the cut's time has no seconds */
        note(a, RULE_TIME_AFTER_CUT);
    }
}

void row_check_document(struct auditor *a)
{
    struct span document = cell_trim(cell_of(a, F_DOCUMENT));
    bool mode = station_is_mode(&a->station);
    if (!mode && document.len != sizeof "ACTA UE" - 1) {
        return; /* nearly all of them */
    }
    bool ordinary = span_is(document, "ACTA PREP");
    bool urn = span_is(document, "ACTA UE");
    struct span form = cell_trim(cell_of(a, F_FORM));
    bool wrong = (ordinary && mode) || (urn && !span_holds(form, "UE"));
    if (wrong && !a->out_of_catalogue && found(a, RULE_DOCUMENT)) {
        struct span text = safe_text(a, form);
        example(a, RULE_DOCUMENT, "%.*s en acta %.*s", SPAN_ARG(document), SPAN_ARG(text));
    }
}
