/* Looking at a running night from outside: its clock, its board, its alarms. Boards and drills use it; it
 * changes nothing. */
#ifndef NIGHT_LOOK_H
#define NIGHT_LOOK_H

#include "night/alarms.h"
#include "os/clock.h"

struct look {
    const char *dir;
    struct clock *clock; /* NULL while there is no clock's file */
    struct board board;
    struct alarm_memory memory;
    struct alarm_set alarms;
};

/* ERR_MISSING when DIR holds no night. */
MUST_CHECK enum err look_open(struct look *look, const char *dir, struct why *why);
void look_close(struct look *look);
/* Reads everything again. */
void look_again(struct look *look);

#endif
