/* Landlock by raw calls (ABI probed, rights of later ABIs defined here: the system's header is older than the
 * kernel may be), seccomp through libseccomp from one table of calls. */
#include "os/jail.h"

#include "base/log.h"

#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define JAIL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define JAIL_SANITIZED 1
#endif
#endif

/* Rights that came after ABI 1; the numbers are the kernel's. */
#define FS_REFER       (UINT64_C(1) << 13) /* ABI 2 */
#define FS_TRUNCATE    (UINT64_C(1) << 14) /* ABI 3 */
#define NET_BIND_TCP   (UINT64_C(1) << 0)  /* ABI 4 */
#define NET_CONNECT    (UINT64_C(1) << 1)
#define FS_ALL_ABI1    ((UINT64_C(1) << 13) - 1)
#define FS_READ_FILE   (LANDLOCK_ACCESS_FS_READ_FILE)
#define FS_READ_FOLDER (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_FILE_RIGHTS                                                                                       \
    (FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE | FS_TRUNCATE)

struct ruleset {
    uint64_t files;
    uint64_t net;
};

static int landlock_abi(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static uint64_t known_files(int abi)
{
    return FS_ALL_ABI1 | (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0);
}

static enum err allow_path(int rules, const char *path, uint64_t rights, struct why *why)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0) {
        return OK; /* what is not there cannot be opened either */
    }
    struct stat about;
    if (fstat(fd, &about) == 0 && !S_ISDIR(about.st_mode)) {
        rights &= FS_FILE_RIGHTS;
    }
    struct landlock_path_beneath_attr beneath = {.allowed_access = rights, .parent_fd = fd};
    long failed = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    int saved = errno;
    close(fd);
    return failed == 0 ? OK : why_set(why, ERR_REFUSED, "landlock %s: %s", path, strerror(saved));
}

static enum err allow_paths(int rules, const struct jail *jail, uint64_t known, struct why *why)
{
    uint64_t execute = jail->rights & JAIL_SPAWN ? (uint64_t)LANDLOCK_ACCESS_FS_EXECUTE : 0;
    uint64_t write = known & ~(uint64_t)(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                                         LANDLOCK_ACCESS_FS_EXECUTE);
    for (const char *const *path = jail->read; path != NULL && *path != NULL; path++) {
        TRY(allow_path(rules, *path, (FS_READ_FOLDER | execute) & known, why));
    }
    for (const char *const *path = jail->write; path != NULL && *path != NULL; path++) {
        TRY(allow_path(rules, *path, write, why));
    }
    for (const char *const *path = jail->nameless; path != NULL && *path != NULL; path++) {
        TRY(allow_path(rules, *path, FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE, why));
    }
    return OK;
}

static enum err enter_landlock(const struct jail *jail, struct why *why)
{
    int abi = landlock_abi();
    if (abi < 1) {
        return why_set(why, ERR_REFUSED, "this kernel has no Landlock");
    }
    struct ruleset handled = {.files = known_files(abi)};
    if (abi >= 4) {
        handled.net = NET_BIND_TCP | (jail->rights & JAIL_CONNECT ? 0 : NET_CONNECT);
    }
    size_t size = abi >= 4 ? sizeof handled : sizeof handled.files;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, size, 0);
    if (rules < 0) {
        return why_set(why, ERR_REFUSED, "landlock: %s", strerror(errno));
    }
    enum err err = jail->rights & JAIL_FILES ? allow_paths(rules, jail, handled.files, why) : OK;
    if (err == OK && syscall(SYS_landlock_restrict_self, rules, 0) != 0) {
        err = why_set(why, ERR_REFUSED, "landlock: %s", strerror(errno));
    }
    close(rules);
    return err;
}

/* The one line a library of ours writes: a role without its jail must never be without a word in its log. */
static void say_off(const struct jail *jail, const char *what, const char *reason)
{
    log_line(LOG_WARN, "jail_off", "role=%s what=%s why=%s", jail->name, what, reason);
}

