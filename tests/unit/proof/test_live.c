/* A tree that is published while it is examined: what moves, which findings may be of the moment and which last, and what the
 * report makes of them. */
#include "folder.h"

#include "proof/exam.h"

#include <stdio.h>

static void put_pointer(const struct folder *folder, int cut, bool last)
{
    char text[1024];
    int len = snprintf(
        text, sizeof text,
        "{\"format\":1,\"cut\":%d,\"path\":\"cut/%d/\",\"time\":\"2027-06-07T02:20:00Z\",\"next\":null,"
        "\"last\":%s,\"drill\":false,\"log_size\":4,\"manifest_sha256\":\"%064d\",\"package\":null,"
        "\"contests\":{\"jg\":{\"expected\":9,\"captured\":8,\"counted\":7,\"votes\":6}}}",
        cut, cut, last ? "true" : "false", 0);
    folder_put(folder, "latest.json", span_of(text, (size_t)len));
}

/* An examination of what the folder shows now. */
static struct exam *begin(const struct folder *folder)
{
    static const struct proof_options options = {.where = "tree", .wait_s = PROOF_WAIT_S};
    struct exam *exam = calloc(1, sizeof *exam);
    assert_non_null(exam);
    exam->options = &options;
    exam->source = folder_source(folder);
    exam->signer = -1;
    arena_init(&exam->arena, 1 << 20);
    assert_int_equal(source_read(exam->source, "latest.json", LATEST_BYTES_MAX, &exam->pointer, NULL), OK);
    assert_int_equal(latest_parse(buf_as_span(&exam->pointer), &exam->latest, NULL), OK);
    return exam;
}

static void end(struct exam *exam)
{
    source_close(exam->source);
    buf_done(&exam->pointer);
    buf_done(&exam->checkpoint);
    buf_done(&exam->file);
    arena_done(&exam->arena);
    free(exam->found);
    free(exam);
}

static void what_moves(void **state)
{
    (void)state;
    struct folder folder;
    folder_begin(&folder);
    put_pointer(&folder, 5, false);
    struct exam *exam = begin(&folder);
    assert_false(exam_moves(exam));
    assert_int_equal(exam_cut_now(exam), 5);
    exam->waits = true; /* something seen may be on its way */
    assert_true(exam_moves(exam));
    exam->waits = false;
    folder_put(&folder, "log/checkpoint", SPAN("a note\n"));
    assert_true(exam_moves(exam)); /* there was none */
    buf_str(&exam->checkpoint, "a note\n");
    assert_false(exam_moves(exam));
    folder_put(&folder, "cut/6/manifest", SPAN("the next one\n"));
    assert_true(exam_moves(exam)); /* it is coming, before the pointer shows it */
    put_pointer(&folder, 6, false);
    assert_int_equal(exam_cut_now(exam), 6);
    put_pointer(&folder, 4, false);
    assert_true(exam_moves(exam));
    assert_int_equal(exam_cut_now(exam), 5); /* an older one is none */
    folder_put(&folder, "latest.json", SPAN("{}"));
    assert_int_equal(exam_cut_now(exam), 5);
    end(exam);
    folder_end(&folder);
}

static void what_is_replaced_with_each_cut(void **state)
{
    (void)state;
    static const char *const lasting[] = {"cut/5/manifest",  "chunk/1.html", "a/1",
                                          "package/5/x.zip", "acta/1",       "log/checkpoint"};
    static const char *const replaced[] = {"latest.json", "index.html", "jg/index.html", "cutting/x",
                                           "en/index.html.gz"};
    for (size_t i = 0; i < sizeof lasting / sizeof *lasting; i++) {
        assert_false(exam_replaced(span_str(lasting[i])));
    }
    for (size_t i = 0; i < sizeof replaced / sizeof *replaced; i++) {
        assert_true(exam_replaced(span_str(replaced[i])));
    }
}

/* One turn: three findings, of a page of the moment, of a proof that may be on its way, and of what never changes. */
static void find_three(struct exam *exam)
{
    exam_find(exam, RULE_HASH, "index.html", "%s", "another page");
    exam_find(exam, RULE_MISSING, "log/cut-5.tlog-proof", "%s", "not there");
    exam_find(exam, RULE_HASH, "cut/5/jg.json", "%s", "other bytes");
}

