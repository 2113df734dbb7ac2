/* Arenas and hash maps. */
#include "base/arena.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_has_a_budget),
        cmocka_unit_test(memory_is_aligned_and_zeroed),
        cmocka_unit_test(siphash_matches_its_paper),
        cmocka_unit_test(a_map_holds_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