#ifndef JAIL_SANITIZED
/* Could nobody read what the row lets it read? Published files have the modes of their folder's maker. */
static bool nobody_may_read(const struct jail *jail)
{
    bool may = seteuid(JAIL_NOBODY) == 0;
    for (const char *const *path = jail->read; may && path != NULL && *path != NULL; path++) {
        struct stat about;
        bool folder = stat(*path, &about) == 0 && S_ISDIR(about.st_mode);
        may = faccessat(AT_FDCWD, *path, folder ? R_OK | X_OK : R_OK, AT_EACCESS) == 0 || errno == ENOENT;
    }
    return seteuid(0) == 0 && may;
}

/* Root's name alone is worth something: its files, its processes. Changing it clears the signal of a parent's death. */
static void become_nobody(const struct jail *jail)
{
    pid_t parent = getppid();
    if (!jail->nobody || geteuid() != 0) {
        return;
    }
    if (!nobody_may_read(jail) || setgroups(0, NULL) != 0 ||
        setresgid(JAIL_NOBODY, JAIL_NOBODY, JAIL_NOBODY) != 0 ||
        setresuid(JAIL_NOBODY, JAIL_NOBODY, JAIL_NOBODY) != 0) {
        log_line(LOG_WARN, "jail_as_root", "role=%s why=\"%s\"", jail->name, strerror(errno));
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(0);
    }
}

/* A service manager's fence may forbid capset altogether (systemd's @privileged) to who has nothing left to give up. */
static bool has_no_capability(struct __user_cap_header_struct *head)
{
    struct __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3];
    int saved = errno;
    bool none = syscall(SYS_capget, head, held) == 0;
    for (size_t i = 0; none && i < _LINUX_CAPABILITY_U32S_3; i++) {
        none = (held[i].effective | held[i].permitted | held[i].inheritable) == 0;
    }
    errno = saved;
    return none;
}

/* Whoever was started as root keeps its name at most: no capability now, none by executing a program later. */
static enum err drop_capabilities(const struct jail *jail, struct why *why)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++) {
        (void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0); /* refused to who has none to drop */
    }
    become_nobody(jail);
    if (syscall(SYS_capset, &head, none) == 0 || has_no_capability(&head)) {
        return OK;
    }
    return why_set(why, ERR_REFUSED, "capabilities: %s", strerror(errno));
}

/* Calls by the right that brings them; 0: every role. Names, so that one table serves every architecture. */
static const struct {
    unsigned right;
    const char *calls;
} CALLS[] = {
    {0,
     "read write readv writev pread64 pwrite64 close fstat newfstatat lseek munmap mremap "
     "madvise brk "
     "futex clock_gettime clock_getres gettimeofday time getpid gettid getppid exit exit_group rt_sigaction "
     "rt_sigprocmask rt_sigreturn sigaltstack restart_syscall getrandom poll ppoll select pselect6 "
     "epoll_create1 "
     "epoll_ctl epoll_wait epoll_pwait epoll_pwait2 nanosleep clock_nanosleep sched_yield sched_getaffinity "
     "getrusage "
     "recvfrom recvmsg sendto sendmsg pipe2 dup dup2 dup3 signalfd4 timerfd_create timerfd_settime "
     "eventfd2 "
     "getuid geteuid getgid getegid uname sysinfo getrlimit membarrier rseq set_robust_list "
     "fadvise64 "
     "getcwd umask"},
    {JAIL_SERVE, "accept accept4 getsockname getpeername getsockopt setsockopt sendfile splice"},
    {JAIL_CONNECT,
     "socket connect bind getsockname getpeername getsockopt setsockopt socketpair sendmmsg recvmmsg"},
    {JAIL_READ,
     "open openat openat2 stat lstat statx access faccessat faccessat2 readlink readlinkat getdents64 "
     "statfs fstatfs inotify_init1 inotify_add_watch inotify_rm_watch sendfile"},
    {JAIL_FILES,
     "creat mkdir mkdirat rmdir rename renameat renameat2 unlink unlinkat link linkat fsync fdatasync "
     "syncfs ftruncate truncate fallocate flock fchmod chmod fchmodat fchown chown utimensat "
     "copy_file_range sync_file_range chdir memfd_create"},
    {JAIL_SEAL, "memfd_create"},
    {JAIL_LOCAL, "connect bind listen accept4 getsockname getsockopt setsockopt"},
    {JAIL_SPAWN,
     "mmap mprotect clone clone3 fork vfork execve execveat wait4 waitid kill pidfd_open pidfd_send_signal prctl setsid "
     "close_range arch_prctl set_tid_address getpgrp setpgid setrlimit seccomp "
     "landlock_create_ruleset landlock_add_rule landlock_restrict_self socketpair"},
};

