/* The rules over one acta, each named by the numeral of the LEEME (PREP CDMX 2024, Jefatura de Gobierno) that
 * it follows. */
#include "tally/rules.h"

#include "example.h"

static const struct station *basic(void)
{
    static struct station station;
    station = station_of('B', 700, 716, 16);
    return &station;
}

static void judged(struct sheet sheet, const struct station *station, int counted, int observations,
                   uint64_t computed)
{
    struct judgement judgement = sheet_judge(&sheet, ALL_COLUMNS, station);
    assert_int_equal(judgement.counted, counted);
    assert_int_equal(judgement.observations, observations);
    assert_true(judgement.computed == computed);
}

/* LEEME-G 6: equal to or less than list and representatives is counted. */
static void leeme_6_votes_up_to_the_bound_count(void **unused)
{
    (void)unused;
    struct sheet sheet = sheet_of(number(0));
    sheet.votes[P1] = number(716);
    judged(sheet, basic(), COUNTED_YES, 0, 716);
}

static void leeme_37_one_vote_more_exceeds(void **unused)
{
    (void)unused;
    struct sheet sheet = sheet_of(number(0));
    sheet.votes[P1] = number(700);
    sheet.votes[NULLS] = number(17);
    judged(sheet, basic(), COUNTED_NO, OBS_EXCEEDS, 717);
}

static void leeme_37_special_stations_are_bound_by_ballots(void **unused)
{
    (void)unused;
    struct station special = station_of('S', 0, 1000, 20);
    struct sheet sheet = sheet_of(number(0));
    sheet.votes[P1_P2] = number(1020);
    judged(sheet, &special, COUNTED_YES, 0, 1020);
    sheet.votes[WRITE_IN] = number(1);
    judged(sheet, &special, COUNTED_NO, OBS_EXCEEDS, 1021);
}

static void modes_are_bound_by_their_own_list(void **unused)
{
    (void)unused;
    struct station abroad = station_of('M', 76649, 76649, 0);
    struct sheet sheet = sheet_of(number(0));
    sheet.votes[P3] = number(38707);
    judged(sheet, &abroad, COUNTED_YES, 0, 38707);
    sheet.votes[P3] = number(76649);
    judged(sheet, &abroad, COUNTED_YES, 0, 76649);
    sheet.votes[P3] = number(76650);
    judged(sheet, &abroad, COUNTED_NO, OBS_EXCEEDS, 76650);
}

/* LEEME-G 37: it prevails over the others, which are listed behind it. */
static void leeme_37_exceeds_prevails_and_combines(void **unused)
{
    (void)unused;
    struct sheet sheet = sheet_of(number(300));
    sheet.votes[P2] = state(CELL_ILLEGIBLE);
    sheet.votes[P3] = state(CELL_BLANK);
    judged(sheet, basic(), COUNTED_NO, OBS_EXCEEDS | OBS_ILLEGIBLE | OBS_BLANK, 2700);
    struct buf text;
    buf_init(&text, 0);
    judgement_print(sheet_judge(&sheet, ALL_COLUMNS, basic()), NO_ACTA_NONE, &text);
    assert_string_equal(buf_cstr(&text), "EXCEDE LISTA NOMINAL, ALGÚN CAMPO ILEGIBLE O SIN DATO");
    buf_done(&text);
}

static void leeme_6_one_legible_datum_is_enough(void **unused)
{
    (void)unused;
    for (int i = 0; i < EXAMPLE_COLUMNS; i++) {
        struct sheet sheet = sheet_of(state(CELL_ILLEGIBLE));
        sheet.votes[i] = number(9);
        judged(sheet, basic(), COUNTED_YES, OBS_ILLEGIBLE, 9);
        sheet = sheet_of(state(CELL_BLANK));
        sheet.votes[i] = number(9);
        judged(sheet, basic(), COUNTED_YES, OBS_BLANK, 9);
    }
}

static void a_legible_zero_is_a_datum(void **unused)
{
    (void)unused;
    judged(sheet_of(number(0)), basic(), COUNTED_YES, 0, 0);
    struct sheet sheet = sheet_of(state(CELL_BLANK));
    sheet.votes[NULLS] = number(0);
    judged(sheet, basic(), COUNTED_YES, OBS_BLANK, 0);
}

static void leeme_37_all_illegible_or_blank_is_not_counted(void **unused)
{
    (void)unused;
    judged(sheet_of(state(CELL_ILLEGIBLE)), basic(), COUNTED_NO, OBS_ALL_EMPTY, 0);
    judged(sheet_of(state(CELL_BLANK)), basic(), COUNTED_NO, OBS_ALL_EMPTY, 0);
    struct sheet mixed = sheet_of(state(CELL_BLANK));
    mixed.votes[RIO] = state(CELL_ILLEGIBLE);
    judged(mixed, basic(), COUNTED_NO, OBS_ALL_EMPTY, 0);
}

