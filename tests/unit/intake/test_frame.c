/* Frames between roles: whole frames in order whatever the pieces, and none that no role of ours sends. */
#include "intake/frame.h"
#include "os/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct loop *loop;
static struct link near_end, far_end;

static void nothing(void *arg, int fd, unsigned events)
{
    (void)arg;
    (void)fd;
    (void)events;
}

static int set_up(void **state)
{
    int fds[2];
    (void)state;
    if (loop_new(&loop, NULL) != OK || stream_pair(fds) != OK) {
        return 1;
    }
    link_init(&near_end, loop, fds[0]);
    link_init(&far_end, loop, fds[1]);
    return loop_watch(loop, fds[0], LOOP_READ, nothing, NULL) != OK ||
           loop_watch(loop, fds[1], LOOP_READ, nothing, NULL) != OK;
}

static int tear_down(void **state)
{
    (void)state;
    stream_close(near_end.fd);
    stream_close(far_end.fd);
    link_done(&near_end);
    link_done(&far_end);
    loop_free(loop);
    return 0;
}

static void large_and_small_frames_arrive_in_order(void **state)
{
    (void)state;
    static char big[FRAME_BYTES_MAX];
    struct frame frame;
    uint64_t next = 0;
    memset(big, 'x', sizeof big);
    for (uint64_t i = 0; i < 6; i++) {
        size_t len = i % 2 == 0 ? sizeof big : i;
        link_send(&near_end, FRAME_SUBMIT, i, span_of(big, len / 2), span_of(big, len - len / 2));
    }
    while (next < 6) {
        assert_int_equal(link_flush(&near_end), OK);
        assert_int_equal(link_feed(&far_end), ERR_AGAIN);
        while (link_next(&far_end, &frame) == OK) {
            assert_int_equal(frame.tag, next);
            assert_int_equal(frame.bytes.len, next % 2 == 0 ? sizeof big : next);
            assert_true(frame.bytes.len == 0 || frame.bytes.at[frame.bytes.len - 1] == 'x');
            next++;
        }
    }
    assert_int_equal(link_queued(&near_end), 0);
}

static void nonsense_is_told_from_waiting(void **state)
{
    (void)state;
    struct frame frame;
    size_t n = 0;
    uint32_t head[4] = {FRAME_KINDS, 0, 0, 0};
    assert_int_equal(link_next(&far_end, &frame), ERR_AGAIN);
    assert_int_equal(stream_write(near_end.fd, head, sizeof head, &n), OK);
    assert_int_equal(link_feed(&far_end), ERR_AGAIN);
    assert_int_equal(link_next(&far_end, &frame), ERR_SYNTAX);
}

static void a_frame_past_the_limit_is_nonsense(void **state)
{
    (void)state;
    struct frame frame;
    size_t n = 0;
    uint32_t head[4] = {FRAME_SUBMIT, FRAME_BYTES_MAX + 1, 0, 0};
    assert_int_equal(stream_write(near_end.fd, head, sizeof head, &n), OK);
    assert_int_equal(link_feed(&far_end), ERR_AGAIN);
    assert_int_equal(link_next(&far_end, &frame), ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(large_and_small_frames_arrive_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nonsense_is_told_from_waiting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_frame_past_the_limit_is_nonsense, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
