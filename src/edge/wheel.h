/* Deadlines: a ring of 256 lists, one a tick of 100 ms. A connection stands in the list of the tick at which it has to
 * be looked at. Work that moves a deadline back only writes `due`: the wheel finds out when it gets there. */
#ifndef EDGE_WHEEL_H
#define EDGE_WHEEL_H

#include "edge/conns.h"

enum { WHEEL_SLOTS = 256 };

struct wheel {
    struct conns *conns;
    uint32_t slots[WHEEL_SLOTS]; /* first of each list */
    uint32_t at;                 /* the last tick that is done */
};

void wheel_init(struct wheel *wheel, struct conns *conns, uint32_t now);
void wheel_join(struct wheel *wheel, struct conn *conn, uint32_t due);
void wheel_leave(struct wheel *wheel, struct conn *conn);

/* Another deadline. Moves the connection only when it has to be looked at earlier than before. */
void wheel_set(struct wheel *wheel, struct conn *conn, uint32_t due);

/* Calls `on` for whatever is due by `now`, at most `most` of them; true when there may be more. `on` closes the
 * connection or sets a later deadline, and touches no other. */
typedef void (*wheel_on_due)(void *arg, struct conn *conn);
bool wheel_turn(struct wheel *wheel, uint32_t now, uint32_t most, wheel_on_due on, void *arg);

#endif
