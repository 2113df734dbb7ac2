/* The small rules of the cut: when one is due, what stays on disk, what is signed, what rows add up to. */
#include "base/codec.h"
#include "cut/keep.h"
#include "cut/rows.h"
#include "cut/schedule.h"
#include "cut/signer.h"
#include "os/packet.h"
#include "os/sock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void test_schedule(void **state)
{
    (void)state;
    const struct schedule schedule = {.opening_ms = 1000, .closing_ms = 10500, .cadence_ms = 1000};
    static const struct {
        int64_t last, now, due;
    } rows[] = {
        {INT64_MIN, 999, -1}, {INT64_MIN, 1000, 1000}, {INT64_MIN, 1999, 1000}, {1000, 1999, -1},
        {1000, 2000, 2000},   {1000, 7300, 7000}, /* what was missed is not made up for */
        {10000, 10400, -1},   {10000, 10500, 10500},   {9000, 99999, 10500},    {10500, 99999, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(schedule_due(&schedule, rows[i].last, rows[i].now), rows[i].due);
    }
    assert_int_equal(schedule_next(&schedule, 0), 1000);
    assert_int_equal(schedule_next(&schedule, 1000), 2000);
    assert_int_equal(schedule_next(&schedule, 9999), 10000);
    assert_int_equal(schedule_next(&schedule, 10000), 10500);
    assert_int_equal(schedule_next(&schedule, 10500), -1);
}

static void test_keep(void **state)
{
    (void)state;
    const struct keep_rule rule = {.cuts = 12, .every = 30};
    unsigned stay = 0;
    for (uint32_t n = 0; n <= 1440; n++) {
        stay += keep_stays(&rule, n, 1440);
    }
    assert_int_equal(stay, 12 + 48); /* a night of 1,440 cuts keeps sixty bodies */
    assert_true(keep_stays(&rule, 0, 1440) && keep_stays(&rule, 1429, 1440));
    assert_false(keep_stays(&rule, 1428, 1440));
    struct kept kept[] = {{.number = 30}, {.number = 60}};
    uint32_t packages[] = {5, 20, 26, 40, 55, 58};
    struct keep keep = {.rule = rule, .kept = kept, .n = 2, .packages = packages, .n_packages = 6};
    assert_false(keep_package_stays(&keep, 5));
    assert_true(keep_package_stays(&keep, 20) && keep_package_stays(&keep, 26));
    assert_false(keep_package_stays(&keep, 40));
    assert_true(keep_package_stays(&keep, 55) && keep_package_stays(&keep, 58));
}

/* The sign role was so slow that its answer for cut 1 is still in the channel when cut 2 is asked for. */
static void test_a_late_answer_is_not_the_next_ones(void **state)
{
    (void)state;
    int pair[2];
    struct buf note = {0};
    struct buf minisig = {0};
    struct why why = {{0}};
    assert_int_equal(sock_pair(pair), OK);
    assert_int_equal(packet_give(pair[1], SPAN("ok 5 1")), OK);
    assert_int_equal(packet_give_long(pair[1], SPAN("one\n\n")), OK);
    assert_int_equal(packet_give_long(pair[1], SPAN("-")), OK);
    assert_int_equal(signer_ask(pair[0], SPAN("two\n"), &note, &minisig, &why), ERR_CONFLICT);
    assert_int_equal(packet_give(pair[0], SPAN("keys")), ERR_IO);
    close(pair[0]), close(pair[1]);
    assert_int_equal(sock_pair(pair), OK);
    assert_int_equal(packet_give(pair[1], SPAN("error sign: cut 1 after cut 2 was signed")), OK);
    assert_int_equal(signer_ask(pair[0], SPAN("two\n"), &note, &minisig, &why), ERR_REFUSED);
    assert_int_equal(packet_give(pair[0], SPAN("keys")), OK); /* a refusal is an answer */
    close(pair[0]), close(pair[1]);
    buf_done(&note), buf_done(&minisig);
}

#define HEAD "prep-manifest/v1\norigin a/b\ncut "

static enum err ask(const struct signer_state *state, const char *text, struct signer_state *next)
{
    struct why why = {{0}};
    return signer_allows(state, span_str(text), "a/b", next, &why);
}

static void test_signer_never_goes_back(void **state)
{
    (void)state;
    struct signer_state at = {0};
    struct signer_state next = {0};
    assert_int_equal(ask(&at, HEAD "0\n", &at), OK);
    assert_int_equal(ask(&at, HEAD "5\ntime x\n", &at), OK);
    assert_int_equal(ask(&at, HEAD "4\n", &next), ERR_REFUSED);
    assert_int_equal(ask(&at, HEAD "5\ntime y\n", &next), ERR_REFUSED); /* another text of the same cut */
    assert_int_equal(ask(&at, HEAD "5\ntime x\n", &next), OK); /* the same once more, after a crash */
    assert_int_equal(ask(&at, HEAD "6\n", &next), OK);
    static const char *const hostile[] = {"",
                                          "\n",
                                          "x",
                                          HEAD "6",
                                          HEAD "06\n",
                                          HEAD "-1\n",
                                          HEAD "4294967296\n",
                                          "prep-manifest/v1\norigin a/c\ncut 6\n",
                                          "prep-manifest/v1\ncut 6\n",
                                          "prep-manifest/v2\norigin a/b\ncut 6\n",
                                          "prep-manifest/v1\n"};
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        assert_int_not_equal(ask(&at, hostile[i], &next), OK);
    }
}

