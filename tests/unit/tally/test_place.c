/* Station keys (LEEME-G 1) and the most votes a table can hold (LEEME-G 6). */
#include "tally/place.h"

#include "example.h"

static void a_key_is_taken_apart(void **unused)
{
    (void)unused;
    struct station station = {0};
    uint16_t entity = 0;
    assert_int_equal(station_parse_key(SPAN("090001C0100"), &station, &entity), OK);
    assert_int_equal(entity, 9);
    assert_int_equal(station.section, 1);
    assert_int_equal(station.type, 'C');
    assert_int_equal(station.number, 1);
    assert_int_equal(station.extension, 0);
    assert_string_equal(station.key, "090001C0100");
    assert_int_equal(station_parse_key(SPAN("325554E9912"), &station, &entity), OK);
    assert_int_equal(entity, 32);
    assert_int_equal(station.section, 5554);
    assert_int_equal(station.number, 99);
    assert_int_equal(station.extension, 12);
}

static void every_type_is_known(void **unused)
{
    (void)unused;
    for (const char *type = STATION_TYPES; *type != '\0'; type++) {
        char key[] = "090001?0100";
        key[6] = *type;
        struct station station = {0};
        uint16_t entity = 0;
        assert_int_equal(station_parse_key(span_str(key), &station, &entity), OK);
        assert_int_equal(station.type, *type);
    }
}

static void other_spellings_are_refused(void **unused)
{
    (void)unused;
    static const char *const wrong[] = {"",
                                        "090001C010",
                                        "090001C01000",
                                        "090001c0100",
                                        "090001X0100",
                                        "09000 C0100",
                                        "-90001C0100",
                                        "0900O1C0100",
                                        "090001C01 0",
                                        "E9000100100",
                                        "090001C+100"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct station station = {.section = 77};
        uint16_t entity = 77;
        assert_int_equal(station_parse_key(span_str(wrong[i]), &station, &entity), ERR_SYNTAX);
        assert_int_equal(station.section, 77);
        assert_int_equal(entity, 77);
    }
    struct station station = {0};
    uint16_t entity = 0;
    assert_int_equal(station_parse_key(span_of("090001\0"
                                               "0100",
                                               11),
                                       &station, &entity),
                     ERR_SYNTAX);
}

static void ordinary_tables_hold_list_and_representatives(void **unused)
{
    (void)unused;
    for (const char *type = "BCEU"; *type != '\0'; type++) {
        struct station station = station_of(*type, 700, 5000, 16);
        assert_int_equal(station_bound(&station), 716);
        assert_false(station_is_special(&station));
        assert_false(station_is_mode(&station));
    }
}

static void special_tables_hold_ballots_and_representatives(void **unused)
{
    (void)unused;
    struct station special = station_of('S', 0, 1000, 20);
    assert_int_equal(station_bound(&special), 1020);
    assert_true(station_is_special(&special));
    struct station urn = station_of('U', 0, 1000, 20);
    assert_int_equal(station_bound(&urn), 1020);
    assert_true(station_is_special(&urn));
}

static void modes_hold_their_own_list_alone(void **unused)
{
    (void)unused;
    for (const char *type = "MAP"; *type != '\0'; type++) {
        struct station station = station_of(*type, 76649, 80000, 7);
        assert_int_equal(station_bound(&station), 76649);
        assert_true(station_is_mode(&station));
        assert_false(station_is_special(&station));
    }
}

static void a_bound_never_wraps(void **unused)
{
    (void)unused;
    struct station station = station_of('B', UINT32_MAX, 0, 3);
    assert_int_equal(station_bound(&station), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_taken_apart),
        cmocka_unit_test(every_type_is_known),
        cmocka_unit_test(other_spellings_are_refused),
        cmocka_unit_test(ordinary_tables_hold_list_and_representatives),
        cmocka_unit_test(special_tables_hold_ballots_and_representatives),
        cmocka_unit_test(modes_hold_their_own_list_alone),
        cmocka_unit_test(a_bound_never_wraps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
