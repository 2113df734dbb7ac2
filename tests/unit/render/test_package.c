/* The one dialect against its golden files (tests/vectors/package/). */
#include "ledger_text.h"

#include "render/package.h"

#include <stdio.h>
#include <stdlib.h>

static const struct cut_facts facts = {.number = 7, .time_ms = INT64_C(1812338400000), .package_ms = -1};

static void compare(const char *name, const struct buf *given)
{
    char path[256];
    struct buf golden = {0};
    struct why why = {{0}};
    snprintf(path, sizeof path, "tests/vectors/package/%s", name);
    if (getenv("ATALAYA_WRITE_GOLDEN") != NULL) { /* writes them anew: then they are read by a person */
        assert_int_equal(file_write(path, buf_as_span(given), false, &why), OK);
    }
    assert_int_equal(file_read(path, 1 << 22, &golden, &why), OK);
    if (!span_equal(buf_as_span(&golden), buf_as_span(given))) {
        fail_msg("%s is not its golden file", name);
    }
    buf_done(&golden);
}

static void test_golden(void **state)
{
    (void)state;
    struct election election;
    struct fold *fold;
    struct buf out = {0};
    char name[64];
    election_small(&election);
    assert_int_equal(fold_new(&election, &fold), OK);
    ledger_text_apply(fold, "tests/vectors/package/ledger.txt");
    assert_int_equal(fold->n_in_review, 0); /* the vector's own judgements are the rules' */
    for (uint32_t c = 0; c < election.n_contests; c++) {
        snprintf(name, sizeof name, "EJE_%.*s_2027.csv", SPAN_ARG(election.contests[c].code));
        buf_clear(&out);
        render_csv(fold, c, &facts, &out);
        compare(name, &out);
        snprintf(name, sizeof name, "EJE_%.*s_CANDIDATURAS_2027.csv", SPAN_ARG(election.contests[c].code));
        buf_clear(&out);
        render_candidacies_csv(fold, c, &out);
        compare(name, &out);
        snprintf(name, sizeof name, "leeme_%.*s.txt", SPAN_ARG(election.contests[c].code));
        buf_clear(&out);
        render_leeme(fold, c, &out);
        compare(name, &out);
    }
    buf_done(&out);
    fold_free(fold);
    election_done(&election);
}

/* The last cut has the special stations in its participation, the others have not. */
static void test_last_cut(void **state)
{
    (void)state;
    struct election election;
    struct fold *fold;
    struct buf calm = {0}, last = {0};
    struct cut_facts end = facts;
    end.last = true;
    election_small(&election);
    assert_int_equal(fold_new(&election, &fold), OK);
    ledger_text_apply(fold, "tests/vectors/package/ledger.txt");
    render_csv(fold, 0, &facts, &calm);
    render_csv(fold, 0, &end, &last);
    assert_false(span_equal(buf_as_span(&calm), buf_as_span(&last)));
    buf_done(&calm), buf_done(&last);
    fold_free(fold);
    election_done(&election);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_last_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
