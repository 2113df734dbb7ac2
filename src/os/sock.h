/* Sockets: listening and connecting with sentences when it fails; loopback and all. */
#ifndef OS_SOCK_H
#define OS_SOCK_H

#include "base/err.h"
#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

/* "127.0.0.1:8080", "[::1]:8080", ":8080" (all addresses). Non-blocking, close-on-exec, SO_REUSEADDR. Port 0:
 * the system chooses; sock_port tells. */
MUST_CHECK enum err sock_listen(struct span address, int *fd, struct why *why);
MUST_CHECK enum err sock_connect(struct span address, int *fd, struct why *why); /* blocking connect */
/* The same from an address of this machine ("127.50.1.7"), which the other side sees. */
MUST_CHECK enum err sock_connect_from(struct span address, struct span source, int *fd, struct why *why);
uint16_t sock_port(int fd);
/* Where a socket is bound, IPv4 as ::ffff:a.b.c.d; zeros when it is not. */
void sock_address(int fd, uint8_t address[16], uint16_t *port);
/* A listener for the public: what waits to be accepted, and, for every connection that comes of it, no waiting for full
 * segments and at most so many unsent bytes in the kernel. */
MUST_CHECK enum err sock_listen_public(int listener, int backlog, int unsent, struct why *why);
/* Accepts one connection, non-blocking, close-on-exec; ERR_AGAIN, ERR_FULL (descriptors), ERR_IO. */
MUST_CHECK enum err sock_accept(int listener, int *fd);
/* A SOCK_SEQPACKET pair between a parent's roles, or a named one for `control` (mode 0600; 0660 in a folder that is
 * a group's: one with the set-group-id bit). */
MUST_CHECK enum err sock_pair(int fds[2]);
MUST_CHECK enum err sock_control_listen(const char *path, int *fd, struct why *why);
MUST_CHECK enum err sock_control_connect(const char *path, int *fd, struct why *why);

#endif
