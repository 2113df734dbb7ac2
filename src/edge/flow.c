/* The list, and the pass over it. It goes from the end to the beginning, so that who leaves during a pass (the last takes its place)
 * makes nobody miss it. */
#include "edge/flow.h"

#include "edge/flow_note.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
    LOOK_MS = TICK_MS,
    FLOW_A_TURN = 64, /* subscribers written to before others have their turn */
    SECOND = 1000 / TICK_MS,
    RETRY_LEAST_MS =
        2000, /* a fresh number each, so that those who are cut off together do not come back together */
    RETRY_SPREAD_MS = 4000,
    LOOKED_AT = 64, /* for one whose network has the most */
    FAREWELL = 50   /* a worker that finishes ends one in so many a look */
};

static uint32_t dice(struct flow *flow)
{
    flow->dice ^= flow->dice << 13; /* xorshift: nothing secret hangs on it */
    flow->dice ^= flow->dice >> 7;
    flow->dice ^= flow->dice << 17;
    return (uint32_t)(flow->dice >> 16);
}

static void turn(void *arg);

static void pass_begin(struct server *server)
{
    struct flow *flow = server->flow;
    flow->cursor = flow->n;
    if (!flow->turning && flow->n > 0) {
        flow->turning = true;
        loop_after(server->loop, 0, turn, server);
    }
}

static void visit(struct server *server, struct flow_sub *sub)
{
    struct conn *conn = &server->conns.all[sub->conn];
    bool h1 = sub->stream == NULL;
    if (sub->doomed) {
        h1 ? flow_http1_end(server, conn, sub) : flow_h2_end(server, conn, sub);
    } else if (flow_is_behind(server->flow, sub)) {
        h1 ? flow_http1_push(server, conn, sub) : flow_h2_push(server, conn, sub);
    }
}

static void turn(void *arg)
{
    struct server *server = arg;
    struct flow *flow = server->flow;
    flow->turning = false;
    for (uint32_t i = 0; i < FLOW_A_TURN && flow->cursor > 0; i++) {
        /* Whoever left may have left with others. */
        flow->cursor = flow->cursor > flow->n ? flow->n : flow->cursor;
        if (flow->cursor > 0) {
            visit(server, flow->all[--flow->cursor]);
        }
    }
    if (flow->cursor > 0) {
        flow->turning = true;
        loop_after(server->loop, 0, turn, server);
    } else if (flow->doomed) {
        flow->doomed = false;
        pass_begin(server);
    }
}

/* The cut that an event tells of must be what this worker serves: readers come for it at once. */
static bool is_served(const struct server *server, const struct flow_event *event)
{
    const struct shelf_view *view = server->shelf.current;
    const struct view_facts *facts = view == NULL ? NULL : &view->map.top->facts;
    return event->has_cut == 0 || (facts != NULL && facts->has_cut != 0 && facts->cut >= event->cut);
}

static void say_goodbye(struct server *server)
{
    struct flow *flow = server->flow;
    uint32_t n = flow->n / FAREWELL + 1;
    for (uint32_t i = 0; i < n && i < flow->n; i++) {
        flow->all[flow->n - 1 - i]->doomed = true;
    }
    if (flow->cursor == 0) {
        pass_begin(server);
    }
}

static void look(void *arg)
{
    struct server *server = arg;
    struct flow *flow = server->flow;
    loop_after(server->loop, LOOK_MS, look, server);
    atomic_store_explicit(&server->answers.row->flows, flow->n, memory_order_relaxed);
    if (server->answers.ending) {
        say_goodbye(server);
        return;
    }
    bool its_second = flow->event.len == 0 || server->now - flow->began >= SECOND;
    if (flow->cursor > 0 || !its_second || !flow_note_read(flow->note, &flow->next) || flow->next.len == 0 ||
        memcmp(flow->next.id, flow->event.id, FLOW_ID_LEN) == 0 || !is_served(server, &flow->next)) {
        return;
    }
    flow->event = flow->next;
    flow->number++;
    flow->began = server->now;
    pass_begin(server);
}

enum err flow_init(struct flow *flow, struct server *server, const struct flow_note *note)
{
    *flow = (struct flow){.note = note};
    if (getrandom(&flow->dice, sizeof flow->dice, 0) != (ssize_t)sizeof flow->dice) {
        return ERR_IO;
    }
    flow->dice |= 1;
    server->flow = flow;
    loop_after(server->loop, 0, look, server);
    return OK;
}

