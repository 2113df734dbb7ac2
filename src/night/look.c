/* Reads clock, definition's offset and status files. */
#include "night/look.h"

#include "base/num.h"
#include "os/file.h"

#include <unistd.h>

enum { INI_MAX = 65536 };

/* utc_offset_minutes of DIR/election/election.ini; UTC when it cannot be read. */
static int read_offset(const char *dir)
{
    char path[FILE_PATH_MAX];
    struct buf text = {0};
    int64_t offset = 0;
    if (file_read(path_join(path, dir, "election/election.ini"), INI_MAX, &text, NULL) == OK) {
        struct span rest = buf_as_span(&text), line;
        while (span_line(&rest, &line)) {
            struct span value = line;
            struct span name = span_trim(span_cut(&value, '='));
            struct span comment = value;
            if (span_is(name, "utc_offset_minutes") &&
                num_parse_i64(span_trim(span_cut(&comment, ';')), &offset) == OK) {
                break;
            }
        }
    }
    buf_done(&text);
    return offset < -1440 || offset > 1440 ? 0 : (int)offset;
}

enum err look_open(struct look *look, const char *dir, struct why *why)
{
    char path[FILE_PATH_MAX];
    if (!file_exists(path_join(path, dir, "run/status"))) {
        return why_set(why, ERR_MISSING, "%s no es la carpeta de una noche: no hay %s", dir, path);
    }
    *look = (struct look){.dir = dir};
    board_init(&look->board);
    look->board.offset_min = read_offset(dir);
    look_again(look);
    return OK;
}

void look_close(struct look *look)
{
    clock_close(look->clock);
    board_done(&look->board);
}

void look_again(struct look *look)
{
    char path[FILE_PATH_MAX];
    if (look->clock != NULL) {
        clock_close(look->clock); /* a night that was started again has a new clock */
        look->clock = NULL;
    }
    struct why none = {{0}};
    if (clock_open(path_join(path, look->dir, "run/clock"), &look->clock, &none) != OK) {
        look->clock = NULL;
    }
    int64_t now = clock_now_ms(look->clock);
    board_read(&look->board, look->dir, now, 1);
    if (look->board.seats[SEAT_NIGHT].present) {
        look->board.speed = (uint32_t)board_number(&look->board, SEAT_NIGHT, "speed");
    }
    alarms_check(&look->board, monotonic_ms(), &look->memory, &look->alarms);
}
