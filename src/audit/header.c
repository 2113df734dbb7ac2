/* The summary: what the header declares against what the rows give, figure by figure. Source: LEEME-G, second
 * component, fields 1 to 13; Anexo 13, numeral 29. */
#include "audit/rows.h"

enum { PERCENT_DECIMALS = 4, SCALE = 10000 };

static bool is_percent(enum figure figure)
{
    return figure == FIG_CAPTURED_PERCENT || figure == FIG_COUNTED_PERCENT ||
           figure == FIG_INCONSISTENT_PERCENT || figure == FIG_PARTICIPATION;
}

/* "9715234", "9,715,234": digits, with thousands apart or not. */
static struct value parse_count(struct span text)
{
    struct value value = {0};
    size_t digits = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == ',' && i > 0 && (text.len - i) % 4 == 0) {
            continue;
        }
        if (c < '0' || c > '9' || ++digits > 18) {
            return (struct value){0};
        }
        value.number = value.number * 10 + (uint64_t)(c - '0');
    }
    value.known = digits > 0;
    return value;
}

/* "97.8140" as 978140. *decimals: how many there are. Digits past the fourth must be zeros to be known. */
static struct value parse_percent(struct span text, size_t *decimals)
{
    struct value value = {.percent = true};
    *decimals = 0;
    bool point = false;
    size_t digits = 0;
    if (text.len > 0 && text.at[text.len - 1] == '%') {
        text = cell_trim(span_of(text.at, text.len - 1));
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '.' && !point && digits > 0) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9' || ++digits > 12) {
            return (struct value){.percent = true};
        }
        *decimals += point;
        if (*decimals > PERCENT_DECIMALS) {
            if (c != '0') {
                return (struct value){.percent = true};
            }
            continue;
        }
        value.number = value.number * 10 + (uint64_t)(c - '0');
    }
    for (size_t i = *decimals; i < PERCENT_DECIMALS; i++) {
        value.number *= 10;
    }
    value.known = digits > 0;
    return value;
}

static struct value a_count(uint64_t number)
{
    return (struct value){.known = true, .number = number};
}

static struct value a_percent(uint64_t number)
{
    return (struct value){.known = true, .percent = true, .number = number};
}

static const struct summary_figure *declared_figure(const struct database *db, enum figure figure)
{
    for (unsigned i = 0; i < db->n_summary; i++) {
        if (db->summary[i].figure == figure) {
            return db->summary[i].declared.known ? &db->summary[i] : NULL;
        }
    }
    return NULL;
}

/* ACTAS_ESPERADAS comes from the catalogue, not from the rows: what the header says is the base of its
 * percentages. Headers before 2018 give ACTAS_POR_CAPTURAR instead. */
static struct value expected_of(const struct database *db)
{
    const struct summary_figure *expected = declared_figure(db, FIG_EXPECTED);
    const struct summary_figure *pending = declared_figure(db, FIG_PENDING);
    if (expected != NULL) {
        return expected->declared;
    }
    return pending != NULL ? a_count(pending->declared.number + db->published.captured) : (struct value){0};
}

static struct value share_of(uint64_t part, struct value whole)
{
    return whole.known ? a_percent(percent4(part, whole.number)) : (struct value){.percent = true};
}

static struct value pending_of(const struct database *db, const struct count *count)
{
    const struct summary_figure *expected = declared_figure(db, FIG_EXPECTED);
    bool known = expected != NULL && expected->declared.number >= count->captured;
    return known ? a_count(expected->declared.number - count->captured) : (struct value){0};
}

/* A figure from a count. `last`: by the formula of the last cut (participation), or of the LEEME of 2021,
 * which has the actas out of catalogue among those not counted. */
static struct value compute(const struct database *db, enum figure figure, const struct count *count,
                            bool last)
{
    struct value expected = expected_of(db);
    switch (figure) {
    case FIG_REGISTERED:
        return a_count(count_registered(count));
    case FIG_OUT_OF_CATALOGUE:
        return a_count(count->out_of_catalogue);
    case FIG_CAPTURED:
        return a_count(count->captured);
    case FIG_CAPTURED_PERCENT:
        return share_of(count->captured, expected);
    case FIG_PENDING:
        return pending_of(db, count);
    case FIG_COUNTED:
        return a_count(count->counted);
    case FIG_COUNTED_PERCENT:
        return share_of(count->counted, expected);
    case FIG_INCONSISTENT_PERCENT:
        return share_of(count->inconsistent, expected);
    case FIG_NOT_COUNTED:
        return a_count(count->not_counted + (last ? count->out_of_catalogue : 0));
    case FIG_NOMINAL:
        return a_count(count->nominal_counted);
    case FIG_NOMINAL_CAPTURED:
        return a_count(db->nominal_captured);
    case FIG_VOTES:
    case FIG_VOTES_TOTAL:
        return a_count(count->votes);
    case FIG_VOTES_NO_SPECIAL:
        return a_count(count->votes - count->votes_special);
    case FIG_PARTICIPATION:
        return a_percent(count_participation(count, last));
    default: /* FIG_EXPECTED and unknown ones: not from the rows */
        return (struct value){0};
    }
}