/* A form on which nothing applies holds no datum either. */
static void all_not_applicable_is_not_counted(void **unused)
{
    (void)unused;
    judged(sheet_of(state(CELL_NA)), basic(), COUNTED_NO, OBS_ALL_EMPTY, 0);
}

static void cells_of_other_columns_give_no_datum_but_add_up(void **unused)
{
    (void)unused;
    uint64_t form = ALL_COLUMNS & ~BIT(CSP);
    struct sheet sheet = sheet_of(state(CELL_BLANK));
    sheet.votes[CSP] = number(5);
    struct judgement judgement = sheet_judge(&sheet, form, basic());
    assert_int_equal(judgement.counted, COUNTED_NO);
    assert_int_equal(judgement.observations, OBS_ALL_EMPTY);
    assert_true(judgement.computed == 5);
    sheet.votes[P1] = number(10);
    judgement = sheet_judge(&sheet, form, basic());
    assert_int_equal(judgement.counted, COUNTED_YES);
    assert_true(judgement.computed == 15);
    assert_true(sheet_findings(&sheet, form, basic()) & 1U << FINDING_COLUMN_NA);
    /* A box that is not on the form may be illegible or blank without being observed. */
    struct sheet other = sheet_of(number(1));
    other.votes[CSP] = state(CELL_ILLEGIBLE);
    assert_int_equal(sheet_judge(&other, form, basic()).observations, 0);
}

static void leeme_37_without_acta_for_each_reason(void **unused)
{
    (void)unused;
    for (int reason = NO_ACTA_NOT_DELIVERED; reason <= NO_ACTA_URN; reason++) {
        judged(sheet_without((enum no_acta)reason), basic(), COUNTED_NO, OBS_NO_ACTA, 0);
        struct buf text;
        buf_init(&text, 0);
        struct sheet sheet = sheet_without((enum no_acta)reason);
        judgement_print(sheet_judge(&sheet, ALL_COLUMNS, basic()), (enum no_acta)reason, &text);
        assert_true(span_equal(buf_as_span(&text), no_acta_words((enum no_acta)reason)));
        buf_done(&text);
        assert_int_equal(sheet_findings(&sheet, ALL_COLUMNS, basic()), 0);
    }
}

static void leeme_3_and_38_out_of_catalogue(void **unused)
{
    (void)unused;
    judged(sheet_of(number(400)), NULL, COUNTED_OUT_OF_CATALOGUE, OBS_OUT_OF_CATALOGUE, 4400);
    judged(sheet_of(state(CELL_BLANK)), NULL, COUNTED_OUT_OF_CATALOGUE, OBS_OUT_OF_CATALOGUE | OBS_ALL_EMPTY,
           0);
    struct sheet sheet = sheet_of(number(400));
    assert_int_equal(sheet_findings(&sheet, ALL_COLUMNS, NULL), 1U << FINDING_OUT_OF_CATALOGUE);
}

/* Which observations are in PORCENTAJE_ACTAS_CON_INCONSISTENCIAS. */
static void leeme_8_inconsistencies(void **unused)
{
    (void)unused;
    for (int observations = 0; observations < 64; observations++) {
        for (int counted = 0; counted <= 2; counted++) {
            struct judgement judgement = {.counted = (uint8_t)counted, .observations = (uint8_t)observations};
            bool expected = counted != 2 && (observations & 0x0f) != 0;
            assert_int_equal(judgement_inconsistent(judgement), expected);
        }
    }
}

static void leeme_37_legends(void **unused)
{
    (void)unused;
    static const struct {
        uint8_t observations;
        enum no_acta reason;
        const char *text;
    } rows[] = {
        {0, NO_ACTA_NONE, "--"},
        {OBS_ILLEGIBLE, NO_ACTA_NONE, "ALGÚN CAMPO ILEGIBLE O SIN DATO"},
        {OBS_BLANK, NO_ACTA_NONE, "ALGÚN CAMPO ILEGIBLE O SIN DATO"},
        {OBS_ALL_EMPTY, NO_ACTA_NONE, "TODOS ILEGIBLES O SIN DATO"},
        {OBS_EXCEEDS, NO_ACTA_NONE, "EXCEDE LISTA NOMINAL"},
        {OBS_NO_ACTA, NO_ACTA_NONE, "SIN ACTA"},
        {OBS_OUT_OF_CATALOGUE, NO_ACTA_NONE, "FUERA DE CATÁLOGO"},
        {OBS_OUT_OF_CATALOGUE | OBS_BLANK, NO_ACTA_NONE,
         "ALGÚN CAMPO ILEGIBLE O SIN DATO, FUERA DE CATÁLOGO"},
    };
    struct buf text;
    buf_init(&text, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        buf_clear(&text);
        judgement_print((struct judgement){.observations = rows[i].observations}, rows[i].reason, &text);
        assert_string_equal(buf_cstr(&text), rows[i].text);
    }
    buf_done(&text);
}

