/* Memory that is about to be used whole. */
#ifndef OS_MEMORY_H
#define OS_MEMORY_H

#include <stddef.h>

/* Asks the system to put pages behind a fresh range in one go (large ones where it can) instead of at each first touch,
 * which on a virtual machine costs some microseconds a page. Advice: nothing changes when the system knows no such thing. */
void memory_prepare(void *at, size_t len);

#endif
