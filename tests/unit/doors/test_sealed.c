/* One spelling a sealed site; every other is refused with the line; what differs is told apart. */
#include "doors/sealed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define H "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEAD                                                                                                 \
    "prep-site/v1\nname instituto.example.mx/sitio\nversion 1\ntime 2027-06-07T02:20:00Z\nprevious -\n"
#define FILE_ "file 0644 1717380862000000001 " H " 0 "

static const char good[] = HEAD "entries 5\nfolder 0755 css\n" FILE_ "css-x\n" FILE_
                                "css/a.css\nlink ../otro%20lado css/b\n" FILE_ "p%C3%A1gina%25.html\n";

static void test_round(void **state)
{
    (void)state;
    struct sealed sealed;
    struct buf out = {0};
    struct why why = {{0}};
    assert_int_equal(sealed_parse(span_str(good), &sealed, &why), OK);
    assert_int_equal(sealed.n_entries, 5);
    assert_int_equal(sealed.version, 1);
    const struct sealed_entry *file = sealed_find(&sealed, SPAN("p\xc3\xa1gina%.html"));
    assert_non_null(file);
    assert_int_equal(file->mode, 0644);
    assert_true(file->mtime_ns == INT64_C(1717380862000000001));
    assert_true(span_is(sealed_find(&sealed, SPAN("css/b"))->target, "../otro lado"));
    assert_null(sealed_find(&sealed, SPAN("css/c")));
    sealed_print(&sealed, &out);
    assert_true(span_equal(buf_as_span(&out), span_str(good)));
    buf_done(&out);
    sealed_done(&sealed);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "line 1: the text ends too early"},
        {"prep-site/v2\n", "line 1"},
        {"prep-site/v1 \n", "line 1: not a sealed site of version 1"},
        {"prep-site-mode/v1\n", "line 1"},
        {"prep-site/v1\nname a+b\n", "line 2: a name"},
        {"prep-site/v1\nname \n", "line 2: a name"},
        {"prep-site/v1\nname a\nversion 0\n", "line 3: the version"},
        {"prep-site/v1\nname a\nversion 01\n", "line 3: the version"},
        {"prep-site/v1\nname a\nversion 1\ntime 2027-02-30T02:20:00Z\n", "line 4: the time"},
        {"prep-site/v1\nname a\nversion 2\ntime 2027-06-07T02:20:00Z\nprevious -\n",
         "line 5: only version 1"},
        {"prep-site/v1\nname a\nversion 1\ntime 2027-06-07T02:20:00Z\nprevious " H "\n",
         "line 5: only version 1"},
        {HEAD "entries 200001\n", "line 6: the number of entries"},
        {HEAD "entries 1\n", "line 7: the text ends too early"},
        {HEAD "entries 0\nfolder 0755 a\n", "line 7: the text goes on"},
        {HEAD "entries 1\npipe 0755 a\n", "line 7: \"folder \""},
        {HEAD "entries 1\nfolder 755 a\n", "four octal digits"},
        {HEAD "entries 1\nfolder 0788 a\n", "four octal digits"},
        {HEAD "entries 1\nfolder 0755 a", "ends too early"},
        {HEAD "entries 1\nfolder 0755\n", "a path is names"},
        {HEAD "entries 1\nfolder 0755 \n", "a path is names"},
        {HEAD "entries 1\nfolder 0755 /etc\n", "a path is names"},
        {HEAD "entries 1\nfolder 0755 a/\n", "a path is names"},
        {HEAD "entries 1\nfolder 0755 a//b\n", "a path is names"},
        {HEAD "entries 1\nfolder 0755 ..\n", "a path is names"},
        {HEAD "entries 2\nfolder 0755 a\nfolder 0755 a/../b\n", "a path is names"},
        {HEAD "entries 1\nfolder 0755 .\n", "a path is names"},
        {HEAD "entries 1\nfolder 0755 a%00b\n", "a path is names"},
        {HEAD "entries 1\nfolder 0755 a%2\n", "a path is names"},
        {HEAD "entries 1\nfolder 0755 a%c3\n", "a path is names"},
        {HEAD "entries 1\nfolder 0755 a%41\n", "a path is names"},
        {HEAD "entries 1\nfolder 0755 a b\n", "a path is names"},
        {HEAD "entries 1\nfolder 0755 a\xc3\xa1\n", "a path is names"},
        {HEAD "entries 2\nfolder 0755 b\nfolder 0755 a\n", "line 8: paths are in byte order"},
        {HEAD "entries 2\nfolder 0755 a\nfolder 0755 a\n", "line 8: paths are in byte order"},
        {HEAD "entries 1\n" FILE_ "a/b\n", "no folder here"},
        {HEAD "entries 2\n" FILE_ "a\n" FILE_ "a/b\n", "no folder here"},
        {HEAD "entries 2\nlink /etc a\n" FILE_ "a/b\n", "no folder here"},
        {HEAD "entries 1\nlink a%00 a\n", "a link's target"},
        {HEAD "entries 1\nlink  a\n", "a link's target"},
        {HEAD "entries 1\nfile 0644 1.5 " H " 0 a\n", "nanoseconds"},
        {HEAD "entries 1\nfile 0644 1 E" H " 0 a\n", "64 lower-case"},
        {HEAD "entries 1\nfile 0644 1 " H " -1 a\n", "size is a number"},
        {HEAD "entries 1\nfile 0644 1 " H "\n", "size is a number"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sealed sealed;
        struct why why = {{0}};
        if (sealed_parse(span_str(rows[i].text), &sealed, &why) != ERR_SYNTAX ||
            strstr(why.text, rows[i].says) == NULL) {
            fail_msg("%s: \"%s\" does not say \"%s\"", rows[i].text, why.text, rows[i].says);
        }
    }
}