static void a_finding_lasts_when_it_is_seen_twice(void **state)
{
    (void)state;
    struct folder folder;
    struct exam_before before = {{0}, 0, 0};
    folder_begin(&folder);
    put_pointer(&folder, 5, false);
    struct exam *exam = begin(&folder);
    find_three(exam);
    exam_keep_lasting(exam, &before); /* nothing was seen before: all may be of the moment */
    assert_int_equal(exam->n_found, 0);
    find_three(exam);
    exam_remember(exam, &before);
    exam_keep_lasting(exam, &before); /* the pointer stands still: all three last */
    assert_int_equal(exam->n_found, 3);
    put_pointer(&folder, 6, false);
    exam_keep_lasting(exam, &before); /* it moved: only what no cut replaces */
    assert_int_equal(exam->n_found, 1);
    assert_true(span_is(exam->found[0].path, "cut/5/jg.json"));
    buf_clear(&before.lines);
    exam_find(exam, RULE_TWIN, "cut/5/jg.json", "%s", "another rule of the same file");
    exam_remember(exam, &before);
    exam->found[0].rule = RULE_FOREIGN; /* not the same finding as before */
    exam_keep_lasting(exam, &before);
    assert_int_equal(exam->n_found, 1);
    assert_int_equal(exam->found[0].rule, RULE_TWIN);
    buf_done(&before.lines);
    end(exam);
    folder_end(&folder);
}

static bool is_page(void *arg, struct span path)
{
    (void)arg;
    return span_ends(path, SPAN(".html"));
}

static void some_are_forgotten(void **state)
{
    (void)state;
    struct folder folder;
    folder_begin(&folder);
    put_pointer(&folder, 5, false);
    struct exam *exam = begin(&folder);
    exam_find(exam, RULE_RENDER, "a.html", "%s", "of before");
    for (int i = 0; i < 200; i++) { /* more than the first room */
        char path[32];
        (void)snprintf(path, sizeof path, "%d%s", i, i % 2 == 0 ? ".html" : ".json");
        exam_find(exam, RULE_RENDER, path, "number %d", i);
    }
    exam_forget(exam, 1, is_page, NULL);
    assert_int_equal(exam->n_found, 101);
    assert_true(span_is(exam->found[0].path, "a.html")); /* it lies before where to begin */
    assert_true(span_is(exam->found[100].path, "199.json"));
    assert_true(span_is(exam->found[100].sentence, "number 199"));
    end(exam);
    folder_end(&folder);
}

static void check_report(struct exam *exam, const char *json, const char *text)
{
    struct buf out = {0};
    exam_report_json(exam, &out);
    if (strstr(buf_cstr(&out), json) == NULL) {
        fail_msg("%s\n has not: %s", buf_cstr(&out), json);
    }
    buf_clear(&out);
    exam_report(exam, &out);
    if (strstr(buf_cstr(&out), text) == NULL) {
        fail_msg("%s\n has not: %s", buf_cstr(&out), text);
    }
    buf_done(&out);
}

/* Only a pinned log, or a key bound to it, makes a verdict "verified"; one finding undoes it. */
static void verdicts(void **state)
{
    (void)state;
    struct folder folder;
    folder_begin(&folder);
    put_pointer(&folder, 5, false);
    struct exam *exam = begin(&folder);
    check_report(exam, "\"verdict\":\"consistent, key not pinned\",\"pinned\":false",
                 "consistente, clave no fijada");
    check_report(exam, "\"log\":null", "there is no checkpoint");
    exam->pinned = true;
    check_report(exam, "\"verdict\":\"consistent, the pinned log does not cover this cut yet\"", "no abarca");
    exam->signer = 0;
    exam->n_keys = 1;
    exam->key_origins[0] = KEY_NAMED; /* the site's own word is none */
    check_report(exam, "does not cover this cut yet", "no abarca");
    exam->key_origins[0] = KEY_BOUND;
    check_report(exam, "does not cover this cut yet", "no abarca"); /* bound by a log that nobody signed */
    exam->has_checkpoint = true;
    check_report(exam, "\"verdict\":\"verified\"", "✓ verificado");
    exam->key_origins[0] = KEY_NAMED;
    exam->entry_in_log = true;
    check_report(exam, "\"verdict\":\"verified\"", "is not bound to the log");
    exam_find(exam, RULE_ROW, "cut/5/jg.json", "%s", "not \"this\" row");
    check_report(exam, "\"verdict\":\"inconsistent\"", "✗ INCONSISTENTE");
    check_report(exam, "{\"rule\":\"row\",\"path\":\"cut/5/jg.json\",\"sentence\":\"not \\\"this\\\" row\"}",
                 "not \"this\" row");
    for (int i = 0; i < EXAM_SHOWN_MAX + 5; i++) {
        exam_find(exam, RULE_FIGURE, "cut/5/jg.json", "%d", i);
    }
    check_report(exam, "\"findings_total\":206", "… 6 más / more");
    end(exam);
    folder_end(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_moves),
        cmocka_unit_test(what_is_replaced_with_each_cut),
        cmocka_unit_test(a_finding_lasts_when_it_is_seen_twice),
        cmocka_unit_test(some_are_forgotten),
        cmocka_unit_test(verdicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
