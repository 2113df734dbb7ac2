/* Roles and programs as children that cannot outlive us. */
#include "os/proc.h"

#include "os/clock.h"
#include "os/file.h"
#include "os/manager.h"
#include "os/said.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int pidfd_of(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Dies with the parent. The parent may have died between fork and prctl: then we end at once. */
static void tie_to(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(0);
    }
}

static bool kept(int fd, const int *keep, int n_keep)
{
    for (int i = 0; i < n_keep; i++) {
        if (keep[i] == fd) {
            return true;
        }
    }
    return false;
}

/* Closes everything above 2 but what is kept; what is kept loses close-on-exec when `for_exec`. */
static void keep_only(const int *keep, int n_keep, bool for_exec)
{
    int highest = 2;
    for (int i = 0; i < n_keep; i++) {
        highest = keep[i] > highest ? keep[i] : highest;
        if (for_exec) {
            fcntl(keep[i], F_SETFD, 0);
        }
    }
    for (int fd = 3; fd <= highest; fd++) {
        if (!kept(fd, keep, n_keep)) {
            close(fd);
        }
    }
    syscall(SYS_close_range, (unsigned)highest + 1, ~0U, 0U);
}

static void plain_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
}

static enum err started(pid_t pid, const char *name, struct child *out, struct why *why)
{
    if (pid < 0) {
        return said(why, ERR_IO, "start", name, errno);
    }
    *out = (struct child){.pid = pid, .pidfd = pidfd_of(pid)};
    if (out->pidfd >= 0) {
        fcntl(out->pidfd, F_SETFD, FD_CLOEXEC);
    }
    return OK;
}

enum err role_start(const char *name, role_main role, void *arg, const int *keep, int n_keep,
                    struct child *out, struct why *why)
{
    pid_t parent = getpid();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        tie_to(parent);
        plain_signals();
        keep_only(keep, n_keep, false);
        char comm[16];
        snprintf(comm, sizeof comm, "%s", name);
        prctl(PR_SET_NAME, comm);
        int code = role(arg);
        fflush(NULL);
        _exit(code);
    }
    return started(pid, name, out, why);
}

enum err program_start(const char *path, char *const argv[], const int *keep, int n_keep,
                       const char *log_path, struct child *out, struct why *why)
{
    if (access(path, X_OK) != 0) {
        return said(why, ERR_MISSING, "start", path, errno);
    }
    pid_t parent = getpid();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        tie_to(parent);
        plain_signals();
        int log = log_path == NULL ? -1 : open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (log >= 0) {
            dup2(log, STDOUT_FILENO);
            dup2(log, STDERR_FILENO);
        }
        keep_only(keep, n_keep, true);
        manager_forget();
        execv(path, argv);
        _exit(127);
    }
    return started(pid, path, out, why);
}

enum err program_path(const char *name, char out[4096], struct why *why)
{
    const char *given = getenv("ATALAYA_BIN");
    char own[FILE_PATH_MAX];
    if (given == NULL || given[0] == '\0') {
        ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
        if (n <= 0) {
            return why_set(why, ERR_IO, "where are we: %s", strerror(errno));
        }
        own[n] = '\0';
        *strrchr(own, '/') = '\0';
        given = own;
    }
    int n = snprintf(out, 4096, "%s/%s", given, name);
    if (n <= 0 || n >= 4096 || access(out, X_OK) != 0) {
        return why_set(why, ERR_MISSING, "the program %s is not in %s", name, given);
    }
    return OK;
}

int child_ended(struct child *child)
{
    int status = 0;
    pid_t pid = child->pid <= 0 ? -1 : waitpid(child->pid, &status, WNOHANG);
    if (pid == 0) {
        return 0;
    }
    if (child->pidfd >= 0) {
        close(child->pidfd);
    }
    *child = (struct child){.pid = -1, .pidfd = -1};
    if (pid < 0) {
        return 1;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) + 1 : WEXITSTATUS(status) + 1;
}

static int ended_within(struct child *child, int ms)
{
    int64_t end = monotonic_ms() + ms;
    for (;;) {
        int ended = child_ended(child);
        if (ended != 0) {
            return ended;
        }
        int64_t left = end - monotonic_ms();
        if (left <= 0) {
            return 0;
        }
        struct pollfd wait = {.fd = child->pidfd, .events = POLLIN};
        poll(&wait, child->pidfd >= 0 ? 1 : 0, left > 100 ? 100 : (int)left);
    }
}

int child_wait(struct child *child, int within_ms)
{
    int ended = ended_within(child, within_ms);
    if (ended == 0) {
        kill(child->pid, SIGKILL);
        ended_within(child, 5000);
    }
    return ended;
}

bool child_adopt(pid_t pid, struct child *out)
{
    siginfo_t info;
    if (pid <= 1 || waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
        return false;
    }
    *out = (struct child){.pid = pid, .pidfd = pidfd_of(pid)};
    return true;
}

void child_stop(struct child *child, int grace_ms)
{
    if (child->pid <= 0) {
        return;
    }
    kill(child->pid, SIGTERM);
    if (ended_within(child, grace_ms) == 0) {
        kill(child->pid, SIGKILL);
        ended_within(child, 5000);
    }
}

enum err process_harden(struct why *why)
{
    struct rlimit none = {0, 0};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        setrlimit(RLIMIT_CORE, &none) != 0) {
        return why_set(why, ERR_IO, "harden: %s", strerror(errno));
    }
    return OK;
}
