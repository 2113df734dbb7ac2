/* TLS on the server's side, non-blocking, over OpenSSL: TLS 1.2 and 1.3, one certificate, HTTP/1.1 by ALPN.
 * The handshake happens inside the first reads and writes. */
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include "base/err.h"

#include <stddef.h>

struct tls_server; /* certificate and settings; one a process */
struct tls_conn;   /* one connection; the descriptor stays the caller's */

/* PEM files: the certificate with its chain, and its private key. */
MUST_CHECK enum err tls_server_open(const char *cert, const char *key, struct tls_server **out,
                                    struct why *why);
void tls_server_close(struct tls_server *server);

MUST_CHECK enum err tls_conn_new(struct tls_server *server, int fd, struct tls_conn **out);
/* Says good-bye when the handshake is done and the socket takes it; frees. */
void tls_conn_free(struct tls_conn *conn);

/* At most `max` bytes. OK with *n == 0: the other side has closed in order. ERR_AGAIN: wait for tls_wants.
 * ERR_IO: broken, no TLS, or cut off without a good-bye. */
MUST_CHECK enum err tls_read(struct tls_conn *conn, void *bytes, size_t max, size_t *n);
/* Writes what fits now; *n may be less than `len`. */
MUST_CHECK enum err tls_write(struct tls_conn *conn, const void *bytes, size_t len, size_t *n);
/* LOOP_READ or LOOP_WRITE: what the last ERR_AGAIN waits for (a read may have to write, and the other way
 * round). */
unsigned tls_wants(const struct tls_conn *conn);
/* Bytes that are decrypted already: no event will come for them. */
size_t tls_pending(const struct tls_conn *conn);

#endif
