/* night.ini and the clock's file: settings that parse are within their bounds and print so that they parse the same; a clock
 * that opens tells a time and never goes back. A zero byte parts the one from the other. */
#include "night/settings.h"
#include "os/clock.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_settings(struct span text)
{
    static struct settings first, second;
    struct why why = {0};
    settings_default(&first);
    if (settings_parse(text, &first, &why) != OK) {
        assert(why.text[0] != '\0');
        return;
    }
    assert(first.speed <= SPEED_MAX && first.cut_s >= 1 && first.keep_cuts >= 10);
    struct buf once = {0}, twice = {0};
    settings_default(&second);
    settings_print(&first, &once);
    if (settings_parse(buf_as_span(&once), &second, &why) == OK) { /* not while an address is still empty */
        settings_print(&second, &twice);
        assert(span_equal(buf_as_span(&once), buf_as_span(&twice)));
    }
    buf_done(&once);
    buf_done(&twice);
}

static void try_clock(struct span bytes)
{
    char path[64];
    struct clock *clock = NULL;
    struct why why = {0};
    int fd = memfd_create("clock", MFD_CLOEXEC);
    assert(fd >= 0);
    ssize_t wrote = write(fd, bytes.at, bytes.len);
    assert(wrote == (ssize_t)bytes.len);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (clock_open(path, &clock, &why) == OK) {
        int64_t now = clock_now_ms(clock);
        assert(clock_now_ms(clock) >= now && clock_wait_ms(clock, now) <= 0);
        clock_close(clock);
    } else {
        assert(why.text[0] != '\0');
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = span_of((const char *)data, size);
    struct span text = span_cut(&rest, '\0');
    try_settings(text);
    if (rest.at != NULL) {
        try_clock(rest);
    }
    return 0;
}
