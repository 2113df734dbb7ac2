/* Status files: what parses is printed so that it parses again and prints the same; what does not says where and why. Boards
 * read them while their writers may be of another version, or broken. */
#include "doors/status.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct status *status)
{
    static const char *const names[] = {"cut", "cut_time", "ledger_size", "disk_free_bytes", "feed"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct span value = status_value(status, names[i]);
        assert(value.len <= STATUS_VALUE_MAX);
        assert(value.len > 0 || status_number(status, names[i]) == 0);
        assert(status_time(status, names[i]) >= -1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct status first, second;
    struct why why = {0};
    if (status_parse(span_of((const char *)data, size), &first, &why) != OK) {
        assert(why.text[0] != '\0');
        return 0;
    }
    assert(size <= STATUS_BYTES_MAX && first.n_pairs <= STATUS_PAIRS_MAX);
    ask(&first);
    struct buf once = {0}, twice = {0};
    status_print(&first, &once);
    enum err again = status_parse(buf_as_span(&once), &second, &why);
    assert(again == OK);
    status_print(&second, &twice);
    assert(span_equal(buf_as_span(&once), buf_as_span(&twice)));
    buf_done(&once);
    buf_done(&twice);
    return 0;
}
