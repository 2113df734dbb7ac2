/* Figures as people read them. */
#include "night/top.h"

#include "base/num.h"

#include <inttypes.h>

void print_thousands(struct buf *out, uint64_t number)
{
    char digits[NUM_U64_MAX];
    size_t n = num_print_u64(digits, number);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) {
            buf_char(out, ',');
        }
        buf_char(out, digits[i]);
    }
}

void print_code(struct buf *out, const struct board *board)
{
    buf_printf(out, "código %s", board->code[0] != '\0' ? board->code : "-");
    if (board->code[0] != '\0' && board->code_cut != board_number(board, SEAT_CUT, "cut")) {
        buf_printf(out, " (del %" PRIu32 ")", board->code_cut);
    }
}

void print_bytes(struct buf *out, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    uint64_t tenths = bytes * 10;
    if (bytes > UINT64_MAX / 10) {
        buf_char(out, '-'); /* nobody said */
        return;
    }
    while (tenths >= 10240 && unit + 1 < sizeof units / sizeof *units) {
        tenths /= 1024;
        unit++;
    }
    buf_printf(out, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10, units[unit]);
}

void print_age(struct buf *out, int64_t seconds)
{
    if (seconds < 0) {
        buf_char(out, '-');
    } else if (seconds < 120) {
        buf_printf(out, "%" PRId64 " s", seconds);
    } else if (seconds < 7200) {
        buf_printf(out, "%" PRId64 " min", seconds / 60);
    } else {
        buf_printf(out, "%" PRId64 " h %" PRId64 " min", seconds / 3600, seconds / 60 % 60);
    }
}
