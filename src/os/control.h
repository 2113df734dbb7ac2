/* Asking a program over its control socket (docs/formats/night.md): one packet there, one back. */
#ifndef OS_CONTROL_H
#define OS_CONTROL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "os/loop.h"

enum { CONTROL_PACKET_MAX = 70000 };

/* Connects, sends, waits at most `wait_ms`. An answer "ok ..." gives OK and what stands after "ok " in
 * `answer` (NULL: not wanted); "error ..." gives ERR_REFUSED with the sentence; nobody there, or no answer in
 * time: ERR_IO. */
MUST_CHECK enum err control_ask(const char *path, struct span request, int wait_ms, struct buf *answer,
                                struct why *why);

/* Serving one: each packet of each connection is a request; `on` appends the answer ("ok ..." or "error
 * ..."). */
typedef void (*control_on_request)(void *arg, struct span request, struct buf *answer);
struct control_server;
MUST_CHECK enum err control_serve(struct loop *loop, const char *path, control_on_request on, void *arg,
                                  struct control_server **out, struct why *why);
/* At the end of the loop's life: connections still open end with the process. */
void control_server_close(struct control_server *server);

#endif