/* A clean sheet in the order of the acta: leftover, persons, representatives, drawn, written. */
static struct sheet clean(void)
{
    struct sheet sheet = sheet_of(number(0));
    sheet.votes[P1] = number(284);
    sheet.fields[FIELD_LEFTOVER] = number(432);
    sheet.fields[FIELD_VOTERS] = number(280);
    sheet.fields[FIELD_REPS] = number(4);
    sheet.fields[FIELD_DRAWN] = number(284);
    sheet.fields[FIELD_WRITTEN] = number(284);
    return sheet;
}

static void found(struct sheet sheet, uint32_t findings)
{
    assert_int_equal(sheet_findings(&sheet, ALL_COLUMNS, basic()), findings);
}

static void each_disagreement_is_found(void **unused)
{
    (void)unused;
    found(clean(), 0);
    struct sheet sheet = clean();
    sheet.fields[FIELD_WRITTEN] = number(285);
    found(sheet, 1U << FINDING_WRITTEN_DIFFERS);
    sheet = clean();
    sheet.fields[FIELD_DRAWN] = number(283);
    found(sheet, 1U << FINDING_DRAWN_DIFFERS | 1U << FINDING_VOTERS_DIFFER);
    sheet = clean();
    sheet.fields[FIELD_VOTERS] = number(284);
    found(sheet, 1U << FINDING_VOTERS_DIFFER);
    sheet = clean();
    sheet.fields[FIELD_LEFTOVER] = number(433);
    found(sheet, 1U << FINDING_LEFTOVER);
    sheet = clean();
    sheet.fields[FIELD_VOTERS] = number(267);
    sheet.fields[FIELD_REPS] = number(17);
    found(sheet, 1U << FINDING_REPS);
    sheet.fields[FIELD_VOTERS] = number(268);
    sheet.fields[FIELD_REPS] = number(16); /* as many as are accredited */
    found(sheet, 0);
    sheet = clean();
    sheet.votes[P2] = state(CELL_NA);
    found(sheet, 1U << FINDING_COLUMN_NA);
    sheet = clean();
    sheet.has_image = false;
    found(sheet, 1U << FINDING_NO_IMAGE);
    sheet = clean();
    sheet.votes[P1] = number(717);
    sheet.fields[FIELD_WRITTEN] = sheet.fields[FIELD_DRAWN] = number(717);
    sheet.fields[FIELD_VOTERS] = number(713);
    found(sheet, 1U << FINDING_EXCEEDS | 1U << FINDING_LEFTOVER);
    sheet = sheet_of(state(CELL_BLANK));
    found(sheet, 1U << FINDING_ALL_EMPTY);
}

static void fields_that_are_not_there_find_nothing(void **unused)
{
    (void)unused;
    for (int i = 0; i < SHEET_FIELDS; i++) {
        struct sheet sheet = clean();
        sheet.fields[i] = state(CELL_ILLEGIBLE);
        found(sheet, 0);
        sheet.fields[i] = state(CELL_BLANK);
        found(sheet, 0);
    }
    /* Forms of the modes have no box for representatives: persons alone are held against the ballots drawn.
     */
    struct sheet sheet = clean();
    sheet.fields[FIELD_REPS] = state(CELL_NA);
    found(sheet, 1U << FINDING_VOTERS_DIFFER);
    sheet.fields[FIELD_VOTERS] = number(284);
    found(sheet, 0);
}

static void unknown_ballots_find_nothing(void **unused)
{
    (void)unused;
    struct station station = station_of('B', 700, 0, 16);
    struct sheet sheet = clean();
    assert_int_equal(sheet_findings(&sheet, ALL_COLUMNS, &station), 0);
    station.ballots = 1;
    assert_int_equal(sheet_findings(&sheet, ALL_COLUMNS, &station), 1U << FINDING_LEFTOVER);
}

