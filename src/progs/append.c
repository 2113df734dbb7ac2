/* The clock's file and the sequencer's control socket. */
#include "append.h"

#include "os/clock.h"
#include "os/control.h"
#include "os/file.h"

enum { ANSWER_MS = 30000 };

enum err append_now(const char *dir, int64_t *now_ms, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct clock *clock = NULL;
    path_join(path, dir, "run/clock");
    if (file_exists(path)) {
        TRY(clock_open(path, &clock, why));
    }
    *now_ms = clock_now_ms(clock);
    *now_ms -= *now_ms % 1000;
    clock_close(clock);
    return OK;
}

enum err append_entry(const char *dir, const struct entry *entry, struct buf *answer, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf request = {0};
    buf_str(&request, "append\n");
    entry_print(entry, &request);
    enum err err =
        control_ask(path_join(path, dir, "run/intake.sock"), buf_as_span(&request), ANSWER_MS, answer, why);
    buf_done(&request);
    return err;
}
