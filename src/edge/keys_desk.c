/* A packet of questions, their answers in the same slots, the packet back. */
#include "edge/keys_desk.h"

enum { PACKETS_A_TURN = 4 }; /* then other workers have theirs */

/* True when nothing waits any more. A worker that is gone asks again when it is back. */
static bool hand_over(struct keys_desk *desk)
{
    if (desk->held > 0 && keys_send_slots(desk->socket, &desk->packet, desk->held) == ERR_AGAIN) {
        return false;
    }
    desk->held = 0;
    return true;
}

static enum err turn_to(const struct keys_desk *desk, unsigned events)
{
    return loop_change(desk->loop, desk->socket, events);
}

static bool answer_all(struct keys_desk *desk)
{
    uint32_t n = keys_slots(&desk->packet);
    for (uint32_t i = 0; i < n; i++) {
        desk->answer(desk->arg, &desk->packet.slots[i]);
    }
    desk->packet.kind = KEYS_ANSWER;
    desk->held = n;
    return hand_over(desk);
}

static void on_event(void *arg, int socket, unsigned events)
{
    struct keys_desk *desk = arg;
    (void)events;
    if (desk->held > 0) {
        if (hand_over(desk) && turn_to(desk, LOOP_READ) != OK) {
            loop_stop(desk->loop, 1);
        }
        return;
    }
    for (int i = 0; i < PACKETS_A_TURN; i++) {
        enum err err = keys_receive(socket, &desk->packet);
        if (err == ERR_IO) {
            loop_unwatch(desk->loop, socket);
        }
        if (err != OK) {
            return;
        }
        if (desk->packet.kind == KEYS_HELLO) {
            desk->greet(desk->arg, socket);
        } else if (desk->packet.kind == KEYS_ASK && !answer_all(desk)) {
            atomic_fetch_add(desk->waited, 1);
            if (turn_to(desk, LOOP_WRITE) != OK) {
                loop_stop(desk->loop, 1);
            }
            return;
        }
    }
}

enum err keys_desk_open(struct keys_desk *desk)
{
    return loop_watch(desk->loop, desk->socket, LOOP_READ, on_event, desk);
}
