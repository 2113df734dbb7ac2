/* Nothing is opened through a link or out of the folder, by openat2 and where a fence keeps that call away. */
#include "os/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static char root[64];
static int folder = -1;

static const struct {
    const char *path;
    int flags;
    int error; /* 0: opened */
} CASES[] = {
    {"file", O_RDONLY, 0},
    {"a/b/file", O_RDONLY, 0},
    {"a//b/file", O_RDONLY, 0},
    {"./a/./b/file", O_RDONLY, 0},
    {".", O_RDONLY | O_DIRECTORY, 0},
    {"a/b", O_RDONLY | O_DIRECTORY, 0},
    {"a/b/", O_RDONLY, 0},
    {"a/b", O_PATH | O_NOFOLLOW, 0},
    {"none", O_RDONLY, ENOENT},
    {"a/none/file", O_RDONLY, ENOENT},
    {"", O_RDONLY, ENOENT},
    {"file/more", O_RDONLY, ENOTDIR},
    {"file/", O_RDONLY, ENOTDIR},
    {"file", O_RDONLY | O_DIRECTORY, ENOTDIR},
    {"link", O_RDONLY, ELOOP},
    {"to-a/b/file", O_RDONLY, ELOOP},
    {"to-a", O_RDONLY | O_DIRECTORY, ELOOP},
    {"a/out/passwd", O_RDONLY, ELOOP},
    {"a/self/file", O_RDONLY, ELOOP},
    {"..", O_RDONLY, EXDEV},
    {"a/../../file", O_RDONLY, EXDEV},
    {"/etc/passwd", O_RDONLY, EXDEV},
};

static void make_file(const char *path)
{
    int fd = openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "bytes", 5), 5);
    close(fd);
}

static int make_root(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "/tmp/resolve-XXXXXX");
    assert_non_null(mkdtemp(root));
    folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder >= 0);
    assert_int_equal(mkdirat(folder, "a", 0700), 0);
    assert_int_equal(mkdirat(folder, "a/b", 0700), 0);
    make_file("file");
    make_file("a/b/file");
    assert_int_equal(symlinkat("file", folder, "link"), 0);
    assert_int_equal(symlinkat("a", folder, "to-a"), 0);
    assert_int_equal(symlinkat("/etc", folder, "a/out"), 0);
    assert_int_equal(symlinkat("..", folder, "a/self"), 0);
    return 0;
}

static int remove_root(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int flag;
    } all[] = {{"a/self", 0},   {"a/out", 0}, {"to-a", 0},           {"link", 0},
               {"a/b/file", 0}, {"file", 0},  {"a/b", AT_REMOVEDIR}, {"a", AT_REMOVEDIR}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        assert_int_equal(unlinkat(folder, all[i].path, all[i].flag), 0);
    }
    close(folder);
    return rmdir(root);
}

/* How many cases came out otherwise than they are written. */
static int wrong_cases(void)
{
    int wrong = 0;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        errno = 0;
        int fd = resolve_open(folder, CASES[i].path, CASES[i].flags);
        int error = fd >= 0 ? 0 : errno;
        if (error != CASES[i].error || (fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0)) {
            fprintf(stderr, "\"%s\": %s, not %s\n", CASES[i].path, strerror(error), strerror(CASES[i].error));
            wrong++;
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    return wrong;
}

/* From here on openat2 answers this error, as behind a service manager's fence. */
static bool fence(uint32_t error)
{
    struct sock_filter calls[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof calls / sizeof *calls, calls};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int wrong_cases_behind(uint32_t error)
{
    int status = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(!fence(error) ? 99 : wrong_cases());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void nothing_leads_out_of_the_folder(void **state)
{
    (void)state;
    assert_int_equal(wrong_cases(), 0);
}

static void nor_behind_a_fence(void **state)
{
    (void)state;
    assert_int_equal(wrong_cases_behind(ENOSYS), 0);
    assert_int_equal(wrong_cases_behind(EPERM), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_leads_out_of_the_folder),
        cmocka_unit_test(nor_behind_a_fence),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
