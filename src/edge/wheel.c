/* Ticks are 32-bit and may wrap: they are compared by difference. */
#include "edge/wheel.h"

#include <assert.h>

void wheel_init(struct wheel *wheel, struct conns *conns, uint32_t now)
{
    *wheel = (struct wheel){.conns = conns, .at = now};
    for (int i = 0; i < WHEEL_SLOTS; i++) {
        wheel->slots[i] = CONN_NONE;
    }
}

/* The tick at which a deadline is looked at: in reach of the ring, and not in the past. */
static uint32_t look_at(const struct wheel *wheel, uint32_t due)
{
    int32_t ahead = (int32_t)(due - wheel->at);
    return wheel->at + (ahead < 1 ? 1U : ahead >= WHEEL_SLOTS ? WHEEL_SLOTS - 1U : (uint32_t)ahead);
}

void wheel_join(struct wheel *wheel, struct conn *conn, uint32_t due)
{
    uint32_t slot = look_at(wheel, due) % WHEEL_SLOTS;
    uint32_t index = conn_index(wheel->conns, conn);
    conn->due = due;
    conn->slot = (uint8_t)slot;
    conn->wheel_before = CONN_NONE;
    conn->wheel_after = wheel->slots[slot];
    if (conn->wheel_after != CONN_NONE) {
        wheel->conns->all[conn->wheel_after].wheel_before = index;
    }
    wheel->slots[slot] = index;
}

void wheel_leave(struct wheel *wheel, struct conn *conn)
{
    struct conn *all = wheel->conns->all;
    if (conn->wheel_before != CONN_NONE) {
        all[conn->wheel_before].wheel_after = conn->wheel_after;
    } else {
        assert(wheel->slots[conn->slot] == conn_index(wheel->conns, conn));
        wheel->slots[conn->slot] = conn->wheel_after;
    }
    if (conn->wheel_after != CONN_NONE) {
        all[conn->wheel_after].wheel_before = conn->wheel_before;
    }
}

void wheel_set(struct wheel *wheel, struct conn *conn, uint32_t due)
{
    uint32_t looked_at = wheel->at + 1 + (uint8_t)(conn->slot - (wheel->at + 1));
    if ((int32_t)(due - looked_at) >= 0) {
        conn->due = due;
        return;
    }
    wheel_leave(wheel, conn);
    wheel_join(wheel, conn, due);
}

bool wheel_turn(struct wheel *wheel, uint32_t now, uint32_t most, wheel_on_due on, void *arg)
{
    uint32_t called = 0;
    while ((int32_t)(now - wheel->at) > 0) {
        uint32_t tick = wheel->at + 1;
        uint32_t next = wheel->slots[tick % WHEEL_SLOTS];
        /* Whoever is looked at here and stays moves to a slot of another tick: up to 255 after this one. */
        wheel->at = tick;
        while (next != CONN_NONE) {
            struct conn *conn = &wheel->conns->all[next];
            next = conn->wheel_after;
            if ((int32_t)(conn->due - tick) > 0) {
                wheel_leave(wheel, conn);
                wheel_join(wheel, conn, conn->due);
                continue;
            }
            if (called++ == most) {
                wheel->at = tick - 1;
                return true;
            }
            on(arg, conn);
        }
    }
    return false;
}
