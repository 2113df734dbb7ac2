/* What is said to a worker that does not listen for a while: every answer reaches it, in order, and meanwhile no more is read
 * than one packet. */
#include "edge/keys_desk.h"

#include "os/sock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PACKETS = 400, GIVE_UP_MS = 10000 };

static struct keys_desk desk;
static struct keys_packet packet;
static struct {
    struct loop *loop;
    int end; /* the worker's */
    uint32_t asked, signed_now, told, greeted;
    bool gave_up;
    _Atomic uint64_t waited;
} world;

static void sign(void *arg, struct keys_slot *slot)
{
    (void)arg;
    world.signed_now++;
    slot->len = slot->cert == 9 ? 0 : 70;
    memset(slot->bytes, (int)slot->tag, slot->len);
}

static void greet(void *arg, int socket)
{
    (void)arg;
    (void)socket;
    world.greeted++;
}

static int set_up(void **state)
{
    (void)state;
    struct why why;
    int ends[2];
    memset(&world, 0, sizeof world);
    assert_int_equal(sock_pair(ends), OK);
    assert_int_equal(loop_new(&world.loop, &why), OK);
    world.end = ends[1];
    desk = (struct keys_desk){.loop = world.loop, .socket = ends[0], .answer = sign, .greet = greet};
    desk.waited = &world.waited;
    assert_int_equal(keys_desk_open(&desk), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close(world.end);
    close(desk.socket);
    loop_free(world.loop);
    return 0;
}

static void stop(void *arg)
{
    (void)arg;
    loop_stop(world.loop, 0);
}

static void give_up(void *arg)
{
    (void)arg;
    world.gave_up = true;
    loop_stop(world.loop, 1);
}

/* One packet of questions, numbered on; false: the way there is full. */
static bool ask(uint32_t n)
{
    packet.kind = KEYS_ASK;
    for (uint32_t i = 0; i < n; i++) {
        packet.slots[i] = (struct keys_slot){.tag = world.asked + i, .cert = 1, .len = 32};
    }
    enum err err = keys_send_slots(world.end, &packet, n);
    assert_true(err == OK || err == ERR_AGAIN);
    world.asked += err == OK ? n : 0;
    return err == OK;
}

static void hear(void *arg, int socket, unsigned events)
{
    (void)arg;
    (void)events;
    while (keys_receive(socket, &packet) == OK) {
        assert_int_equal(packet.kind, KEYS_ANSWER);
        uint32_t n = keys_slots(&packet);
        assert_true(n > 0);
        for (uint32_t i = 0; i < n; i++) {
            assert_int_equal(packet.slots[i].tag, world.told++);
            assert_int_equal(packet.slots[i].len, 70);
        }
    }
    if (world.told == world.asked) {
        loop_stop(world.loop, 0);
    }
}

static void a_worker_that_does_not_listen(void **state)
{
    (void)state;
    uint32_t before = UINT32_MAX;
    /* As many questions as go until the desk takes no more of them. */
    for (int i = 0; i < PACKETS && before != world.asked; i++) {
        before = world.asked;
        while (ask(KEYS_SLOTS)) {
        }
        (void)loop_after(world.loop, 0, stop, NULL);
        assert_int_equal(loop_run(world.loop), 0);
    }
    assert_int_equal(before, world.asked);
    assert_int_equal(atomic_load(&world.waited), 1);
    assert_int_equal(desk.held, KEYS_SLOTS);
    assert_true(world.signed_now < world.asked); /* the rest waits unread */
    (void)loop_after(world.loop, GIVE_UP_MS, give_up, NULL);
    assert_int_equal(loop_watch(world.loop, world.end, LOOP_READ, hear, NULL), OK);
    assert_int_equal(loop_run(world.loop), 0);
    assert_false(world.gave_up);
    assert_int_equal(world.told, world.asked);
    assert_int_equal(world.signed_now, world.asked);
    assert_int_equal(desk.held, 0);
    /* and it goes on as before */
    assert_true(ask(3));
    assert_int_equal(loop_run(world.loop), 0);
    assert_int_equal(world.told, world.asked);
}

static void turn(void)
{
    (void)loop_after(world.loop, 0, stop, NULL);
    assert_int_equal(loop_run(world.loop), 0);
}

/* A worker may have been taken over. */
static void what_is_no_packet(void **state)
{
    (void)state;
    static const uint32_t lens[] = {0, 1, sizeof(struct keys_slot) - 1, sizeof(struct keys_slot) + 1,
                                    (KEYS_SLOTS + 1) * sizeof(struct keys_slot)};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        memset(&packet, 0, sizeof packet);
        packet.kind = KEYS_ASK;
        assert_true(keys_send(world.end, &packet, span_of(packet.bytes, lens[i])));
    }
    packet.slots[0] = (struct keys_slot){.len = TLS_ASK_MAX + 1};
    assert_int_equal(keys_send_slots(world.end, &packet, 1), OK);
    packet.len = 7; /* not what follows */
    assert_int_equal(send(world.end, &packet, sizeof packet, 0), sizeof packet);
    assert_int_equal(send(world.end, &packet, 5, 0), 5);
    packet.kind = KEYS_CHAIN;
    assert_true(keys_send(world.end, &packet, SPAN("a chain of its own")));
    for (int i = 0; i < 5; i++) {
        turn();
    }
    assert_int_equal(world.signed_now, 0);
    assert_int_equal(keys_receive(world.end, &packet), ERR_AGAIN);
    packet.kind = KEYS_HELLO;
    assert_true(keys_send(world.end, &packet, SPAN("")));
    turn();
    assert_int_equal(world.greeted, 1);
    /* A question that is refused has an answer, too. */
    packet.kind = KEYS_ASK;
    packet.slots[0] = (struct keys_slot){.tag = 5, .cert = 9, .len = 32};
    assert_int_equal(keys_send_slots(world.end, &packet, 1), OK);
    turn();
    assert_int_equal(keys_receive(world.end, &packet), OK);
    assert_int_equal(keys_slots(&packet), 1);
    assert_int_equal(packet.slots[0].tag, 5);
    assert_int_equal(packet.slots[0].len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_worker_that_does_not_listen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_packet, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("edge_keys_desk", tests, NULL, NULL);
}
