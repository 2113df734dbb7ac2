/* A folder as it is now, in the form in which sites are sealed, so that both can be compared. */
#ifndef DOORS_SEALED_SCAN_H
#define DOORS_SEALED_SCAN_H

#include "doors/sealed.h"
#include "os/walk.h"

/* The content of a file: its SHA-256 and size into `out`, or out->unread. Whoever looks often remembers; whoever seals
 * keeps the bytes at the same time. A failure ends the scan. */
typedef enum err (*scan_content)(void *arg, const struct walk_entry *entry, struct sealed_entry *out,
                                 struct why *why);
/* Reads the file and hashes it; one that changes meanwhile is read again, and unread after the third time. */
MUST_CHECK enum err scan_hash(void *arg, const struct walk_entry *entry, struct sealed_entry *out,
                              struct why *why);

/* `folder` is open. `out` is a fresh one in any case of OK: sealed_done. ERR_TOO_BIG past SEALED_ENTRIES_MAX. */
MUST_CHECK enum err sealed_scan(int folder, scan_content content, void *arg, struct sealed *out,
                                struct why *why);

#endif
