/* Words between a parent's roles over a SOCK_SEQPACKET pair (sock_pair): single packets, and long texts in
 * pieces. */
#ifndef OS_PACKET_H
#define OS_PACKET_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum { PACKET_MAX = 65536, PACKET_FOREVER = -1 };

/* Sends one packet of 1 to PACKET_MAX bytes. ERR_IO: the other side is gone. */
MUST_CHECK enum err packet_give(int fd, struct span bytes);
/* Takes one packet into `out` (cleared first), waiting at most `wait_ms`. ERR_IO: gone, or out of time. */
MUST_CHECK enum err packet_take(int fd, struct buf *out, int wait_ms);

/* A text of any length, in packets; the receiver knows the length beforehand. Appends to `out`. */
MUST_CHECK enum err packet_give_long(int fd, struct span bytes);
MUST_CHECK enum err packet_take_long(int fd, size_t len, struct buf *out, int wait_ms);

/* Ends the talk for both sides: after an answer that came late or not whole, the next one would be taken for another's. */
void packet_end(int fd);

#endif
