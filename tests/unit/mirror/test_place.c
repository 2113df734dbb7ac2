/* What a signed manifest may name: a table of paths, good and hostile. */
#include "mirror/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_places(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum place place;
    } rows[] = {
        {"cut/12/index.html", PLACE_CUT},
        {"cut/12/en/jg/district-07.html.br", PLACE_CUT},
        {"cut/11/index.html", PLACE_FOREIGN},
        {"cut/122/index.html", PLACE_FOREIGN},
        {"cut/12", PLACE_FOREIGN},
        {"chunk/00ff.html", PLACE_SHARED},
        {"a/style-0123456789abcdef.css.gz", PLACE_SHARED},
        {"package/12/x.zip", PLACE_PACKAGE},
        {"package/9/difusion/x.zip", PLACE_PACKAGE},
        {"package/13/x.zip", PLACE_FOREIGN},
        {"package/012/x.zip", PLACE_FOREIGN},
        {"package/x.zip", PLACE_FOREIGN},
        {"log/tile/entries/000", PLACE_FOREIGN},
        {"log/tile/entries/x001/234.p/17", PLACE_FOREIGN},
        {"log/cut.vkey", PLACE_FOREIGN},
        {"log/checkpoint", PLACE_FOREIGN},
        {"index.html", PLACE_ENTRY},
        {"index.html.gz", PLACE_ENTRY},
        {"jg/index.html", PLACE_ENTRY},
        {"jg/index.html.br", PLACE_ENTRY},
        {"cut/index.html", PLACE_FOREIGN},
        {"log/index.html", PLACE_FOREIGN},
        {"acta/index.html", PLACE_FOREIGN},
        {"JG/index.html", PLACE_FOREIGN},
        {"jg/x/index.html", PLACE_FOREIGN},
        {"latest.json", PLACE_POINTER},
        {"latest.json.gz", PLACE_FOREIGN},
        {"estado", PLACE_FOREIGN},
        {"../index.html", PLACE_FOREIGN},
        {"cut/12/../../x", PLACE_FOREIGN},
        {"cut/12//x", PLACE_FOREIGN},
        {"/index.html", PLACE_FOREIGN},
        {"cut/12/.hidden", PLACE_FOREIGN},
        {"", PLACE_FOREIGN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(place_of(span_str(rows[i].path), 12), rows[i].place);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),

    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
