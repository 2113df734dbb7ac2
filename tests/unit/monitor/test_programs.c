/* Status files as metrics: units, kinds and names as Prometheus wants them, whatever lies in the folder. */
#include "monitor/programs.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "state running\ntime 2027-06-07T02:31:07Z\nsince 2027-06-07T02:00:00Z\nalarm -\npid 4711\n"

static char dir[] = "/tmp/atalaya-monitor-XXXXXX";

static void put(const char *name, const char *text)
{
    char path[FILE_PATH_MAX];
    assert_int_equal(file_write(path_join(path, dir, name), span_str(text), false, NULL), OK);
}

static bool says(struct buf *out, const char *line)
{
    return strstr(buf_cstr(out), line) != NULL;
}

static void print(struct buf *out)
{
    static struct programs programs;
    const char *const folders[] = {dir, "/nowhere/at/all"};
    programs_init(&programs);
    programs_read(&programs, folders, 2);
    buf_init(out, 0);
    programs_print(&programs, out);
    programs_done(&programs);
}

static void test_pairs_become_families(void **state)
{
    (void)state;
    struct buf out;
    put("cut",
        "status/v1\nprogram cut\n" HEAD "build_ms 1234\noldest_pending_s 95\nreceived_total 40541\ncut 12\n"
        "next 2027-06-07T02:40:00Z\ndisk_free_bytes 77\nfeed -\nlast en marcha\n");
    put("mirror-1", "status/v1\nprogram mirror-1\n" HEAD "cut 11\nfeed ok\nlag_s 3\nlag_ms 4000\n");
    print(&out);
    assert_true(says(&out, "atalaya_program_up{program=\"cut\"} 1\n"));
    assert_true(says(&out, "atalaya_program_state{program=\"cut\",state=\"running\"} 1\n"));
    assert_true(says(&out, "atalaya_program_state{program=\"cut\",state=\"degraded\"} 0\n"));
    assert_true(says(
        &out,
        "# TYPE atalaya_status_build_seconds gauge\natalaya_status_build_seconds{program=\"cut\"} 1.234\n"));
    assert_true(says(&out, "atalaya_status_oldest_pending_seconds{program=\"cut\"} 95\n"));
    assert_true(says(&out, "# TYPE atalaya_status_received_total counter\n"));
    assert_true(says(&out, "# TYPE atalaya_status_cut untyped\natalaya_status_cut{program=\"cut\"} 12\n"
                           "atalaya_status_cut{program=\"mirror-1\"} 11\n"));
    assert_true(says(&out, "atalaya_status_next_timestamp_seconds{program=\"cut\"} 1812336000.000\n"));
    assert_true(says(&out, "atalaya_status_word{program=\"mirror-1\",name=\"feed\",value=\"ok\"} 1\n"));
    assert_true(says(&out, "atalaya_status_lag_seconds{program=\"mirror-1\"} 4.000\n"));
    assert_false(says(&out, "en marcha")); /* no word */
    assert_null(
        strstr(strstr(buf_cstr(&out), "atalaya_status_lag_seconds{") + 1, "atalaya_status_lag_seconds{"));
    buf_done(&out);
}

static void test_what_is_no_status_is_counted(void **state)
{
    (void)state;
    struct buf out;
    put("junk", "no status at all");
    put("empty", "");
    put("cut.tmp", "half a fi");
    put("twin", "status/v1\nprogram cut\n" HEAD);
    put("sick",
        "status/v1\nprogram sick\nstate degraded\ntime 2027-06-07T02:31:07Z\nsince 2027-06-07T02:00:00Z\n"
        "alarm se acaba el disco\n");
    print(&out);
    assert_true(says(&out, "atalaya_program_files_unreadable 3\n"));
    assert_true(says(&out, "atalaya_program_alarm{program=\"sick\"} 1\n"));
    assert_true(says(&out, "atalaya_program_alarm{program=\"mirror-1\"} 0\n"));
    buf_done(&out);
}

static void test_more_programs_than_fit(void **state)
{
    (void)state;
    struct buf out;
    char name[32], text[300];
    for (int i = 0; i < PROGRAMS_MAX + 5; i++) {
        snprintf(name, sizeof name, "p%03d", i);
        snprintf(text, sizeof text, "status/v1\nprogram p%03d\n" HEAD, i);
        put(name, text);
    }
    print(&out);
    assert_false(says(&out, "atalaya_program_files_unreadable 0\n"));
    buf_done(&out);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    return folder_remove(dir, NULL) == OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_become_families),
        cmocka_unit_test(test_what_is_no_status_is_counted),
        cmocka_unit_test(test_more_programs_than_fit),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