/* Half up, as spreadsheets and number_format() do: what must not be done. */
static uint64_t rounded4(uint64_t part, uint64_t whole)
{
    return whole == 0
               ? 0
               : (uint64_t)(((unsigned __int128)part * 2000000 + whole) / ((unsigned __int128)whole * 2));
}

/* Is the declared share the rounding of part/whole, and not its truncation? */
static bool is_rounding(uint64_t declared, uint64_t part, uint64_t whole)
{
    return whole > 0 && rounded4(part, whole) == declared && percent4(part, whole) != declared;
}

static void note_rounded(struct auditor *a, const struct summary_figure *figure, uint64_t part,
                         uint64_t whole)
{
    struct buf truncated;
    buf_init(&truncated, 0);
    percent4_print(&truncated, part, whole);
    note_thing(a, RULE_ROUNDED, figure->name, "declara %.*s, truncado es %s (%llu de %llu)",
               SPAN_ARG(figure->text), buf_cstr(&truncated), (unsigned long long)part,
               (unsigned long long)whole);
    buf_done(&truncated);
}

/* A share of the expected actas must be the truncation of some whole number of actas. When it is not, but is
 * the rounding of one, it was rounded, whether or not that number is right. */
static void check_rounded_share(struct auditor *a, const struct summary_figure *figure)
{
    struct value expected = expected_of(a->database);
    uint64_t declared = figure->declared.number;
    if (!expected.known || expected.number == 0 || declared > UINT32_MAX || expected.number > UINT32_MAX) {
        return;
    }
    uint64_t near = declared * expected.number / (100 * SCALE);
    for (uint64_t n = near; n <= near + 1; n++) {
        if (percent4(n, expected.number) == declared) {
            return;
        }
    }
    for (uint64_t n = near; n <= near + 1; n++) {
        if (is_rounding(declared, n, expected.number)) {
            note_rounded(a, figure, n, expected.number);
            return;
        }
    }
}

static void check_rounded_participation(struct auditor *a, const struct summary_figure *figure)
{
    const struct count *count = &a->database->published;
    uint64_t declared = figure->declared.number;
    uint64_t without = count->votes - count->votes_special;
    if (declared == percent4(without, count->nominal_counted) ||
        declared == percent4(count->votes, count->nominal_counted)) {
        return;
    }
    if (is_rounding(declared, without, count->nominal_counted)) {
        note_rounded(a, figure, without, count->nominal_counted);
    } else if (is_rounding(declared, count->votes, count->nominal_counted)) {
        note_rounded(a, figure, count->votes, count->nominal_counted);
    }
}

static void check_percent(struct auditor *a, const struct summary_figure *figure, size_t decimals)
{
    if (!figure->declared.known) {
        return;
    }
    if (decimals != PERCENT_DECIMALS) {
        note_thing(a, RULE_PERCENT_FORM, figure->name, "%.*s: %zu decimales", SPAN_ARG(figure->text),
                   decimals);
    }
    if (figure->figure == FIG_PARTICIPATION) {
        check_rounded_participation(a, figure);
    } else {
        check_rounded_share(a, figure);
    }
}

/* Participation by the header's own figures with special stations in it: right in the last cut only. */
static void check_participation(struct auditor *a, const struct summary_figure *figure)
{
    const struct summary_figure *votes = declared_figure(a->database, FIG_VOTES);
    const struct summary_figure *nominal = declared_figure(a->database, FIG_NOMINAL);
    if (figure->ok && !figure->alternative) {
        return;
    }
    bool own = false;
    if (figure->declared.known && votes != NULL && nominal != NULL && nominal->declared.number > 0) {
        uint64_t part = votes->declared.number;
        uint64_t whole = nominal->declared.number;
        own = figure->declared.number == percent4(part, whole) ||
              figure->declared.number == rounded4(part, whole);
    }
    if (figure->alternative || own) {
        note_thing(a, RULE_PARTICIPATION_SPECIALS, figure->name, "%.*s = TOTAL_VOTOS_C_CS / LISTA_NOMINAL",
                   SPAN_ARG(figure->text));
    }
}

