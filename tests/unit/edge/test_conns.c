/* Places, deadlines, networks and cells, each against a plain model of itself. */
#include "edge/crowd.h"
#include "edge/pool.h"
#include "edge/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 3000 };

static uint32_t seed = 7;
static uint32_t chance(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)seed * below >> 32);
}

static void places_are_lowest_first_and_never_given_twice(void **state)
{
    (void)state;
    struct conns conns;
    static struct conn *all[MANY];
    assert_int_equal(conns_init(&conns, MANY), OK);
    for (uint32_t i = 0; i < MANY; i++) {
        all[i] = conns_take(&conns);
        assert_int_equal(conn_index(&conns, all[i]), i);
        all[i]->fd = (int)i;
    }
    assert_null(conns_take(&conns));
    uint64_t old = conn_tag(&conns, all[100]);
    assert_ptr_equal(conn_of_tag(&conns, old), all[100]);
    conns_give(&conns, all[2000]);
    conns_give(&conns, all[100]);
    assert_null(conn_of_tag(&conns, old));
    struct conn *again = conns_take(&conns);
    again->fd = 5;
    assert_ptr_equal(again, all[100]);
    assert_null(conn_of_tag(&conns, old)); /* the same place, another connection */
    assert_ptr_equal(conns_take(&conns), all[2000]);
    assert_null(conns_take(&conns));
    conns_done(&conns);
}

static void memory_behind_the_last_place_goes_back(void **state)
{
    (void)state;
    struct conns conns;
    assert_int_equal(conns_init(&conns, MANY), OK);
    for (uint32_t i = 0; i < MANY; i++) {
        conns_take(&conns)->fd = 1;
    }
    for (uint32_t i = 10; i < MANY; i++) {
        conns_give(&conns, &conns.all[i]);
    }
    uint16_t kept = conns.all[9].round;
    conns_trim(&conns);
    assert_int_equal(conns.high, 10);
    assert_int_equal(conns.all[9].round, kept);
    assert_int_equal(conns.all[MANY - 1].round, 0); /* fresh memory */
    assert_int_equal(conn_index(&conns, conns_take(&conns)), 10);
    conns_done(&conns);
}

struct fired {
    struct wheel *wheel;
    uint32_t at[MANY]; /* tick at which each was called, 0: not yet */
    uint32_t now, again;
};

static void on_due(void *arg, struct conn *conn)
{
    struct fired *fired = arg;
    uint32_t i = conn_index(fired->wheel->conns, conn);
    assert_true((int32_t)(conn->due - fired->now) <= 0);
    fired->at[i] = fired->now;
    if (chance(4) == 0) {
        fired->again++;
        wheel_set(fired->wheel, conn, conn->due + 1 + chance(600));
        fired->at[i] = 0;
    } else {
        wheel_leave(fired->wheel, conn);
        conns_give(fired->wheel->conns, conn);
    }
}

/* Deadlines near and far, moved back and forth, across the wrap of the tick: each is called at its tick. */
static void every_deadline_is_kept(void **state)
{
    (void)state;
    static struct fired fired;
    struct conns conns;
    struct wheel wheel;
    uint32_t now = UINT32_MAX - 300;
    fired = (struct fired){.wheel = &wheel};
    assert_int_equal(conns_init(&conns, MANY), OK);
    wheel_init(&wheel, &conns, now);
    for (int i = 0; i < MANY; i++) {
        struct conn *conn = conns_take(&conns);
        conn->fd = 1;
        wheel_join(&wheel, conn, now + chance(900));
    }
    for (int turn = 0; conns.n > 0 && turn < 100000; turn++) {
        for (int i = 0; i < 20; i++) {
            struct conn *conn = &conns.all[chance(MANY)];
            if (conn->fd >= 0 && (int32_t)(conn->due - now) > 0) {
                wheel_set(&wheel, conn, now + 1 + chance(700));
            }
        }
        now += 1 + (chance(50) == 0 ? chance(400) : 0); /* sometimes the loop was away */
        fired.now = now;
        while (wheel_turn(&wheel, now, 7, on_due, &fired)) {
        }
        for (int i = 0; i < MANY; i++) {
            const struct conn *conn = &conns.all[i];
            assert_true(conn->fd < 0 || (int32_t)(conn->due - now) > 0);
        }
    }
    assert_int_equal(conns.n, 0);
    assert_true(fired.again > 100);
    conns_done(&conns);
}

static struct conn *arrive(struct conns *conns, struct crowd *crowd, const uint8_t address[16],
                           enum conn_stage stage, uint32_t since)
{
    struct conn *conn = conns_take(conns);
    conn->fd = 1;
    memcpy(conn->address, address, 16);
    conn->stage = (uint8_t)stage;
    conn->since = since;
    crowd_join(crowd, conn);
    return conn;
}

static void v4(uint8_t out[16], uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    const uint8_t address[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d};
    memcpy(out, address, 16);
}

