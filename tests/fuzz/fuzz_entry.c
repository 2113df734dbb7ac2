/* Ledger entries and bundles: what parses prints back byte for byte, and a bundle is cut into entries that together
 * are its bytes. */
#include "tlog/entry.h"
#include "tlog/ledger.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_entry(struct span bytes)
{
    struct buf scratch = {0};
    struct buf printed = {0};
    struct entry entry;
    struct why why = {0};
    if (entry_parse(bytes, &entry, &scratch, &why) == OK) {
        entry_print(&entry, &printed);
        assert(span_equal(bytes, buf_as_span(&printed)));
    } else {
        assert(why.text[0] != '\0');
    }
    buf_done(&scratch);
    buf_done(&printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = span_of((const char *)data, size);
    try_entry(bytes);
    struct span entry;
    struct span rest = bytes;
    size_t taken = 0;
    while (bundle_next(&rest, &entry) == OK) {
        taken += 2 + entry.len;
        try_entry(entry);
    }
    assert(taken + rest.len == size);
    return 0;
}
