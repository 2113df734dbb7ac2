/* What the gate lets near: images by structure, and the copy's journal. An image that passes ends where its bytes end;
 * a journal's record prints back. */
#include "intake/image_check.h"
#include "intake/journal.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = span_of((const char *)data, size);
    struct image_about about;
    struct why why = {0};
    if (image_check(bytes, &about, &why) == OK) {
        assert(about.width > 0 && about.width <= IMAGE_SIDE_MAX && about.height > 0);
        assert(image_check(span_of(bytes.at, size - 1), &about, NULL) != OK);
    } else {
        assert(why.text[0] != '\0');
    }
    struct span rest = bytes;
    struct journal_record record;
    while (journal_next(&rest, &record) == OK) {
        struct buf printed = {0};
        journal_print(&printed, &record);
        assert(printed.len <= size);
        buf_done(&printed);
    }
    return 0;
}