/* Somebody whose network has more subscribers than that of the newcomer would have. */
static bool doom_one(struct server *server, uint32_t of_newcomer)
{
    struct flow *flow = server->flow;
    struct flow_sub *worst = NULL;
    uint32_t most = of_newcomer + 1;
    for (uint32_t i = 0; i < LOOKED_AT; i++) {
        struct flow_sub *sub = flow->all[dice(flow) % flow->n];
        uint32_t prefix = server->conns.all[sub->conn].prefix;
        uint32_t flows = prefix == CONN_NONE ? 0 : server->crowd.prefixes[prefix].flows;
        if (!sub->doomed && flows > most) {
            most = flows;
            worst = sub;
        }
    }
    if (worst == NULL) {
        return false;
    }
    worst->doomed = true;
    if (flow->cursor == 0) {
        pass_begin(server);
    } else {
        flow->doomed = true;
    }
    return true;
}

bool flow_admits(struct server *server, const struct conn *conn)
{
    const struct flow *flow = server->flow;
    const struct limits *limits = &server->limits;
    uint32_t flows = conn->prefix == CONN_NONE ? 0 : server->crowd.prefixes[conn->prefix].flows;
    if (flows >= limits->flow_prefix) {
        return false;
    }
    /* Doomed ones hold their places for a turn or two: not more than twice the cap, whatever comes. */
    return flow->n < limits->flow_subscribers ||
           (flow->n < 2 * limits->flow_subscribers && doom_one(server, flows));
}

void flow_greet(struct server *server, const struct http1_request *request, struct buf *out)
{
    struct flow *flow = server->flow;
    struct span seen = http1_field(request->fields, request->n_fields, "last-event-id");
    buf_printf(out, "retry: %u\n\n", RETRY_LEAST_MS + dice(flow) % RETRY_SPREAD_MS);
    if (flow->event.len > 0 && !span_equal(seen, span_of(flow->event.id, FLOW_ID_LEN))) {
        buf_add(out, flow->event.text, flow->event.len);
        count(server->answers.row, COUNT_FLOW_EVENTS, 1);
    }
}

enum err flow_join(struct server *server, struct conn *conn, struct h2_stream *stream, struct flow_sub **out)
{
    struct flow *flow = server->flow;
    if (flow->n == flow->room) {
        uint32_t room = flow->room == 0 ? 64 : flow->room * 2;
        struct flow_sub **moved = realloc(flow->all, room * sizeof(struct flow_sub *));
        if (moved == NULL) {
            return ERR_FULL;
        }
        flow->all = moved;
        flow->room = room;
    }
    struct flow_sub *sub = pool_take(&server->pool, sizeof *sub);
    *sub = (struct flow_sub){.conn = conn_index(&server->conns, conn),
                             .place = flow->n,
                             .stream = stream,
                             .seen = flow->number,
                             .said = server->now};
    flow->all[flow->n++] = sub;
    if (conn->prefix != CONN_NONE) {
        server->crowd.prefixes[conn->prefix].flows++;
    }
    count(server->answers.row, COUNT_FLOW_OPENED, 1);
    *out = sub;
    return OK;
}

void flow_leave(struct server *server, struct flow_sub *sub)
{
    struct flow *flow = server->flow;
    const struct conn *conn = &server->conns.all[sub->conn];
    assert(flow->all[sub->place] == sub);
    if (conn->prefix != CONN_NONE) {
        server->crowd.prefixes[conn->prefix].flows--;
    }
    struct flow_sub *last = flow->all[--flow->n];
    flow->all[sub->place] = last;
    last->place = sub->place;
    pool_give(&server->pool, sub->left);
    pool_give(&server->pool, sub);
}

void flow_said(struct server *server, struct flow_sub *sub, uint32_t bytes)
{
    sub->said = server->now;
    sub->passed += bytes;
    count(server->answers.row, COUNT_BYTES, bytes);
}

bool flow_is_silent(const struct server *server, const struct flow_sub *sub)
{
    return server->now - sub->said >= server->limits.flow_beat_ms / TICK_MS;
}
