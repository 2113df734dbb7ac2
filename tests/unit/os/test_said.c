/* What the system answered, Spanish first; what has no row stays English. */
#include "os/file.h"
#include "os/said.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static void a_sentence_is_spanish_first(void **state)
{
    (void)state;
    struct why why = {""};
    assert_int_equal(said(&why, ERR_FULL, "write", "a/b", ENOSPC), ERR_FULL);
    assert_string_equal(
        why.text, "no se pudo escribir a/b: no queda espacio en el disco / write: No space left on device");
    why.text[0] = '\0';
    assert_int_equal(said_of(&why, ERR_MISSING, "a/b", ENOENT), ERR_MISSING);
    assert_string_equal(why.text, "a/b: no existe / No such file or directory");
}

static void what_has_no_row_stays_as_it_is(void **state)
{
    (void)state;
    struct why why = {""};
    assert_string_equal(said_es(EPROTO), strerror(EPROTO));
    assert_int_equal(said(&why, ERR_IO, "knit", "a", EPROTO), ERR_IO);
    assert_string_equal(why.text, "no se pudo knit a: Protocol error / knit: Protocol error");
}

static void a_long_path_leaves_room_for_the_answer(void **state)
{
    (void)state;
    struct why why = {""};
    char path[1000];
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(said(&why, ERR_IO, "open", path, EACCES), ERR_IO);
    assert_non_null(strstr(why.text, "permiso negado / open: Permission denied"));
}

static void files_say_it_so(void **state)
{
    (void)state;
    struct why why = {""};
    struct buf bytes = {0};
    assert_int_equal(file_read("/there/is/none", 10, &bytes, &why), ERR_MISSING);
    assert_string_equal(why.text,
                        "no se pudo abrir /there/is/none: no existe / open: No such file or directory");
    buf_done(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sentence_is_spanish_first),
        cmocka_unit_test(what_has_no_row_stays_as_it_is),
        cmocka_unit_test(a_long_path_leaves_room_for_the_answer),
        cmocka_unit_test(files_say_it_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
