/* The board as lines of text, for a terminal, a pipe or a test; and as JSON. Pure. */
#ifndef NIGHT_TOP_H
#define NIGHT_TOP_H

#include "night/alarms.h"
#include "night/board.h"

enum top_style { TOP_PLAIN, TOP_TITLE, TOP_HEAD, TOP_GOOD, TOP_BAD };
enum { TOP_LINES_MAX = 64, TOP_TEXT_MAX = 512 };

struct top_line {
    enum top_style style;
    char text[TOP_TEXT_MAX];
};
struct top {
    struct top_line lines[TOP_LINES_MAX];
    uint32_t n;
    uint32_t core; /* so many first ones end with the alarms; what follows gives way on a low screen */
};

void top_lines(const struct board *board, const struct alarm_set *alarms, struct top *out);
/* `hits`: JSON of who asks (night/origins.h), or empty. */
void top_json(const struct board *board, const struct alarm_set *alarms, struct span hits, struct buf *out);

/* "40,541" and "1.2 GiB", "3 min": what people read. */
void print_thousands(struct buf *out, uint64_t number);
void print_bytes(struct buf *out, uint64_t bytes);
void print_age(struct buf *out, int64_t seconds);
/* "código AAAA-BBBB-CCCC-DDDD", "… (del 12)" when it is an older cut's, "código -" when there is none. */
void print_code(struct buf *out, const struct board *board);

#endif