static void times_follow_each_other(void **unused)
{
    (void)unused;
    struct sheet sheet = clean();
    sheet.captured_ms = 999;
    found(sheet, 1U << FINDING_TIME_ORDER);
    sheet.origin = ORIGIN_CASILLA; /* the photo was taken again after its first capture */
    found(sheet, 0);
    sheet.verified_ms = 998;
    found(sheet, 1U << FINDING_TIME_ORDER);
    sheet = clean();
    sheet.captured_ms = sheet.verified_ms = sheet.received_ms;
    found(sheet, 0);
    sheet.received_ms = sheet.captured_ms = -1;
    found(sheet, 0);
}

static void every_finding_has_an_id_and_two_sentences(void **unused)
{
    (void)unused;
    for (int i = 1; i < FINDING_RULES; i++) {
        const struct finding_text *text = &finding_texts[i];
        assert_non_null(text->id);
        assert_true(strlen(text->id) > 3 && strlen(text->id) <= 40);
        assert_int_equal(strspn(text->id, "abcdefghijklmnopqrstuvwxyz-"), strlen(text->id));
        assert_int_equal(text->es[strlen(text->es) - 1], '.');
        assert_int_equal(text->en[strlen(text->en) - 1], '.');
        for (int k = 1; k < i; k++) {
            assert_string_not_equal(text->id, finding_texts[k].id);
        }
    }
}

static void the_rules_have_an_identity(void **unused)
{
    (void)unused;
    assert_true(span_starts(rules_identity(), SPAN("prep-rules/v1\n")));
}

/* Every state in every box of a form with three boxes, against the rules written out once more. */
static void all_small_sheets(void **unused)
{
    (void)unused;
    static const uint8_t states[] = {CELL_NUMBER, CELL_ILLEGIBLE, CELL_BLANK, CELL_NA};
    struct station station = station_of('B', 2, 0, 1);
    for (unsigned code = 0; code < 4 * 4 * 4 * 3 * 3 * 3; code++) {
        struct sheet sheet = {.n_votes = 3, .has_image = true};
        unsigned rest = code;
        unsigned sum = 0;
        bool seen[5] = {false};
        for (int i = 0; i < 3; i++) {
            sheet.votes[i].state = states[rest % 4];
            rest /= 4;
            seen[sheet.votes[i].state] = true;
        }
        for (int i = 0; i < 3; i++) {
            uint32_t value = rest % 3;
            rest /= 3;
            if (sheet.votes[i].state == CELL_NUMBER) {
                sheet.votes[i].value = value;
                sum += value;
            }
        }
        int observations = sum > 3 ? OBS_EXCEEDS : 0;
        if (!seen[CELL_NUMBER]) {
            observations |= OBS_ALL_EMPTY;
        } else {
            observations |= (seen[CELL_ILLEGIBLE] ? OBS_ILLEGIBLE : 0) | (seen[CELL_BLANK] ? OBS_BLANK : 0);
        }
        struct judgement judgement = sheet_judge(&sheet, 7, &station);
        assert_int_equal(judgement.observations, observations);
        assert_int_equal(judgement.counted, sum <= 3 && seen[CELL_NUMBER]);
        assert_int_equal(judgement.computed, sum);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leeme_6_votes_up_to_the_bound_count),
        cmocka_unit_test(leeme_37_one_vote_more_exceeds),
        cmocka_unit_test(leeme_37_special_stations_are_bound_by_ballots),
        cmocka_unit_test(modes_are_bound_by_their_own_list),
        cmocka_unit_test(leeme_37_exceeds_prevails_and_combines),
        cmocka_unit_test(leeme_6_one_legible_datum_is_enough),
        cmocka_unit_test(a_legible_zero_is_a_datum),
        cmocka_unit_test(leeme_37_all_illegible_or_blank_is_not_counted),
        cmocka_unit_test(all_not_applicable_is_not_counted),
        cmocka_unit_test(cells_of_other_columns_give_no_datum_but_add_up),
        cmocka_unit_test(leeme_37_without_acta_for_each_reason),
        cmocka_unit_test(leeme_3_and_38_out_of_catalogue),
        cmocka_unit_test(leeme_8_inconsistencies),
        cmocka_unit_test(leeme_37_legends),
        cmocka_unit_test(each_disagreement_is_found),
        cmocka_unit_test(fields_that_are_not_there_find_nothing),
        cmocka_unit_test(unknown_ballots_find_nothing),
        cmocka_unit_test(times_follow_each_other),
        cmocka_unit_test(every_finding_has_an_id_and_two_sentences),
        cmocka_unit_test(the_rules_have_an_identity),
        cmocka_unit_test(all_small_sheets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
