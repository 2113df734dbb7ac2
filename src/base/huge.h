/* Large pages for large tables: a fault a page and a miss of the processor's page table are what a table of some hundred MB costs
 * most. Advice: the system may not follow it, and nothing else changes. */
#ifndef BASE_HUGE_H
#define BASE_HUGE_H

#include <stddef.h>

/* What was just allocated and will be written all over; below 4 MB nothing is done. */
void huge_advise(void *at, size_t len);
/* Memory for such a table, aligned so that all of it can be large pages; like malloc. */
void *huge_alloc(size_t len);

#endif
