/* Parts are joined up to a record's length, so that a head does not travel in a record of its own. */
#include "edge/transport.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { RECORD = 16384, FILE_PART = 4 * RECORD };

static char joined[FILE_PART];

/* Sends `len` bytes; adds what was taken to *taken. False: no more fits, or it is broken. */
static bool send_piece(const struct conn *conn, const char *at, size_t len, ssize_t *taken)
{
    size_t sent = 0;
    while (sent < len) {
        ssize_t n = tls_line_send(conn->tls, at + sent, len - sent);
        sent += n > 0 ? (size_t)n : 0;
        if (sent < len && (!tls_line_flush(conn->tls) || tls_line_left(conn->tls) > 0)) {
            break;
        }
    }
    *taken += (ssize_t)sent;
    return sent == len;
}

static ssize_t end_of(const struct conn *conn, ssize_t taken)
{
    if (!tls_line_flush(conn->tls)) {
        errno = ECONNRESET;
        return -1;
    }
    if (taken == 0) {
        errno = EAGAIN;
        return -1;
    }
    return taken;
}

ssize_t transport_send_over(const struct conn *conn, const struct iovec *parts, int n)
{
    ssize_t taken = 0;
    if (tls_line_left(conn->tls) > 0) {
        return end_of(conn, 0);
    }
    if (n == 1) {
        (void)send_piece(conn, parts[0].iov_base, parts[0].iov_len, &taken);
        return end_of(conn, taken);
    }
    size_t held = 0;
    for (int i = 0; i < n; i++) {
        const char *at = parts[i].iov_base;
        size_t len = parts[i].iov_len;
        while (len > 0) {
            size_t part = len < RECORD - held ? len : RECORD - held;
            memcpy(joined + held, at, part);
            held += part;
            at += part;
            len -= part;
            if (held == RECORD || (i + 1 == n && len == 0)) {
                if (!send_piece(conn, joined, held, &taken)) {
                    return end_of(conn, taken);
                }
                held = 0;
            }
        }
    }
    if (held > 0) {
        (void)send_piece(conn, joined, held, &taken);
    }
    return end_of(conn, taken);
}

ssize_t transport_send_file_over(const struct conn *conn, int file, uint64_t from, size_t len)
{
    ssize_t taken = 0;
    if (tls_line_left(conn->tls) > 0) {
        return end_of(conn, 0);
    }
    ssize_t n = pread(file, joined, len < sizeof joined ? len : sizeof joined, (off_t)from);
    if (n <= 0) {
        return n;
    }
    (void)send_piece(conn, joined, (size_t)n, &taken);
    return end_of(conn, taken);
}
