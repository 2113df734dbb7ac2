/* The board on a terminal, drawn again each second until q or Ctrl-C. The only file that knows ncurses. */
#ifndef NIGHT_SCREEN_H
#define NIGHT_SCREEN_H

#include "night/top.h"

/* Reads the board anew for each picture. */
typedef void (*screen_read)(void *arg, struct top *out);
/* Returns 0, or 2 when the terminal cannot be used. */
int screen_run(screen_read read, void *arg);

#endif
