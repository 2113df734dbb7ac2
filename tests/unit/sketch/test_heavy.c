/* Space-Saving beside exact counts: on a Zipf stream, and on streams made to make it err. The bounds are never violated. */
#include "sketch/heavy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { KEYS = 20000, PLACES = 256, EVENTS = 200000 };

static uint64_t exact[KEYS];
static uint64_t dice;

static uint32_t roll(uint32_t below)
{
    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((dice >> 33) % below);
}

static struct net net_numbered(uint32_t number)
{
    uint8_t address[16] = {[10] = 0xff, [11] = 0xff, [12] = 10};
    address[13] = (uint8_t)(number >> 8);
    address[14] = (uint8_t)number;
    return net_of(address, 120);
}

static uint32_t number_of(const struct net *net)
{
    return (uint32_t)net->address[13] << 8 | net->address[14];
}

static void add(struct heavy *heavy, uint32_t number, uint64_t weight)
{
    struct net net = net_numbered(number);
    heavy_add(heavy, &net, weight, 3 * weight);
    exact[number] += weight;
}

static void check_bounds(const struct heavy *heavy)
{
    static struct heavy_item top[PLACES];
    static bool present[KEYS];
    memset(present, 0, sizeof present);
    uint32_t n = heavy_top(heavy, top, PLACES);
    assert_true(heavy_bound(heavy) <= heavy->total / PLACES);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t truth = exact[number_of(&top[i].net)];
        present[number_of(&top[i].net)] = true;
        assert_true(top[i].estimate >= truth);
        assert_true(top[i].estimate - top[i].error <= truth);
        assert_true(top[i].error <= heavy_bound(heavy));
        assert_true(top[i].cost <= 3 * truth && top[i].cost >= 3 * (top[i].estimate - top[i].error));
        assert_true(i == 0 || top[i - 1].estimate >= top[i].estimate);
    }
    for (uint32_t i = 0; i < KEYS; i++) {
        assert_true(present[i] || exact[i] <= heavy_bound(heavy));
    }
}

static void begin(struct heavy *heavy)
{
    static const uint64_t key[2] = {1, 2};
    memset(exact, 0, sizeof exact);
    dice = 7;
    assert_int_equal(heavy_init(heavy, PLACES, key), OK);
}

static void test_zipf(void **state)
{
    (void)state;
    struct heavy heavy;
    begin(&heavy);
    for (uint32_t i = 0; i < EVENTS; i++) {
        uint32_t rank = KEYS / (1 + roll(KEYS)); /* P(rank >= r) = 1 / r */
        add(&heavy, rank < KEYS ? rank : 0, 1 + roll(3));
        if (i % 20000 == 0) {
            check_bounds(&heavy);
        }
    }
    check_bounds(&heavy);
    heavy_done(&heavy);
}

/* One real key among ever new ones that take each other's place. */
static void test_rotating_sources(void **state)
{
    (void)state;
    struct heavy heavy;
    begin(&heavy);
    for (uint32_t i = 0; i < EVENTS; i++) {
        add(&heavy, i % 50 == 0 ? 5 : 10 + i % (KEYS - 10), 1);
    }
    check_bounds(&heavy);
    struct heavy_item first;
    assert_int_equal(heavy_top(&heavy, &first, 1), 1);
    assert_int_equal(number_of(&first.net), 5); /* 2 % of all, and N/k is 0.4 % */
    heavy_done(&heavy);
}

/* Many light ones first, one heavy weight at the end, and whoever was thrown out comes back. */
static void test_late_weight(void **state)
{
    (void)state;
    struct heavy heavy;
    begin(&heavy);
    for (uint32_t i = 0; i < PLACES * 4; i++) {
        add(&heavy, i, 3);
    }
    add(&heavy, 1, UINT32_MAX);
    for (uint32_t i = 0; i < PLACES * 4; i++) {
        add(&heavy, i, 1);
    }
    check_bounds(&heavy);
    heavy_done(&heavy);
}

static void test_few_are_exact(void **state)
{
    (void)state;
    struct heavy heavy;
    struct heavy_item top[PLACES];
    begin(&heavy);
    for (uint32_t i = 0; i < EVENTS / 10; i++) {
        add(&heavy, roll(PLACES), 1);
    }
    uint32_t n = heavy_top(&heavy, top, PLACES);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(top[i].error, 0);
        assert_int_equal(top[i].estimate, exact[number_of(&top[i].net)]);
    }
    assert_int_equal(heavy_bound(&heavy) <= heavy.total / PLACES, 1);
    heavy_done(&heavy);
}

static void test_nets(void **state)
{
    (void)state;
    uint8_t v4[16] = {[10] = 0xff, [11] = 0xff, [12] = 127, [13] = 1, [14] = 2, [15] = 3};
    uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff};
    static const struct {
        bool v4;
        uint8_t bits;
        const char *text;
    } cases[] = {{true, 128, "127.1.2.3"},          {true, 120, "127.1.2.0/24"},
                 {true, 112, "127.1.0.0/16"},       {true, 113, "127.1.0.0/17"},
                 {false, 32, "2001:db8::/32"},      {false, 48, "2001:db8:ffff::/48"},
                 {false, 36, "2001:db8:f000::/36"}, {false, 0, "::/0"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;
        struct net net = net_of(cases[i].v4 ? v4 : v6, cases[i].bits);
        buf_init(&out, 0);
        net_print(&net, &out);
        assert_string_equal(buf_cstr(&out), cases[i].text);
        assert_true(net_holds(&net, cases[i].v4 ? v4 : v6));
        buf_done(&out);
    }
    struct net net = net_of(v4, 112);
    v4[13] = 2;
    assert_false(net_holds(&net, v4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zipf),        cmocka_unit_test(test_rotating_sources),
        cmocka_unit_test(test_late_weight), cmocka_unit_test(test_few_are_exact),
        cmocka_unit_test(test_nets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
