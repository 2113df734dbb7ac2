/* Short names in tables: finding one, and the one that a typing error most likely meant. */
#ifndef BASE_NAME_H
#define BASE_NAME_H

#include "base/span.h"

/* The index of a name, or -1. */
int name_index(const char *const *names, size_t n, struct span name);
/* The name that is most like `name` (n > 0); only the first 40 bytes of each count. */
const char *name_nearest(const char *const *names, size_t n, struct span name);

#endif
