/* The board: every status file of a night read once, and the few values that people ask for first. Pure but
 * for board_read, which reads the files; screens, alarms, the progress line and drills look at the same
 * struct. */
#ifndef NIGHT_BOARD_H
#define NIGHT_BOARD_H

#include "doors/cut_code.h"
#include "doors/status.h"

enum board_kind { BOARD_INTAKE, BOARD_CUT, BOARD_LOG, BOARD_EDGE, BOARD_MIRROR, BOARD_NIGHT, BOARD_FEEDER };

/* The programs of a night, in the order of the screen. */
enum board_seat {
    SEAT_INTAKE,
    SEAT_CUT,
    SEAT_LOG,
    SEAT_RESULTS,
    SEAT_FEED,
    SEAT_MIRROR_1,
    SEAT_MIRROR_1_EDGE,
    SEAT_MIRROR_2,
    SEAT_MIRROR_2_EDGE,
    SEAT_SITE,
    SEAT_NIGHT,
    SEAT_FEEDER,
    SEATS
};
enum { MIRRORS = 2, STATUS_OLD_MS = 10000 };

struct board_program {
    const char *name;  /* of the status file */
    const char *title; /* Spanish, for people */
    enum board_kind kind;
    bool present;         /* a status file that parses is there */
    int64_t age_ms;       /* real time since it was written; 0 when absent */
    bool gone;            /* present, but older than STATUS_OLD_MS */
    struct status status; /* borrows from `bytes` */
    struct buf bytes;
};

struct board {
    struct board_program seats[SEATS];
    int64_t now_ms;              /* night clock */
    int offset_min;              /* of local time from UTC */
    uint32_t speed;              /* night milliseconds a real one; 0: stepped */
    uint64_t disk_free;          /* bytes, the least that any program sees; UINT64_MAX unknown */
    char code[CUT_CODE_LEN + 1]; /* of the newest cut that has one; "" while none has */
    uint32_t code_cut;           /* which that is: the newest, or at high speed one before it */
};

void board_init(struct board *board);
void board_done(struct board *board);
/* Reads DIR/run/status again, and the newest cut's proof. A file that is missing or broken makes its program absent; nothing fails.
 * `now_ms` is the night's clock. */
void board_read(struct board *board, const char *dir, int64_t now_ms, uint32_t speed);

/* The code of a cut of the night in DIR; "" while its proof is not published. */
void board_code(const char *dir, uint32_t cut, char out[CUT_CODE_LEN + 1]);

static inline const struct status *board_status(const struct board *board, enum board_seat seat)
{
    return &board->seats[seat].status;
}
/* A number of a program's status; 0 when program or pair is absent. */
uint64_t board_number(const struct board *board, enum board_seat seat, const char *name);
int64_t board_time(const struct board *board, enum board_seat seat, const char *name); /* -1 when absent */
/* It is there, not gone and says "running" or "degraded". */
bool board_alive(const struct board *board, enum board_seat seat);

#endif
