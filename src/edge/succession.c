/* What is left lies in three variables of the environment: numbers of descriptors and of processes. */
#include "edge/succession.h"

#include "base/num.h"
#include "base/span.h"
#include "os/manager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CLOEXEC_RANGE = 4, NUMBERS_MAX = 1024, PROOF_MS = 5000, REASON_MAX = 300 };

static const char *const names[SUCCESSION_LISTENERS] = {"ATALAYA_EDGE_LISTENER", "ATALAYA_EDGE_HEALTH",
                                                        "ATALAYA_EDGE_TLS"};
/* FileDescriptorName= of their socket units. */
static const char *const activated[SUCCESSION_LISTENERS] = {"http", "health", "https"};
static const char before_name[] = "ATALAYA_EDGE_BEFORE";

static int number_of(const char *name)
{
    const char *text = getenv(name);
    uint32_t number = 0;
    bool is = text != NULL && num_parse_u32(span_str(text), &number) == OK && number < INT32_MAX;
    return is ? (int)number : -1;
}

/* Only a socket that listens is taken. */
static int checked(int fd)
{
    int listens = 0;
    socklen_t len = sizeof listens;
    if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0 || listens == 0) {
        return -1;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

static void read_before(struct succession *out)
{
    const char *text = getenv(before_name);
    struct span rest = span_str(text == NULL ? "" : text);
    while (rest.len > 0 && out->n_before < SUCCESSION_CHILDREN) {
        uint32_t pid = 0;
        if (num_parse_u32(span_cut(&rest, ' '), &pid) == OK &&
            child_adopt((pid_t)pid, &out->before[out->n_before])) {
            out->n_before++;
        }
    }
}

void succession_read(struct succession *out)
{
    *out = (struct succession){.n_before = 0};
    for (int i = 0; i < SUCCESSION_LISTENERS; i++) {
        out->listeners[i] = checked(number_of(names[i]));
        unsetenv(names[i]);
    }
    if (out->listeners[0] < 0) {
        for (int i = 0; i < SUCCESSION_LISTENERS; i++) {
            out->listeners[i] = manager_listener(activated[i], i);
        }
    }
    manager_forget_listeners();
    read_before(out);
    unsetenv(before_name);
}

/* The first line of what it said, fit for a log line. */
static void read_reason(int said, char out[REASON_MAX])
{
    ssize_t n = pread(said, out, REASON_MAX - 1, 0);
    out[n > 0 ? n : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    for (char *at = out; *at != '\0'; at++) {
        *at = (unsigned char)*at < ' ' || *at == '"' ? '\'' : *at;
    }
}

static enum err judge(const char *path, int ended, int said, struct why *why)
{
    char reason[REASON_MAX];
    if (ended == 1) {
        return OK;
    }
    read_reason(said, reason);
    return why_set(
        why, ERR_REFUSED,
        "el programa nuevo (%s) no acepta cómo se llamó al de ahora, que sigue / the new program does "
        "not take the words of the present one, which goes on: %s",
        path,
        ended == 0          ? "no termina / it does not end"
        : reason[0] == '\0' ? "no corre / it does not run"
                            : reason);
}

/* A program that would not begin with our words is not given the place: they are put to it, and what it says is the reason. */
static enum err prove(const char *path, char *const argv[], struct why *why)
{
    size_t n = 0;
    while (argv[n] != NULL) {
        n++;
    }
    char **words = calloc(n + 2, sizeof *words);
    int said = memfd_create("said", MFD_CLOEXEC);
    if (words == NULL || said < 0) {
        free(words);
        return why_set(why, ERR_FULL, "sin memoria / no memory");
    }
    words[0] = argv[0];
    words[1] = (char *)(uintptr_t) "--check";
    memcpy(words + 2, argv + 1, (n - 1) * sizeof *words);
    char place[64];
    struct child child;
    (void)snprintf(place, sizeof place, "/proc/self/fd/%d", said);
    enum err err = program_start(path, words, NULL, 0, place, &child, why);
    err = err == OK ? judge(path, child_wait(&child, PROOF_MS), said, why) : err;
    close(said);
    free(words);
    return err;
}

static void leave(const struct succession *mine)
{
    char numbers[NUMBERS_MAX];
    int len = 0;
    for (int i = 0; i < SUCCESSION_LISTENERS; i++) {
        if (mine->listeners[i] >= 0) {
            (void)snprintf(numbers, sizeof numbers, "%d", mine->listeners[i]);
            setenv(names[i], numbers, 1);
            fcntl(mine->listeners[i], F_SETFD, 0);
        }
    }
    numbers[0] = '\0';
    for (int i = 0; i < mine->n_before && len < NUMBERS_MAX - 16; i++) {
        len += snprintf(numbers + len, sizeof numbers - (size_t)len, "%s%d", i > 0 ? " " : "",
                        (int)mine->before[i].pid);
    }
    setenv(before_name, numbers, 1);
}

enum err succession_pass(char *const argv[], const struct succession *mine, struct why *why)
{
    char path[4096];
    TRY(program_path("atalaya-edge", path, why));
    TRY(prove(path, argv, why));
    syscall(SYS_close_range, 3U, ~0U, (unsigned)CLOEXEC_RANGE);
    leave(mine);
    sigset_t none;
    sigset_t blocked;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, &blocked);
    execv(path, argv);
    int saved = errno;
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    return why_set(why, ERR_IO, "%s: %s", path, strerror(saved));
}
