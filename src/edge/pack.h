/* Large bodies on the disk: a file without a name in a folder of the loader's own, written once and then only read. The kernel
 * gives the pages of such a file to a socket in larger pieces than those of a memfd. Nobody else can open it: it has no name, and
 * the only descriptor that writes is closed before anybody gets the one that reads. */
#ifndef EDGE_PACK_H
#define EDGE_PACK_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum { PACK_FROM = (48 << 10) + 1 }; /* bytes of a body that goes there */

struct pack {
    const char *folder; /* NULL: none */
    int write, read;    /* -1: nothing in it yet */
    uint64_t len;
};

void pack_init(struct pack *pack, const char *folder);
/* Appends, at the next page. False: not possible here (no folder, a file system that cannot, no room); nothing has changed. */
bool pack_add(struct pack *pack, struct span bytes, uint64_t *offset);
/* The descriptor to read from, -1 when nothing was added; the next addition begins a new file. */
int pack_take(struct pack *pack);
/* Forgets what was added. */
void pack_drop(struct pack *pack);

#endif
