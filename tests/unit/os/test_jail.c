/* Jails: what is not granted ends the role or is refused. Each case runs in a child of its own. */
#include "os/aside.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/jail.h"
#include "os/proc.h"
#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static char root[64];

struct inmate {
    struct jail jail;
    int (*act)(void);
};

static int enter_and_act(void *arg)
{
    struct inmate *inmate = arg;
    struct why why = {""};
    if (jail_enter(&inmate->jail, &why) != OK) {
        fprintf(stderr, "%s\n", why.text);
        return 99;
    }
    return inmate->act();
}

/* The exit code of a role that enters `jail` and does `act`; 128 + signal when it was killed. */
static int outcome(struct jail jail, int (*act)(void))
{
    struct inmate inmate = {jail, act};
    struct child child;
    struct why why = {""};
    jail.name = "test";
    assert_int_equal(role_start("jail", enter_and_act, &inmate, NULL, 0, &child, &why), OK);
    int64_t end = monotonic_ms() + 10000;
    int code = 0;
    while ((code = child_ended(&child)) == 0 && monotonic_ms() < end) {
        struct pollfd wait = {.fd = child.pidfd, .events = POLLIN};
        poll(&wait, 1, 100);
    }
    return code - 1;
}

static int do_nothing(void)
{
    char *memory = malloc(1 << 20);
    free(memory);
    return clock_now_ms(NULL) > 0 ? 0 : 1;
}

static int open_passwd(void)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? 0 : errno;
}

static int write_inside(void)
{
    char path[FILE_PATH_MAX];
    struct why why = {""};
    return file_write(path_join(path, root, "inside"), SPAN("x"), true, &why) == OK ? 0 : 1;
}

/* Writes a file without a name below `root` and reads it through a second descriptor; then tries to make one with a name. */
static int write_nameless(void)
{
    char path[FILE_PATH_MAX];
    char again[40];
    char byte = '\0';
    int fd = open(root, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0400);
    (void)snprintf(again, sizeof again, "/proc/self/fd/%d", fd);
    int reader = open(again, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || reader < 0 || pwrite(fd, "x", 1, 0) != 1 || pread(reader, &byte, 1, 0) != 1 ||
        byte != 'x') {
        return 1;
    }
    return open(path_join(path, root, "named"), O_CREAT | O_WRONLY | O_CLOEXEC, 0400) < 0 ? errno : 2;
}

static int connect_out(void)
{
    int fd = -1;
    struct why why = {""};
    return sock_connect(SPAN("127.0.0.1:1"), &fd, &why) == OK ? 0 : 1;
}

static int execute(void)
{
    execl("/bin/true", "true", (char *)NULL);
    return errno;
}

static void open_passwd_aside(void *arg)
{
    *(int *)arg = open_passwd();
}

static int open_passwd_in_a_thread(void)
{
    struct aside aside;
    int code = 0;
    if (!aside_begin(&aside, open_passwd_aside, &code)) {
        return 98;
    }
    aside_wait(&aside);
    return code;
}

static int become_two(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    return pid > 0 ? 0 : errno;
}

static void a_role_without_rights_can_compute(void **state)
{
    (void)state;
    assert_int_equal(outcome((struct jail){.name = "t"}, do_nothing), 0);
}

/* With seccomp the role is killed; under a sanitizer Landlock still refuses with EACCES. */
static void assert_stopped(int code)
{
    assert_true(code == 128 + SIGSYS || code == EACCES);
}

static void files_are_out_of_reach(void **state)
{
    (void)state;
    assert_stopped(outcome((struct jail){.name = "t"}, open_passwd));
    const char *const mine[] = {root, NULL};
    struct jail files = {.name = "t", .rights = JAIL_FILES, .write = mine};
    assert_int_equal(outcome(files, open_passwd), EACCES);
    assert_int_equal(outcome(files, write_inside), 0);
    struct jail reader = {.name = "t", .rights = JAIL_FILES, .read = mine};
    assert_int_equal(outcome(reader, write_inside), 1);
    struct jail nameless = {.name = "t", .rights = JAIL_FILES, .nameless = mine};
    assert_int_equal(outcome(nameless, write_nameless), EACCES);
    assert_int_equal(outcome(nameless, write_inside), 1);
}

static void the_network_is_out_of_reach(void **state)
{
    (void)state;
    int code = outcome((struct jail){.name = "t"}, connect_out);
    assert_true(code == 128 + SIGSYS || code == 1);
    assert_int_equal(outcome((struct jail){.name = "t", .rights = JAIL_CONNECT}, connect_out), 1);
}

static void programs_are_out_of_reach(void **state)
{
    (void)state;
    assert_stopped(outcome((struct jail){.name = "t", .rights = JAIL_SERVE}, execute));
}

/* A build with a sanitizer has no seccomp: there the thread begins, and Landlock still holds it. */
static void threads_need_the_right_and_stay_in_the_jail(void **state)
{
    (void)state;
    struct jail threads = {.name = "t", .rights = JAIL_FILES | JAIL_THREADS};
    struct jail none = {.name = "t", .rights = JAIL_FILES};
    assert_int_equal(outcome(threads, open_passwd_in_a_thread), EACCES);
    assert_stopped(outcome(none, open_passwd_in_a_thread));
    int code = outcome(threads, become_two);
    assert_int_equal(code, outcome(none, become_two));
    assert_true(code == 128 + SIGSYS || code == 0);
}

