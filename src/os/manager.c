/* systemd's two protocols as their manual pages give them. */
#include "os/manager.h"

#include "base/num.h"
#include "base/span.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_LISTENER = 3, LISTENERS_MAX = 64, SIGNS_A_SPAN = 3, LINE_MAX = 400 };

static const char *const variables[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                        "LISTEN_PID",    "LISTEN_FDS",    "LISTEN_FDNAMES"};
enum { VARIABLES = sizeof variables / sizeof *variables, LISTEN_VARIABLES = 3 };

static bool number_of(const char *name, uint64_t *out)
{
    const char *text = getenv(name);
    return text != NULL && num_parse_u64(span_str(text), out) == OK;
}

static bool is_for_us(const char *name)
{
    uint64_t pid = 0;
    return number_of(name, &pid) && pid == (uint64_t)getpid();
}

/* Only a socket that listens is taken. */
static int taken(int fd)
{
    int listens = 0;
    socklen_t len = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0 || listens == 0) {
        return -1;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

/* What systemd calls a socket whose unit does not name it. */
static bool is_nameless(struct span name)
{
    return name.len == 0 || span_is(name, "unknown") || span_ends(name, SPAN(".socket"));
}

int manager_listener(const char *name, int place)
{
    uint64_t n = 0;
    if (!is_for_us("LISTEN_PID") || !number_of("LISTEN_FDS", &n) || n > LISTENERS_MAX) {
        return -1;
    }
    const char *text = getenv("LISTEN_FDNAMES");
    struct span rest = span_str(text != NULL ? text : "");
    int by_place = -1;
    for (int i = 0; i < (int)n; i++) {
        struct span called = span_cut(&rest, ':');
        if (span_is(called, name)) {
            return taken(FIRST_LISTENER + i);
        }
        by_place = i == place && is_nameless(called) ? FIRST_LISTENER + i : by_place;
    }
    return by_place < 0 ? -1 : taken(by_place);
}

void manager_forget_listeners(void)
{
    for (int i = VARIABLES - LISTEN_VARIABLES; i < VARIABLES; i++) {
        unsetenv(variables[i]);
    }
}

void manager_forget(void)
{
    for (int i = 0; i < VARIABLES; i++) {
        unsetenv(variables[i]);
    }
}

/* "@name" is a socket without a place in the file system. A message that cannot be delivered is not waited for. */
static void say(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (path == NULL || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof to.sun_path) {
        return;
    }
    size_t len = strlen(path);
    memcpy(to.sun_path, path, len);
    if (path[0] == '@') {
        to.sun_path[0] = '\0';
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
        (void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&to,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
        close(fd);
    }
}

static void on_sign(void *arg)
{
    uint64_t span_us = 0;
    say("WATCHDOG=1");
    if (number_of("WATCHDOG_USEC", &span_us)) {
        loop_after(arg, (int64_t)(span_us / 1000 / SIGNS_A_SPAN), on_sign, arg);
    }
}

void manager_watch(struct loop *loop)
{
    uint64_t span_us = 0;
    bool ours = getenv("WATCHDOG_PID") == NULL || is_for_us("WATCHDOG_PID");
    if (ours && number_of("WATCHDOG_USEC", &span_us) && span_us >= 1000 && span_us < INT64_MAX) {
        on_sign(loop);
    }
}

void manager_ready(void)
{
    say("READY=1");
}

void manager_reloading(void)
{
    struct timespec now;
    char line[LINE_MAX];
    clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(line, sizeof line, "RELOADING=1\nMONOTONIC_USEC=%lld%06ld", (long long)now.tv_sec,
                   now.tv_nsec / 1000);
    say(line);
}

void manager_stopping(void)
{
    say("STOPPING=1");
}

void manager_status(const char *format, ...)
{
    char line[LINE_MAX] = "STATUS=";
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line + strlen(line), sizeof line - strlen(line), format, args);
    va_end(args);
    for (char *at = line; *at != '\0'; at++) {
        *at = *at == '\n' ? ' ' : *at;
    }
    say(line);
}
