/* How much of the ledger the continuous copy has on its disk (docs/formats/copy.md, DIR/run/copy). */
#ifndef DOORS_COPIED_H
#define DOORS_COPIED_H

#include <stdint.h>

/* Entries; 0 while the copy has said nothing. UINT64_MAX: nobody waits for it, because `dir` is NULL or a person has said so. */
uint64_t copied_entries(const char *dir);

#endif
