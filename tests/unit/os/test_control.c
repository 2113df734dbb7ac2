/* Control sockets: who waits is answered in the turn in which he is seen. */
#include "os/control.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { ASKERS = 3 };

static unsigned asked;

static void on_request(void *arg, struct span request, struct buf *answer)
{
    (void)arg;
    assert_true(span_is(request, "again"));
    asked++;
    buf_str(answer, "ok");
}

static void end(void *arg)
{
    loop_stop(arg, 0);
}

static int ask(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(fd, "again", 5, 0), 5);
    return fd;
}

static void all_who_wait_are_answered_in_one_turn(void **state)
{
    (void)state;
    char dir[64] = "/tmp/atalaya-control-XXXXXX";
    char path[FILE_PATH_MAX], answer[8];
    struct loop *loop;
    struct control_server *server;
    struct why why = {{0}};
    int askers[ASKERS];
    assert_non_null(mkdtemp(dir));
    path_join(path, dir, "sock");
    assert_int_equal(loop_new(&loop, &why), OK);
    assert_int_equal(control_serve(loop, path, on_request, NULL, &server, &why), OK);
    for (int i = 0; i < ASKERS; i++) {
        askers[i] = ask(path);
    }
    loop_after(loop, 0, end, loop); /* the first turn is the last */
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(asked, ASKERS);
    for (int i = 0; i < ASKERS; i++) {
        assert_int_equal(recv(askers[i], answer, sizeof answer, MSG_DONTWAIT), 2);
        close(askers[i]);
    }
    loop_after(loop, 50, end, loop); /* who went is let go */
    assert_int_equal(loop_run(loop), 0);
    control_server_close(server);
    loop_free(loop);
    assert_int_equal(folder_remove(dir, NULL), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_who_wait_are_answered_in_one_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