static void the_busiest_network_gives_its_worst(void **state)
{
    (void)state;
    const uint64_t key[2] = {3, 4};
    struct conns conns;
    struct crowd crowd;
    uint8_t address[16];
    assert_int_equal(conns_init(&conns, MANY), OK);
    assert_int_equal(crowd_init(&crowd, &conns, key, 24, 48), OK);
    assert_null(crowd_worst(&crowd, 100, false));
    /* a thousand readers, one network each; an older one than any attacker among them */
    for (int i = 0; i < 1000; i++) {
        v4(address, 10, (uint8_t)(i >> 8), (uint8_t)i, 7);
        arrive(&conns, &crowd, address, CONN_IDLE, 1);
    }
    /* an attacker: one /24, 500 addresses' worth of connections, half of them slow heads */
    for (int i = 0; i < 500; i++) {
        v4(address, 192, 0, 2, (uint8_t)i);
        arrive(&conns, &crowd, address, i % 2 == 0 ? CONN_HEAD : CONN_SENDING, (uint32_t)(50 + i % 40));
    }
    int slow = 0;
    for (int i = 0; i < 400; i++) {
        struct conn *worst = crowd_worst(&crowd, 100, false);
        assert_int_equal(worst->address[12], 192);
        slow += worst->stage == CONN_HEAD;
        crowd_leave(&crowd, worst);
        conns_give(&conns, worst);
    }
    assert_true(slow >= 240); /* the 250 slow heads went before the answers that are on their way */
    /* A forwarder with ten times as many is not even looked at. */
    for (int i = 0; i < 1000; i++) {
        v4(address, 198, 51, 100, 1);
        struct conn *conn = conns_take(&conns);
        conn->fd = 1;
        memcpy(conn->address, address, 16);
        conn->flags = CONN_EXEMPT;
        crowd_join(&crowd, conn);
        assert_int_equal(crowd_size(&crowd, conn), 0);
    }
    assert_int_equal(crowd_worst(&crowd, 100, false)->address[12], 192);
    assert_null(crowd_worst(&crowd, 100, true)); /* nobody holds memory */
    crowd_done(&crowd);
    conns_done(&conns);
}

/* Random coming and going of networks of both families: counts stay true, and so does the busiest. */
static void counts_stay_true(void **state)
{
    (void)state;
    enum { NETS = 60 };
    const uint64_t key[2] = {5, 6};
    struct conns conns;
    struct crowd crowd;
    static uint32_t net_of[MANY];
    uint32_t counts[NETS] = {0};
    assert_int_equal(conns_init(&conns, MANY), OK);
    assert_int_equal(crowd_init(&crowd, &conns, key, 24, 48), OK);
    for (int turn = 0; turn < 40000; turn++) {
        uint32_t net = chance(NETS);
        struct conn *conn = &conns.all[chance(MANY)];
        if (conn->round > 0 && conn->fd >= 0 && chance(5) < 2) {
            counts[net_of[conn_index(&conns, conn)]]--;
            crowd_leave(&crowd, conn);
            conns_give(&conns, conn);
        } else if (conns.n < MANY) {
            uint8_t address[16] = {0x20, 0x01, 0x0d, 0xb8, 0, (uint8_t)net, (uint8_t)chance(256), 1};
            if (net % 2 == 0) {
                v4(address, 172, 16, (uint8_t)net, (uint8_t)chance(256));
            }
            conn = arrive(&conns, &crowd, address, CONN_IDLE, 0);
            net_of[conn_index(&conns, conn)] = net;
            assert_int_equal(crowd_size(&crowd, conn), ++counts[net]);
        }
        uint32_t most = 0;
        for (int i = 0; i < NETS; i++) {
            most = counts[i] > most ? counts[i] : most;
        }
        assert_int_equal(crowd.busiest, most);
        if (turn % 100 == 0 && conns.n > 0) {
            struct conn *worst = crowd_worst(&crowd, 0, false);
            assert_int_equal(crowd_size(&crowd, worst), most);
        }
    }
    crowd_done(&crowd);
    conns_done(&conns);
}

static void cells_do_not_overlap_and_slabs_go_back(void **state)
{
    (void)state;
    static char *cells[MANY];
    static size_t sizes[MANY];
    struct pool pool = {0};
    for (int turn = 0; turn < 60000; turn++) {
        uint32_t i = chance(MANY);
        if (cells[i] != NULL) {
            for (size_t k = 0; k < sizes[i]; k += 61) {
                assert_int_equal((unsigned char)cells[i][k], i & 0xff);
            }
            pool_give(&pool, cells[i]);
            cells[i] = NULL;
        } else {
            sizes[i] = 1 + chance(chance(8) == 0 ? POOL_CELL_MAX : 600);
            assert_true(pool_cell(sizes[i]) >= sizes[i]);
            cells[i] = pool_take(&pool, sizes[i]);
            assert_int_equal((uintptr_t)cells[i] % 64, 0);
            memset(cells[i], (int)(i & 0xff), sizes[i]);
        }
    }
    assert_true(pool.bytes > 0);
    for (int i = 0; i < MANY; i++) {
        pool_give(&pool, cells[i]);
    }
    assert_int_equal(pool.bytes, 0);
    pool_done(&pool);
}

static void a_record_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct conn) <= 72);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_lowest_first_and_never_given_twice),
        cmocka_unit_test(memory_behind_the_last_place_goes_back),
        cmocka_unit_test(every_deadline_is_kept),
        cmocka_unit_test(the_busiest_network_gives_its_worst),
        cmocka_unit_test(counts_stay_true),
        cmocka_unit_test(cells_do_not_overlap_and_slabs_go_back),
        cmocka_unit_test(a_record_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
