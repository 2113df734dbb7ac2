/* HPACK over hostile blocks, several on one table; the table stays within its bounds. */
#include "wire/hpack.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hpack_list list;
    struct hpack_table table;
    hpack_init(&table);
    while (size > 1) {
        size_t len = data[0] < size - 1 ? data[0] : size - 1;
        char *copy = malloc(len + 1);
        memcpy(copy, data + 1, len);
        enum err err = hpack_decode(&table, span_of(copy, len), &list);
        assert(table.size <= table.limit && table.limit <= HPACK_TABLE_MAX && list.n <= HPACK_FIELDS_MAX);
        free(copy);
        if (err != OK) {
            break;
        }
        data += len + 1;
        size -= len + 1;
    }
    hpack_done(&table);
    return 0;
}
