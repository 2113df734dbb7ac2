/* Asking a program over its control socket (docs/formats/night.md): one packet there, one back. */
#ifndef OS_CONTROL_H
#define OS_CONTROL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum { CONTROL_PACKET_MAX = 70000 };

/* Connects, sends, waits at most `wait_ms`. An answer "ok ..." gives OK and what stands after "ok " in
 * `answer` (NULL: not wanted); "error ..." gives ERR_REFUSED with the sentence; nobody there, or no answer in
 * time: ERR_IO. */
MUST_CHECK enum err control_ask(const char *path, struct span request, int wait_ms, struct buf *answer,
                                struct why *why);

#endif
