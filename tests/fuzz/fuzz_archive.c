/* Archives: limits hold, nothing is read outside, and a refusal has a sentence. */
#include "archive/archive.h"

#include <assert.h>

static const struct archive_limits limits = {
    .entry_bytes = 1 << 20, .total_bytes = 4 << 20, .ratio = 400, .entries = 64, .depth = 3};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err visit(void *arg, struct span path, struct span bytes)
{
    uint64_t *total = arg;
    volatile char sink = 0;
    for (size_t i = 0; i < bytes.len; i += 64) {
        sink = (char)(sink ^ bytes.at[i]);
    }
    assert(path.len < 2048);
    *total += bytes.len;
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t total = 0;
    struct why why = {""};
    enum err err = archive_walk(span_of((const char *)data, size), &limits, visit, &total, &why);
    assert(err == OK || why.text[0] != '\0');
    assert(total <= limits.total_bytes + size);
    return 0;
}