/* What a role could write and then run; 0: it could. */
static int make_a_program(void)
{
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? 1 : mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0 ? 0 : errno;
}

static int map_a_program(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ? 0
                                                                                                     : errno;
}

static void memory_never_becomes_a_program(void **state)
{
    (void)state;
    struct jail threads = {.name = "t", .rights = JAIL_FILES | JAIL_THREADS};
    struct jail spawns = {.name = "t", .rights = JAIL_FILES | JAIL_SPAWN};
    int made = outcome(threads, make_a_program);
    assert_true(made == EACCES || made == 0); /* a sanitizer's build has no seccomp */
    assert_int_equal(outcome(threads, map_a_program), made);
    assert_int_equal(outcome((struct jail){.name = "t"}, map_a_program), made);
    assert_int_equal(outcome(threads, open_passwd_in_a_thread), EACCES); /* threads' stacks are still made */
    assert_int_equal(outcome(spawns, map_a_program), 0);
}

static int end_the_parent(void)
{
    return (int)syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static int starve_the_parent(void)
{
    return prlimit(getppid(), RLIMIT_CPU, NULL, NULL);
}

static int type_into_the_terminal(void)
{
    char key = 'x';
    return ioctl(1, TIOCSTI, &key) == 0;
}

static int own_a_signal(void)
{
    return fcntl(0, F_SETOWN, getppid()) != 0;
}

static int shut_for_everybody(void)
{
    return shutdown(0, SHUT_RDWR) == 0;
}

static int do_what_is_mine(void)
{
    struct rlimit limit;
    int waiting = 0;
    (void)ioctl(0, FIONREAD, &waiting);
    (void)shutdown(0, SHUT_WR);
    return getrlimit(RLIMIT_NOFILE, &limit) != 0 || fcntl(0, F_GETFL) < 0 || fcntl(0, F_SETFD, 0) < 0;
}

static int abort_myself(void)
{
    signal(SIGABRT, SIG_DFL);
    abort();
}

/* What each role may do to itself it may not do to others. */
static void what_is_for_itself_is_for_nobody_else(void **state)
{
    (void)state;
    int (*const acts[])(void) = {end_the_parent, starve_the_parent, type_into_the_terminal, own_a_signal,
                                 shut_for_everybody};
    const struct jail serves = {.name = "t", .rights = JAIL_SERVE};
    bool is_jailed = outcome(serves, acts[0]) != 0; /* a sanitizer's build has no seccomp */
    for (size_t i = 0; is_jailed && i < sizeof acts / sizeof *acts; i++) {
        assert_int_equal(outcome(serves, acts[i]), 128 + SIGSYS);
    }
    assert_int_equal(outcome(serves, do_what_is_mine), 0);
    assert_int_equal(outcome(serves, abort_myself), 128 + SIGABRT);
    assert_true(outcome((struct jail){.name = "t", .rights = JAIL_CONNECT}, shut_for_everybody) <= 1);
}

static int who(void)
{
    return getuid() == JAIL_NOBODY && geteuid() == JAIL_NOBODY && getgid() == JAIL_NOBODY ? 65 : 1;
}

/* Root's role becomes nobody when it is to, and nobody may read its row; nobody else changes. */
static void who_owns_nothing_is_nobody(void **state)
{
    (void)state;
    const char *const all[] = {"/etc", "/not/there", NULL};
    const char *const mine[] = {root, NULL}; /* 0700 */
    struct jail other = {.name = "t", .rights = JAIL_READ, .read = all, .nobody = true};
    int code = outcome(other, who);
    assert_true(code == 65 || code == 1); /* 1: not started as root, or a sanitizer's build */
    other.rights = 0;
    other.read = NULL;
    assert_int_equal(outcome(other, who), code);
    other.nobody = false;
    assert_int_equal(outcome(other, who), 1);
    other = (struct jail){.name = "t", .rights = JAIL_READ, .read = mine, .nobody = true};
    assert_int_equal(outcome(other, who), 1);
}

static void only_aloud_is_it_switched_off(void **state)
{
    (void)state;
    setenv("ATALAYA_JAIL", "off", 1);
    assert_int_equal(outcome((struct jail){.name = "t"}, open_passwd), 0);
    unsetenv("ATALAYA_JAIL");
}

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/atalaya-jail-XXXXXX");
    return mkdtemp(root) == NULL;
}

static int remove_root(void **state)
{
    (void)state;
    struct why why = {""};
    return folder_remove(root, &why) != OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_without_rights_can_compute),
        cmocka_unit_test(files_are_out_of_reach),
        cmocka_unit_test(the_network_is_out_of_reach),
        cmocka_unit_test(programs_are_out_of_reach),
        cmocka_unit_test(memory_never_becomes_a_program),
        cmocka_unit_test(what_is_for_itself_is_for_nobody_else),
        cmocka_unit_test(who_owns_nothing_is_nobody),
        cmocka_unit_test(threads_need_the_right_and_stay_in_the_jail),
        cmocka_unit_test(only_aloud_is_it_switched_off),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
