/* Any bytes as a Forwarded field: nothing is read past them, and a field joined with itself names everybody twice. */
#include "wire/forwarded.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char twice[2 * 8192 + 1];
    struct forwarded_node nodes[FORWARDED_MAX];
    struct forwarded_node again[FORWARDED_MAX];
    uint32_t n = 0;
    uint32_t n_again = 0;
    if (size == 0 || size > 8192 ||
        forwarded_parse(span_of((const char *)data, size), nodes, &n, NULL) != OK) {
        return 0;
    }
    assert(n >= 1 && n <= FORWARDED_MAX);
    memcpy(twice, data, size);
    twice[size] = ',';
    memcpy(twice + size + 1, data, size);
    enum err err = forwarded_parse(span_of(twice, 2 * size + 1), again, &n_again, NULL);
    assert(n * 2 <= FORWARDED_MAX ? err == OK && n_again == 2 * n : err == ERR_TOO_BIG);
    for (uint32_t i = 0; err == OK && i < n; i++) {
        assert(again[n + i].has_address == nodes[i].has_address);
        assert(!nodes[i].has_address || memcmp(again[n + i].address, nodes[i].address, 16) == 0);
    }
    return 0;
}
