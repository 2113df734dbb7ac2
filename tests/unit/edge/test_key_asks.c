/* Questions to a role that does not listen for a while: nothing is lost, the worker is told when there is room again, and is not told
 * any more when it needs none. */
#include "edge/key_asks.h"

#include "os/sock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { CONNS = 40, GIVE_UP_MS = 10000 };

static struct server server;
static struct worker_row row;
static struct conn conns[CONNS];
static struct keys_packet packet;
static struct {
    int end; /* the role's */
    uint32_t told;
    bool gave_up;
} world;

/* As a worker does when its channel says something. */
static void on_keys(void *arg, int socket, unsigned events)
{
    (void)arg;
    (void)socket;
    if ((events & LOOP_WRITE) != 0) {
        world.told++;
        key_asks_send(&server);
        loop_stop(server.loop, 0);
    }
}

static void stop(void *arg)
{
    (void)arg;
    loop_stop(server.loop, 0);
}

static void give_up(void *arg)
{
    (void)arg;
    world.gave_up = true;
    loop_stop(server.loop, 1);
}

static int set_up(void **state)
{
    (void)state;
    struct why why;
    int ends[2];
    assert_int_equal(sock_pair(ends), OK);
    assert_int_equal(loop_new(&server.loop, &why), OK);
    world.end = ends[1];
    server.answers.row = &row;
    server.conns = (struct conns){.all = conns, .max = CONNS};
    for (uint32_t i = 0; i < CONNS; i++) {
        conns[i] = (struct conn){.fd = 1, .prefix = CONN_NONE, .round = (uint16_t)(7 + i)};
    }
    assert_int_equal(loop_watch(server.loop, ends[0], LOOP_READ, on_keys, NULL), OK);
    assert_int_equal(key_asks_init(&server, ends[0]), OK);
    assert_int_equal(keys_receive(world.end, &packet), OK);
    assert_int_equal(packet.kind, KEYS_HELLO);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close(world.end);
    close(server.keys);
    loop_free(server.loop);
    return 0;
}

static void ask(uint32_t place)
{
    struct tls_question question = {.cert = place, .kind = (enum tls_ask_kind)1, .bytes = SPAN("0123456789")};
    assert_true(key_asks_ask(&server, (void *)(uintptr_t)place, &question));
    assert_false(question.waits);
}

/* Everything that waits for the role; how many questions, which come in their order from `first` on. */
static uint32_t heard(uint32_t first)
{
    uint32_t n = 0;
    while (keys_receive(world.end, &packet) == OK) {
        for (uint32_t i = 0; packet.kind == KEYS_ASK && i < keys_slots(&packet); i++) {
            const struct keys_slot *slot = &packet.slots[i];
            assert_int_equal(slot->cert, first + n);
            assert_int_equal(slot->tag, conn_tag(&server.conns, &conns[first + n]));
            assert_int_equal(slot->len, 10);
            n++;
        }
    }
    return n;
}

/* A turn of the loop with nothing to wait for. */
static void turn(void)
{
    loop_after(server.loop, 0, stop, NULL);
    loop_run(server.loop);
}

/* Until the worker was told of room. */
static void wait_for_room(void)
{
    uint64_t timer = loop_after(server.loop, GIVE_UP_MS, give_up, NULL);
    loop_run(server.loop);
    loop_cancel(server.loop, timer);
    assert_false(world.gave_up);
}

static void fill(void)
{
    packet.kind = KEYS_HELLO;
    while (keys_send_slots(server.keys, &packet, KEYS_SLOTS) == OK) {
    }
}

static void a_full_channel_is_waited_for(void **state)
{
    (void)state;
    fill();
    ask(0);
    ask(1);
    key_asks_send(&server);
    turn();
    assert_int_equal(world.told, 0); /* there is none */
    ask(2);                          /* goes with the others */
    assert_int_equal(heard(0), 0);
    wait_for_room();
    assert_int_equal(world.told, 1);
    assert_int_equal(heard(0), 3);
}

static void nobody_is_told_of_room_that_is_not_wanted(void **state)
{
    (void)state;
    world.told = 0;
    turn();
    turn();
    assert_int_equal(world.told, 0);
    ask(3);
    key_asks_send(&server); /* at once, and without being told */
    assert_int_equal(heard(3), 1);
    turn();
    assert_int_equal(world.told, 0);
}

/* A packet that fills itself goes by itself; where it cannot, further questions wait for their turn, in their order. */
static void past_a_packet_they_wait_for_their_turn(void **state)
{
    (void)state;
    static struct tls_question late = {
        .cert = 4 + KEYS_SLOTS, .kind = (enum tls_ask_kind)1, .bytes = SPAN("0123456789")};
    world.told = 0;
    fill();
    for (uint32_t i = 0; i < KEYS_SLOTS; i++) {
        ask(4 + i);
    }
    assert_true(key_asks_ask(&server, (void *)(uintptr_t)late.cert, &late));
    assert_true(late.waits);
    assert_int_equal(heard(4), 0);
    wait_for_room();
    assert_int_equal(heard(4), KEYS_SLOTS);
    turn();
    assert_int_equal(world.told, 1);
}

/* A network that has its share out waits, and keeps nobody of another one waiting, nor those whom a listed forwarder brings. */
static void a_network_has_no_more_than_its_share_out(void **state)
{
    (void)state;
    static struct crowd_prefix networks[2];
    static struct tls_question questions[6];
    static const uint32_t whose[6] = {0, 0, 0, 1, 1, CONN_NONE};
    const uint32_t first = 5 + KEYS_SLOTS;
    assert_true(first + 6 <= CONNS);
    server.crowd.prefixes = networks;
    server.limits.key_asks = 2;
    uint64_t before = row.counts[COUNT_TLS_SIGNED];
    for (uint32_t i = 0; i < 6; i++) {
        questions[i] = (struct tls_question){
            .cert = first + i, .kind = (enum tls_ask_kind)1, .bytes = SPAN("0123456789")};
        conns[first + i].prefix = whose[i];
        assert_true(key_asks_ask(&server, (void *)(uintptr_t)(first + i), &questions[i]));
        assert_int_equal(questions[i].waits, i == 2);
    }
    assert_int_equal(networks[0].asks, 2);
    assert_int_equal(networks[1].asks, 2);
    assert_int_equal(row.counts[COUNT_TLS_SIGNED] - before, 5);
    key_asks_send(&server);
    assert_int_equal(keys_receive(world.end, &packet), OK);
    assert_int_equal(keys_slots(&packet), 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(packet.slots[i].cert, first + (i < 2 ? i : i + 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_channel_is_waited_for),
        cmocka_unit_test(nobody_is_told_of_room_that_is_not_wanted),
        cmocka_unit_test(past_a_packet_they_wait_for_their_turn),
        cmocka_unit_test(a_network_has_no_more_than_its_share_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
