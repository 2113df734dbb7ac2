/* Reads the vector files of tests/vectors/http1 (README.md there). For tests only. */
#ifndef TESTS_UNIT_WIRE_VECTORS_H
#define TESTS_UNIT_WIRE_VECTORS_H

#include "base/buf.h"

struct vector {
    char name[64];
    char verdict[128];
    struct buf bytes;
};

/* Calls `each` for every vector and returns how many there were; 0 when the file cannot be read. */
typedef void (*vector_visit)(const struct vector *vector);
int vectors_each(const char *path, vector_visit each);

/* Undoes the escapes of the vector files. */
void vector_unescape(struct span text, struct buf *out);

#endif