static void test_too_long(void **state)
{
    (void)state;
    struct buf text = {0};
    struct sealed sealed;
    struct why why = {{0}};
    for (int more = 0; more < 2; more++) {
        buf_clear(&text);
        buf_str(&text, HEAD "entries 1\nfolder 0755 ");
        for (int i = 0; i < SEALED_PATH_MAX + more; i++) {
            buf_str(&text, "%C3");
        }
        buf_char(&text, '\n');
        enum err err = sealed_parse(buf_as_span(&text), &sealed, &why);
        assert_int_equal(err, more == 0 ? OK : ERR_SYNTAX);
        if (err == OK) {
            sealed_done(&sealed);
        }
    }
    buf_done(&text);
}

static enum err note(void *arg, const struct sealed_entry *was, const struct sealed_entry *is,
                     unsigned differs)
{
    buf_printf(arg, "%.*s:%u ", SPAN_ARG((was != NULL ? was : is)->path), differs);
    return OK;
}

static void test_compare(void **state)
{
    (void)state;
    struct sealed was;
    struct sealed is;
    struct buf seen = {0};
    static const char *const names[] = {"content", "folder", "gone", "kept", "kind", "link", "mode", "time"};
    sealed_init(&was);
    sealed_init(&is);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        enum sealed_kind kind = i == 1 ? SEALED_FOLDER : i == 5 ? SEALED_LINK : SEALED_FILE;
        sealed_add(&was, span_str(names[i]), kind)->target = SPAN("a");
        if (i != 2) {
            sealed_add(&is, span_str(names[i]), i == 4 ? SEALED_OTHER : kind)->target = SPAN("a");
        }
    }
    sealed_add(&is, SPAN("alien"), SEALED_FILE);
    sealed_sort(&was);
    sealed_sort(&is);
    ((struct sealed_entry *)(uintptr_t)sealed_find(&is, SPAN("content")))->sha256[31] = 1;
    ((struct sealed_entry *)(uintptr_t)sealed_find(&is, SPAN("link")))->target = SPAN("b");
    ((struct sealed_entry *)(uintptr_t)sealed_find(&is, SPAN("mode")))->mode = 1;
    ((struct sealed_entry *)(uintptr_t)sealed_find(&is, SPAN("time")))->mtime_ns = 1;
    assert_int_equal(sealed_compare(&was, &is, note, &seen), OK);
    assert_string_equal(buf_cstr(&seen), "alien:64 content:1 gone:32 kind:4 link:8 mode:2 time:16 ");
    buf_done(&seen);
    sealed_done(&was);
    sealed_done(&is);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_too_long), cmocka_unit_test(test_compare)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
