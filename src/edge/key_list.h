/* The keys of the cuts on the board: the parent reads their file, the loader takes them from here, so that the role which reads what
 * comes from outside needs no right to the folder where keys lie. */
#ifndef EDGE_KEY_LIST_H
#define EDGE_KEY_LIST_H

#include "doors/cut_keys.h"
#include "edge/notice_board.h"

/* The file as it looks from outside: asked for several times a second. */
struct key_list {
    const char *path; /* NULL: the keys were given themselves, and stay */
    uint64_t seen[4];
};

void key_list_write(struct notice_board *board, const struct cut_keys *keys);
/* *round is that of the list last read, 0 before the first. False: there is no other. */
bool key_list_read(const struct notice_board *board, uint32_t *round, struct cut_keys *out);

/* Reads the file when it is another one; what is no list, or lacks a key that is held, changes nothing. */
void key_list_look(struct key_list *list, struct notice_board *board);

#endif
