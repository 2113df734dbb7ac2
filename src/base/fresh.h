/* Fresh memory for the tables of a process that is soon over: one block, zeroed by the system, in large pages where it has them.
 * A small page costs two microseconds when it is first written, and a short process does little else as often. Pieces are taken
 * from it by any thread and given back all at once. */
#ifndef BASE_FRESH_H
#define BASE_FRESH_H

#include <stdatomic.h>
#include <stddef.h>

struct fresh {
    char *at; /* NULL: there is none, and everything comes from the heap */
    size_t len;
    atomic_size_t used;
};

/* Room for about `len` bytes; nothing of it is touched yet. */
void fresh_init(struct fresh *fresh, size_t len);
/* Lets the system bring the first page now, in a thread that has nothing else to do. */
void fresh_touch(struct fresh *fresh);
/* Zeroed, aligned as malloc would; from the heap when there is no room left, or no block (fresh may be NULL). NULL when there is
 * no memory at all. */
void *fresh_take(struct fresh *fresh, size_t len);
/* Back to the heap what came from there. */
void fresh_return(const struct fresh *fresh, void *at);
void fresh_done(struct fresh *fresh);

#endif
