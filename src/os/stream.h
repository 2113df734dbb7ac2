/* Bytes over connected sockets and pairs, non-blocking: what roles and clients say to each other. */
#ifndef OS_STREAM_H
#define OS_STREAM_H

#include "base/err.h"

#include <stddef.h>

/* A connected byte stream between two roles, non-blocking at both ends, close-on-exec. */
MUST_CHECK enum err stream_pair(int fds[2]);
/* At most `max` bytes, or one packet of a SOCK_SEQPACKET. OK with *n == 0: the other side has closed.
 * ERR_AGAIN: nothing now. ERR_IO: broken. */
MUST_CHECK enum err stream_read(int fd, void *bytes, size_t max, size_t *n);
/* Writes what fits now; *n may be less than `len`. ERR_AGAIN: nothing fits. ERR_IO: broken. No SIGPIPE. */
MUST_CHECK enum err stream_write(int fd, const void *bytes, size_t len, size_t *n);
/* No more will be written; what is on its way still arrives. */
void stream_finish(int fd);
void stream_close(int fd);

#endif
