/* A line that is written again and again over itself must not be wider than the terminal, or each writing scrolls. */
#ifndef OS_TERMINAL_H
#define OS_TERMINAL_H

#include "base/span.h"

/* Columns of the terminal behind `fd`; 80 when it does not say. */
unsigned terminal_columns(int fd);
/* The beginning of a line of UTF-8 that fits into so many columns, one a character. */
struct span terminal_fit(struct span line, unsigned columns);

#endif
