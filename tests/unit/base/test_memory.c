/* Arenas, fresh memory and hash maps. */
#include "base/arena.h"
#include "base/fresh.h"
#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static void an_arena_has_a_budget(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 100000);
    size_t got = 0;
    while (arena_alloc(&arena, 1000) != NULL) {
        got++;
    }
    assert_in_range(got, 60, 100);
    assert_null(arena_alloc(&arena, SIZE_MAX - 4));
    assert_null(arena_array(&arena, SIZE_MAX / 2, 4));
    arena_reset(&arena);
    unsigned char *again = arena_alloc(&arena, 1000);
    assert_non_null(again);
    assert_int_equal(again[999], 0); /* zeroed after a reset too */
    arena_done(&arena);
}

static void memory_is_aligned_and_zeroed(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t size = 0; size < 100; size++) {
        unsigned char *at = arena_alloc(&arena, size);
        assert_int_equal((uintptr_t)at % 16, 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(at[i], 0);
            at[i] = 0xff;
        }
    }
    struct span copy = arena_copy(&arena, SPAN("text"));
    assert_int_equal(copy.at[copy.len], '\0');
    arena_done(&arena);
}

static void siphash_matches_its_paper(void **state)
{
    (void)state;
    /* Aumasson and Bernstein 2012, appendix A: key 00..0f, message 00..0e */
    uint8_t message[15];
    for (uint8_t i = 0; i < sizeof message; i++) {
        message[i] = i;
    }
    assert_true(siphash(0x0706050403020100U, 0x0f0e0d0c0b0a0908U, message, sizeof message) ==
                0xa129ca6149be45e5U);
}

static void a_map_holds_many(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    static char keys[MANY][12];
    struct map map;
    map_init(&map, 1, 2);
    assert_int_equal(map_get(&map, SPAN("nothing")), MAP_NONE);
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(keys[i], sizeof keys[i], "key-%u", i);
        assert_int_equal(map_put(&map, span_str(keys[i]), i), MAP_NONE);
    }
    assert_int_equal(map.count, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(map_get(&map, span_str(keys[i])), i);
    }
    assert_int_equal(map_put(&map, span_str(keys[7]), 99), 7);
    assert_int_equal(map_get(&map, span_str(keys[7])), 99);
    assert_int_equal(map.count, MANY);
    assert_int_equal(map_get(&map, SPAN("key-20000")), MAP_NONE);
    map_done(&map);
}

static bool is_zero(const unsigned char *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (at[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool lies_in(const struct fresh *fresh, const unsigned char *at)
{
    return at >= (unsigned char *)fresh->at && at < (unsigned char *)fresh->at + fresh->len;
}

/* A block of 2 MiB gives pieces that do not touch one another, and the heap what no longer fits. */
static void fresh_memory_and_then_the_heap(void **state)
{
    (void)state;
    enum { PIECE = 300001, PIECES = 9 };
    struct fresh fresh;
    unsigned char *pieces[PIECES];
    unsigned inside = 0;
    fresh_init(&fresh, 1000000);
    fresh_touch(&fresh);
    for (int i = 0; i < PIECES; i++) {
        pieces[i] = fresh_take(&fresh, PIECE);
        assert_non_null(pieces[i]);
        assert_true(is_zero(pieces[i], PIECE));
        memset(pieces[i], i + 1, PIECE);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        inside += lies_in(&fresh, pieces[i]);
    }
    assert_int_equal(inside, fresh.len / PIECE);
    fresh_touch(&fresh);
    for (int i = 0; i < PIECES; i++) {
        assert_int_equal(pieces[i][0], i + 1);
        assert_int_equal(pieces[i][PIECE - 1], i + 1);
        fresh_return(&fresh, pieces[i]);
    }
    fresh_done(&fresh);
}

static void no_fresh_memory(void **state)
{
    (void)state;
    struct fresh none;
    fresh_init(&none, 0);
    fresh_touch(&none);
    unsigned char *one = fresh_take(&none, 100);
    unsigned char *two = fresh_take(NULL, 100);
    assert_true(is_zero(one, 100) && is_zero(two, 100));
    fresh_return(&none, one);
    fresh_return(NULL, two);
    fresh_done(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_has_a_budget),          cmocka_unit_test(memory_is_aligned_and_zeroed),
        cmocka_unit_test(fresh_memory_and_then_the_heap), cmocka_unit_test(no_fresh_memory),
        cmocka_unit_test(siphash_matches_its_paper),      cmocka_unit_test(a_map_holds_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
