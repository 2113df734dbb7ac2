/* What the edge stands on: settings of the kernel and of the process that no program can make up for. Where they are too weak it
 * says so aloud when it starts, with the command that mends it (docs/runbooks/kernel-settings.md). */
#ifndef EDGE_GROUND_H
#define EDGE_GROUND_H

#include "edge/limits.h"

enum { GROUND_TEXT = 320, GROUND_ROWS = 3 };
enum { EDGE_SPARE_DESCRIPTORS = 400 }; /* of a worker, beside its connections */

/* As found; -1: it cannot be seen from here. */
struct ground {
    int64_t syncookies; /* net.ipv4.tcp_syncookies */
    int64_t queue; /* what the listener's queue really holds: net.core.somaxconn cuts what is asked for */
    int64_t descriptors; /* RLIMIT_NOFILE that can be had */
};
void ground_look(int listener, struct ground *out);

/* Is row `row` too weak for what is wanted? Then its sentence is in `out`. */
bool ground_is_weak(const struct ground *found, const struct limits *wanted, int row, char out[GROUND_TEXT]);

/* Looks, logs a line for each row that is too weak, and gives the first sentence that belongs before an operator's eyes, "": none. */
void ground_say(int listener, const struct limits *wanted, char alarm[GROUND_TEXT]);

#endif
