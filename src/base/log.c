/* Log lines: formatted into one buffer, written with one write(2), counted when they come too fast. */
#include "base/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    const char *program;
    enum log_level least;
    time_t second;
    unsigned in_second;
    uint64_t dropped;
} state = {.program = "atalaya", .least = LOG_INFO};

void log_start(const char *program, enum log_level least)
{
    state.program = program;
    state.least = least;
}

static void put(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDERR_FILENO, text, len);
        if (n <= 0) {
            return; /* nobody to tell */
        }
        text += n;
        len -= (size_t)n;
    }
}

/* Counts the line; false when this second has had enough of them. */
static bool admitted(void)
{
    time_t now = time(NULL);
    if (now != state.second) {
        state.second = now;
        state.in_second = 0;
        if (state.dropped > 0) {
            char line[128];
            int n = snprintf(line, sizeof line, "%s warn log_dropped lines=%llu\n", state.program,
                             (unsigned long long)state.dropped);
            put(line, (size_t)n);
            state.dropped = 0;
        }
    }
    if (state.in_second >= LOG_PER_SECOND) {
        state.dropped++;
        return false;
    }
    state.in_second++;
    return true;
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if (level < state.least || !admitted()) {
        return;
    }
    char line[2048];
    int used = snprintf(line, sizeof line, "%s %s %s ", state.program, names[level], event);
    size_t len = used < 0 ? 0 : (size_t)used;
    if (len > sizeof line - 2) {
        len = sizeof line - 2;
    }
    va_list args;
    va_start(args, format);
    int more = vsnprintf(line + len, sizeof line - 1 - len, format, args);
    va_end(args);
    if (more > 0) {
        size_t room = sizeof line - 2 - len;
        len += (size_t)more < room ? (size_t)more : room;
    }
    line[len++] = '\n';
    put(line, len);
}

const char *log_safe(struct span foreign, char *out, size_t size)
{
    size_t n = 0;
    for (; n < foreign.len && n + 1 < size; n++) {
        char c = foreign.at[n];
        out[n] = c >= ' ' && c <= '~' && c != '"' && c != '\\' ? c : '?';
    }
    if (size > 0) {
        out[n] = '\0';
    }
    return out;
}
