/* Entries that wait: given out in order, each once, as they came, however pushing and releasing take turns. */
#include "proof/lag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct got {
    uint64_t next;
    uint64_t stop_at;
};

static const struct hash leaf;

/* Some were read ahead and come without bytes, some have none. */
static bool ready_at(uint64_t index)
{
    return index % 3 == 1;
}

static size_t text_of(uint64_t index, char out[32])
{
    return index % 7 == 0 ? 0 : (size_t)snprintf(out, 32, "entry %d", (int)index);
}

static void push(struct lag *lag, uint64_t index)
{
    char text[32];
    struct ready ready = {.acta = (uint32_t)index, .record = NULL};
    struct entry_seen seen = {index, span_of(text, text_of(index, text)), &leaf,
                              ready_at(index) ? &ready : NULL};
    lag_push(lag, &seen);
}

static enum err take(void *arg, const struct entry_seen *seen, struct why *why)
{
    struct got *got = arg;
    char text[32];
    if (seen->index == got->stop_at) {
        return why_set(why, ERR_CONFLICT, "this one");
    }
    assert_int_equal(seen->index, got->next++);
    assert_ptr_equal(seen->leaf, &leaf);
    if (ready_at(seen->index)) {
        assert_non_null(seen->ready);
        assert_int_equal(seen->ready->acta, seen->index);
        assert_int_equal(seen->bytes.len, 0);
    } else {
        assert_null(seen->ready);
        assert_true(span_equal(seen->bytes, span_of(text, text_of(seen->index, text))));
    }
    return OK;
}

static void in_order_however_turns_are_taken(void **state)
{
    (void)state;
    struct lag lag;
    struct got got = {.stop_at = UINT64_MAX};
    uint64_t pushed = 0;
    lag_init(&lag);
    for (unsigned turn = 1; turn < 400; turn++) {
        for (unsigned i = 0; i < turn * 37 % 1201 && !lag_full(&lag); i++) {
            push(&lag, pushed++);
        }
        uint64_t until = got.next + turn * 53 % 997;
        until = until < pushed ? until : pushed;
        assert_int_equal(lag_release(&lag, until, take, &got, NULL), OK);
        assert_int_equal(got.next, until);
        assert_int_equal(lag.next, until);
    }
    assert_true(pushed > 100000);
    assert_int_equal(lag_release(&lag, UINT64_MAX, take, &got, NULL), OK);
    assert_int_equal(got.next, pushed);
    assert_int_equal(lag.n, 0);
    assert_int_equal(lag.bytes.len, 0);
    lag_done(&lag);
}

static void room_for_so_many(void **state)
{
    (void)state;
    struct lag lag;
    struct got got = {.stop_at = UINT64_MAX};
    lag_init(&lag);
    for (uint64_t i = 0; i < LAG_MAX; i++) {
        assert_false(lag_full(&lag));
        push(&lag, i);
    }
    assert_true(lag_full(&lag));
    assert_int_equal(lag_release(&lag, LAG_MAX / 2 + 1, take, &got, NULL), OK);
    assert_false(lag_full(&lag)); /* what is done made room */
    push(&lag, LAG_MAX);
    assert_int_equal(lag_release(&lag, LAG_MAX + 1, take, &got, NULL), OK);
    assert_int_equal(got.next, LAG_MAX + 1);
    lag_done(&lag);
}

static void entries_of_no_bytes(void **state)
{
    (void)state;
    struct lag lag;
    struct got got = {.stop_at = UINT64_MAX};
    lag_init(&lag);
    push(&lag, 0); /* the first one, before there is any memory for bytes */
    assert_int_equal(lag_release(&lag, 1, take, &got, NULL), OK);
    assert_int_equal(got.next, 1);
    lag_done(&lag);
}

/* The one that was refused is not done: it would come again. */
static void ends_at_the_first_error(void **state)
{
    (void)state;
    struct lag lag;
    struct why why = {""};
    struct got got = {.stop_at = 5};
    lag_init(&lag);
    for (uint64_t i = 0; i < 10; i++) {
        push(&lag, i);
    }
    assert_int_equal(lag_release(&lag, 9, take, &got, &why), ERR_CONFLICT);
    assert_string_equal(why.text, "this one");
    assert_int_equal(got.next, 5);
    got.stop_at = UINT64_MAX;
    assert_int_equal(lag_release(&lag, 9, take, &got, &why), OK);
    assert_int_equal(got.next, 9);
    lag_done(&lag);
}

/* Only while nothing waits; the next one that does has the number behind it. */
static void one_passes_where_none_waits(void **state)
{
    (void)state;
    struct lag lag;
    struct got got = {.next = 2, .stop_at = UINT64_MAX};
    lag_init(&lag);
    assert_true(lag_pass(&lag));
    assert_true(lag_pass(&lag));
    push(&lag, 2);
    assert_false(lag_pass(&lag));
    assert_int_equal(lag_release(&lag, 3, take, &got, NULL), OK);
    assert_int_equal(got.next, 3);
    assert_true(lag_pass(&lag));
    assert_int_equal(lag.next, 4);
    lag_done(&lag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order_however_turns_are_taken),
        cmocka_unit_test(room_for_so_many),
        cmocka_unit_test(entries_of_no_bytes),
        cmocka_unit_test(ends_at_the_first_error),
        cmocka_unit_test(one_passes_where_none_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