/* Adds every call of a list; a name that this architecture does not have is passed over. */
static int allow_calls(scmp_filter_ctx filter, const char *names)
{
    char name[32];
    int failed = 0;
    while (*names != '\0' && failed == 0) {
        size_t len = strcspn(names, " ");
        if (len > 0 && len < sizeof name) {
            memcpy(name, names, len);
            name[len] = '\0';
            int number = seccomp_syscall_resolve_name(name);
            failed = number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
        }
        names += len + (names[len] == ' ');
    }
    return failed;
}

/* Calls that every role needs and that could do more than it needs: one argument is held to these values. What is kept out: signals
 * and limits for other processes of the same user; a listening socket shut for everybody, and then connected from by TCP fast
 * open, without connect(2) and unseen by Landlock; keystrokes into the operator's terminal; signals by way of a descriptor. */
#define TTY_GETS2 UINT64_C(0x802c542a) /* TCGETS2, that later C libraries ask instead of TCGETS */
enum { NARROW_MAX = 14 };
static const struct narrow {
    const char *call;
    unsigned argument;
    unsigned lifted; /* by these rights */
    uint64_t only[NARROW_MAX];
    unsigned n; /* 0: our own process id */
} NARROW[] = {
    {"tgkill", 0, JAIL_SPAWN, {0}, 0},
    {"prlimit64", 0, JAIL_SPAWN, {0}, 1},
    {"shutdown", 1, JAIL_CONNECT, {SHUT_WR}, 1},
    {"ioctl", 1, 0, {TCGETS, TTY_GETS2, TIOCGWINSZ, TIOCOUTQ, FIONREAD, FIONBIO}, 6},
    {"fcntl",
     1,
     0,
     {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK,
      F_OFD_SETLK, F_OFD_SETLKW, F_ADD_SEALS, F_GET_SEALS},
     NARROW_MAX},
};

static int allow_narrow(scmp_filter_ctx filter, const struct narrow *row, unsigned rights)
{
    int number = seccomp_syscall_resolve_name(row->call);
    if ((rights & row->lifted) != 0) {
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
    }
    int failed = 0;
    for (unsigned i = 0; failed == 0 && i < (row->n > 0 ? row->n : 1); i++) {
        uint64_t value = row->n > 0 ? row->only[i] : (uint64_t)getpid();
        const struct scmp_arg_cmp is = {row->argument, SCMP_CMP_EQ, value, 0};
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, is);
    }
    return failed;
}

/* clone for threads alone: its flags are an argument that a filter can see. clone3 keeps them in memory, which no filter
 * sees, so it is not there, and the library goes back to clone. */
static int allow_threads(scmp_filter_ctx filter)
{
    const uint64_t thread = CLONE_THREAD;
    int failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, thread, thread));
    return failed != 0 ? failed : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* Memory is never made a program once a role runs: mapped or changed without PROT_EXEC, or refused (a library that would be
 * loaded late is not, and its caller goes on). Who starts programs needs the right for their loader. */
