/* What /flow says: one event with everything, the same id for the same words, and nothing half written. */
#include "edge/flow_note.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const struct flow_facts usual = {
    .cut = {.has_cut = 1, .cut = 12, .time_ms = INT64_C(1812340800000), .next_ms = -1, .drill = 1},
    .mode = "normal",
    .code = "",
    .notice_ms = -1,
    .stages = {.known = true, .fresh = true, .expected = 100, .received = 9, .captured = 7, .verified = 5},
};

static const char *said(const struct flow_facts *facts)
{
    static struct flow_event event;
    flow_event_print(facts, &event);
    assert_int_equal(event.len, strlen(event.text));
    return event.text;
}

static void test_one_event(void **state)
{
    (void)state;
    const char *text = said(&usual);
    assert_memory_equal(text, "id: ", 4);
    assert_string_equal(
        strchr(text, '\n') + 1,
        "data: {\"format\":1,\"cut\":12,\"path\":\"cut/12/\",\"cut_time\":\"2027-06-07T04:00:00Z\","
        "\"next\":null,\"last\":false,\"drill\":true,\"mode\":\"normal\",\"code\":null,\"feed\":null,\"notice\":null,"
        "\"stages\":{\"expected\":100,\"received\":9,\"captured\":7,\"verified\":5,\"fresh\":true}}"
        "\n\n");
}

static void test_the_id_is_of_the_words(void **state)
{
    (void)state;
    struct flow_event one, two;
    struct flow_facts other = usual;
    flow_event_print(&usual, &one);
    flow_event_print(&usual, &two);
    assert_memory_equal(one.id, two.id, FLOW_ID_LEN);
    assert_memory_equal(one.text + 4, one.id, FLOW_ID_LEN);
    other.stages.received++;
    flow_event_print(&other, &two);
    assert_memory_not_equal(one.id, two.id, FLOW_ID_LEN);
}

static void test_the_longest_fits(void **state)
{
    (void)state;
    struct flow_facts facts = usual;
    facts.cut.cut = UINT32_MAX;
    facts.cut.last = 1;
    facts.cut.next_ms = facts.cut.time_ms;
    facts.code = "ABCD-EFGH-2345-WXYZ";
    facts.feed = FEED_CONFLICT;
    facts.notice_ms = facts.cut.time_ms;
    facts.stages = (struct flow_stages){true, false, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    assert_true(strlen(said(&facts)) < FLOW_TEXT_MAX - 200);
}

static void test_nothing_of_the_ingest_before_its_hour(void **state)
{
    (void)state;
    struct flow_facts facts = usual;
    facts.cut.cut = 0;
    assert_non_null(strstr(said(&facts), "\"stages\":null"));
    facts.cut.has_cut = 0;
    assert_non_null(strstr(said(&facts), "\"cut\":null,\"path\":null,\"cut_time\":null"));
    assert_non_null(strstr(said(&facts), "\"stages\":null"));
}

static void test_a_stage_shows_no_more_than_the_one_before(void **state)
{
    (void)state;
    struct flow_facts facts = usual;
    facts.stages.received = 3;
    assert_non_null(strstr(said(&facts), "\"received\":3,\"captured\":3,\"verified\":3"));
    facts.stages.verified = 2;
    assert_non_null(strstr(said(&facts), "\"captured\":3,\"verified\":2"));
}

static void test_stages_of_a_status_file(void **state)
{
    (void)state;
    struct flow_stages stages;
    static const char file[] = "status/v1\nprogram cut\nstate running\ntime 2027-06-07T02:00:00Z\n"
                               "since 2027-06-07T02:00:00Z\nalarm -\nexpected 12\nreceived_total 9\n"
                               "captured_total 7\nverified_total 5\n";
    flow_stages_parse(span_str(file), true, &stages);
    assert_true(stages.known && stages.fresh && stages.expected == 12 && stages.received == 9);
    assert_true(stages.captured == 7 && stages.verified == 5);
    for (size_t len = 0; len < strlen(file) - strlen("captured_total 7\nverified_total 5\n") - 1; len++) {
        flow_stages_parse(span_of(file, len), true, &stages);
        assert_false(stages.known);
    }
}

static void test_half_a_note_is_none(void **state)
{
    (void)state;
    static struct flow_note note;
    struct flow_event event, found;
    flow_event_print(&usual, &event);
    flow_note_write(&note, &event);
    assert_true(flow_note_read(&note, &found));
    assert_memory_equal(&event, &found, sizeof event);
    atomic_fetch_add(&note.round, 1); /* its writer died here */
    assert_false(flow_note_read(&note, &found));
    flow_note_write(&note, &event); /* and the next goes on */
    assert_true(flow_note_read(&note, &found));
    note.event.len = FLOW_TEXT_MAX; /* whatever stands there: it is no event */
    assert_false(flow_note_read(&note, &found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_event),
        cmocka_unit_test(test_the_id_is_of_the_words),
        cmocka_unit_test(test_the_longest_fits),
        cmocka_unit_test(test_nothing_of_the_ingest_before_its_hour),
        cmocka_unit_test(test_a_stage_shows_no_more_than_the_one_before),
        cmocka_unit_test(test_stages_of_a_status_file),
        cmocka_unit_test(test_half_a_note_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
