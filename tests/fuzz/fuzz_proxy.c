/* Any bytes as a PROXY head: no more is taken than came, and halves agree with the whole. */
#include "wire/proxy.h"

#include <assert.h>
#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_head head;
    struct span bytes = span_of((const char *)data, size);
    enum err err = proxy_parse(bytes, &head, NULL);
    if (err == OK) {
        assert(head.len <= size && head.len <= PROXY_HEAD_MAX);
        struct proxy_head half;
        assert(proxy_parse(span_of(bytes.at, head.len - 1), &half, NULL) == ERR_AGAIN);
    }
    return 0;
}