static int allow_memory(scmp_filter_ctx filter)
{
    const int calls[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
    const uint64_t program = PROT_EXEC;
    int failed = 0;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0] && failed == 0; i++) {
        failed =
            seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 1, SCMP_A2(SCMP_CMP_MASKED_EQ, program, 0));
        failed = failed != 0 ? failed
                             : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), calls[i], 1,
                                                SCMP_A2(SCMP_CMP_MASKED_EQ, program, program));
    }
    return failed;
}

/* Who only listens locally makes sockets of no other family. */
static int allow_local_sockets(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
}

static enum err enter_seccomp(const struct jail *jail, struct why *why)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL) {
        return why_set(why, ERR_REFUSED, "seccomp: no memory");
    }
    int failed = 0;
    for (size_t i = 0; i < sizeof CALLS / sizeof CALLS[0] && failed == 0; i++) {
        if ((CALLS[i].right & jail->rights) == CALLS[i].right) {
            failed = allow_calls(filter, CALLS[i].calls);
        }
    }
    for (size_t i = 0; i < sizeof NARROW / sizeof NARROW[0] && failed == 0; i++) {
        failed = allow_narrow(filter, &NARROW[i], jail->rights);
    }
    if (failed == 0 && (jail->rights & JAIL_SPAWN) == 0) {
        failed = allow_memory(filter);
    }
    if (failed == 0 && (jail->rights & (JAIL_THREADS | JAIL_SPAWN)) == JAIL_THREADS) {
        failed = allow_threads(filter);
    }
    if (failed == 0 && (jail->rights & (JAIL_LOCAL | JAIL_CONNECT)) == JAIL_LOCAL) {
        failed = allow_local_sockets(filter);
    }
    failed = failed != 0 ? failed : seccomp_load(filter);
    seccomp_release(filter);
    return failed == 0 ? OK : why_set(why, ERR_REFUSED, "seccomp: %s", strerror(-failed));
}
#else
/* Its search for leaks looks into its own process, which without the capability it may not. */
static enum err drop_capabilities(const struct jail *jail, struct why *why)
{
    (void)why;
    say_off(jail, "capabilities", "sanitized-build");
    return OK;
}

static enum err enter_seccomp(const struct jail *jail, struct why *why)
{
    (void)why;
    say_off(jail, "seccomp", "sanitized-build");
    return OK;
}
#endif

static bool is_off(void)
{
    const char *said = getenv("ATALAYA_JAIL");
    return said != NULL && strcmp(said, "off") == 0;
}

static bool has_seccomp(void)
{
#ifdef JAIL_SANITIZED
    return true; /* it is not entered */
#else
    const uint32_t kill = SECCOMP_RET_KILL_PROCESS;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &kill) == 0;
#endif
}

enum err jail_possible(struct why *why)
{
    const char *lacks = landlock_abi() < 1 ? "Landlock" : !has_seccomp() ? "seccomp" : NULL;
    if (lacks == NULL || is_off()) {
        return OK;
    }
    return why_set(
        why, ERR_REFUSED,
        "este núcleo no tiene %s y sin ella ningún papel puede encerrarse (con ATALAYA_JAIL=off corren "
        "sin encierro) / this kernel has no %s, and no role can be jailed without it "
        "(ATALAYA_JAIL=off runs them unjailed)",
        lacks, lacks);
}

enum err jail_enter(const struct jail *jail, struct why *why)
{
    TRY(process_harden(why));
    if (is_off()) {
        say_off(jail, "all", "ATALAYA_JAIL");
        return OK;
    }
    enum err err = enter_landlock(jail, why);
    if (err == OK) {
        err = drop_capabilities(jail, why);
    }
    if (err == OK) {
        err = enter_seccomp(jail, why);
    }
    if (err != OK) {
        return why_prefix(why, err, "the role %s cannot be jailed (ATALAYA_JAIL=off starts it unjailed)",
                          jail->name);
    }
    return OK;
}