static void test_signer_memory(void **state)
{
    (void)state;
    struct signer_state at = {0};
    struct signer_state back = {0};
    struct buf text = {0};
    assert_int_equal(ask(&at, HEAD "5\n", &at), OK);
    signer_state_print(&at, &text);
    assert_int_equal(signer_state_parse(buf_as_span(&text), &back), OK);
    assert_int_equal(back.cut, 5);
    assert_memory_equal(back.text, at.text, sizeof at.text);
    for (size_t len = 0; len < text.len; len++) {
        assert_int_not_equal(signer_state_parse(span_of(text.at, len), &back), OK);
    }
    buf_done(&text);
}

#define ROW(key, state, votes)                                                                               \
    "<tr id=\"" key "\"><th scope=\"row\">" key "</th><td>1</td><td>" state                                  \
    "</td><td class=\"obs\">--</td><td>7</td><td>8</td><td>" votes "</td><td>600</td></tr>\n"

static void test_rows(void **state)
{
    (void)state;
    struct row_sums sums;
    struct why why = {{0}};
    static const char page[] = "<table>\n" ROW("a", "Contabilizada <i lang=\"en\">Counted</i>", "1,234")
        ROW("b", "No contabilizada", "99") ROW("c", "<strong>En revisión</strong>", "5") ROW(
            "d", "Fuera de catálogo",
            "6") "<tr id=\"e\" class=\"none\"><th>e</th><td>1</td><td colspan=\"9\">Sin acta todavía</td></tr>\n</table>\n";
    assert_int_equal(rows_sum(span_str(page), 2, &sums, &why), OK);
    assert_int_equal(sums.captured, 2);
    assert_int_equal(sums.counted, 1);
    assert_int_equal(sums.votes, 1234);
    assert_int_equal(sums.outside, 1);
    assert_int_equal(sums.in_review, 1);
    static const char torn[] = "<tr id=\"f\"><th>f</th><td>1</td><td>Contabilizada</td></tr>\n";
    assert_int_equal(rows_sum(span_str(torn), 2, &sums, &why), ERR_SYNTAX);
    assert_non_null(strstr(why.text, "row of f"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule),
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_a_late_answer_is_not_the_next_ones),
        cmocka_unit_test(test_signer_never_goes_back),
        cmocka_unit_test(test_signer_memory),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