/* "votes minus the NUMBER of special actas": the difference is far too small to be votes. */
static void check_specials(struct auditor *a)
{
    struct database *db = a->database;
    const struct summary_figure *with = declared_figure(db, FIG_VOTES);
    const struct summary_figure *without = declared_figure(db, FIG_VOTES_NO_SPECIAL);
    if (with == NULL || without == NULL || with->declared.number <= without->declared.number) {
        return;
    }
    unsigned long long taken = with->declared.number - without->declared.number;
    unsigned long long votes = db->published.votes_special;
    if (taken == votes || taken > db->special_rows || votes <= db->special_rows) {
        return;
    }
    struct finding *finding = &db->findings[RULE_SPECIALS_BY_NUMBER];
    note_thing(a, RULE_SPECIALS_BY_NUMBER, without->name, "%llu − %llu = %llu",
               (unsigned long long)with->declared.number, taken,
               (unsigned long long)without->declared.number);
    finding_fact(finding, "taken_away", (int64_t)taken);
    finding_fact(finding, "special_votes", (int64_t)votes);
    finding_fact(finding, "special_actas_counted", (int64_t)db->special_counted);
    finding->es = arena_print(
        a->arena, "Resta %llu; las %llu actas especiales contabilizadas en las filas suman %llu votos.",
        taken, (unsigned long long)db->special_counted, votes);
    finding->en = arena_print(
        a->arena, "It takes away %llu; the %llu special actas counted in the rows hold %llu votes.", taken,
        (unsigned long long)db->special_counted, votes);
}

static struct span value_text(struct auditor *a, struct value value)
{
    return value.percent ? arena_print(a->arena, "%llu.%04llu", (unsigned long long)value.number / SCALE,
                                       (unsigned long long)value.number % SCALE)
                         : arena_print(a->arena, "%llu", (unsigned long long)value.number);
}

static void note_difference(struct auditor *a, const struct summary_figure *figure)
{
    if (!figure->computed.known) {
        note_thing(a, RULE_HEADER, figure->name, "declara %.*s, menos que las actas capturadas",
                   SPAN_ARG(figure->text));
        return;
    }
    struct span computed = value_text(a, figure->computed);
    if (figure->computed.percent || !figure->declared.known) {
        note_thing(a, RULE_HEADER, figure->name, "declara %.*s, resulta %.*s", SPAN_ARG(figure->text),
                   SPAN_ARG(computed));
        return;
    }
    note_thing(a, RULE_HEADER, figure->name, "declara %.*s, resulta %.*s (%+lld)", SPAN_ARG(figure->text),
               SPAN_ARG(computed), (long long)(figure->declared.number - figure->computed.number));
}

static bool equal(struct value a, struct value b)
{
    return a.known && b.known && a.number == b.number;
}

static void check_figure(struct auditor *a, struct summary_figure *figure, bool last)
{
    struct database *db = a->database;
    bool participation = figure->figure == FIG_PARTICIPATION;
    figure->computed = compute(db, figure->figure, &db->published, participation && last);
    figure->by_rule = compute(db, figure->figure, &db->ruled, participation && last);
    if (figure->figure == FIG_UNKNOWN || figure->figure == FIG_EXPECTED || !figure->computed.known) {
        /* Not from the rows; but nobody can capture more than is expected. */
        figure->ok = figure->figure != FIG_EXPECTED ||
                     (figure->declared.known && figure->declared.number >= db->published.captured);
        return;
    }
    figure->ok = equal(figure->declared, figure->computed);
    struct value other = compute(db, figure->figure, &db->published, true);
    bool rounded = participation && figure->declared.known &&
                   figure->declared.number == rounded4(db->published.votes, db->published.nominal_counted);
    if (!figure->ok && (equal(figure->declared, other) || rounded)) {
        figure->alternative = !(participation && last);
        figure->computed = other;
        figure->by_rule = compute(db, figure->figure, &db->ruled, true);
        figure->ok = equal(figure->declared, other);
    }
}

void header_check(struct auditor *a, const struct audit_options *options)
{
    struct database *db = a->database;
    for (unsigned i = 0; i < db->n_summary; i++) {
        struct summary_figure *figure = &db->summary[i];
        size_t decimals = 0;
        figure->declared =
            is_percent(figure->figure) ? parse_percent(figure->text, &decimals) : parse_count(figure->text);
        if (is_percent(figure->figure)) {
            check_percent(a, figure, decimals);
        }
    }
    bool last = options->last_cut || declared_figure(db, FIG_VOTES_TOTAL) != NULL;
    for (unsigned i = 0; i < db->n_summary; i++) {
        struct summary_figure *figure = &db->summary[i];
        check_figure(a, figure, last);
        if (!figure->ok) {
            note_difference(a, figure);
        }
        if (figure->figure == FIG_UNKNOWN) {
            note_thing(a, RULE_UNKNOWN_FIGURE, figure->name, "%.*s", SPAN_ARG(figure->text));
        } else if (figure->figure == FIG_PARTICIPATION && !last) {
            check_participation(a, figure);
        }
    }
    check_specials(a);
}
