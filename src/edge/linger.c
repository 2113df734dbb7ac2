/* Scratch memory takes what nobody will look at. */
#include "edge/linger.h"

#include "edge/transport.h"

enum { READS_A_TURN = 8 }; /* of 24 KiB */

void linger_read(struct server *server, struct conn *conn)
{
    for (int i = 0; i < READS_A_TURN; i++) {
        ssize_t n = transport_receive(conn, server->in, sizeof server->in);
        if (n < 0 && transport_would_block()) {
            return;
        }
        if (n <= 0) {
            server_close(server, conn);
            return;
        }
    }
    server_again(server, conn);
}
