/* A worker's whole door in clear: bytes over a socket into HTTP/1.1 or HTTP/2, frames and heads into answers over a small view,
 * as they come in pieces. Input: a byte of how (bit 0: HTTP/2's preface and SETTINGS first), then pieces, each after a byte
 * that says its length in units of four. Whatever comes: the connection's memory is given back, and so is its place. */
#include "edge/flow.h"
#include "edge/h2.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LENGTH = 48 << 10, /* the most that goes out from memory */ OFFSET = 1000, TURNS = 3 };

static struct server server;
static struct worker_row row;
static struct flow flow;
static int listener = -1;
static struct sockaddr_un door = {.sun_family = AF_UNIX};
static socklen_t door_len;

static struct shelf_view *view_once(void)
{
    static struct shelf_view view;
    static struct shelf_object object;
    static struct shelf_object *objects[] = {&object};
    struct view_builder builder;
    const uint64_t key[2] = {1, 2};
    const struct view_facts facts = {.has_cut = 1};
    struct head_plan plan = {
        .status = 200, .type = "text/html; charset=utf-8", .ranges = true, .length = LENGTH};
    struct buf block;
    int fd = memfd_create("fuzz-segment", MFD_CLOEXEC);
    int failed = fd < 0 ? -1 : ftruncate(fd, OFFSET + LENGTH);
    assert(failed == 0);
    object = (struct shelf_object){.size = OFFSET + LENGTH, .fd = fd, .uses = 1};
    object.map = mmap(NULL, OFFSET + LENGTH, PROT_READ, MAP_SHARED, fd, 0);
    assert(object.map != MAP_FAILED);
    plan.etag = SPAN("\"0123456789abcdef0123456789abcdef\"");
    view_builder_init(&builder);
    view_add_object(&builder, 1);
    uint32_t reps[ENC_COUNT] = {view_add_rep(&builder, &plan, 0, OFFSET), VIEW_NONE, VIEW_NONE};
    view_add_route(&builder, SPAN("/"), reps, ROUTE_RANGES);
    view_add_route(&builder, SPAN(VIEW_NOT_FOUND), reps, 0);
    buf_init(&block, 0);
    view_print(&builder, &facts, key, &block);
    view_builder_done(&builder);
    enum err err = view_open(buf_as_span(&block), &view.map, NULL);
    assert(err == OK);
    view.block = buf_as_span(&block);
    view.objects = objects;
    view.uses = 1;
    return &view;
}

static void open_once(void)
{
    static struct forwarders forwarders;
    struct limits limits;
    struct why why = {0};
    if (listener >= 0) {
        return;
    }
    limits_usual(&limits);
    limits.connections = 64;
    limits.h2_streams = 8;
    limits.h2_resets = 20;
    limits.linger_ms = 0;
    enum err err = loop_new(&server.loop, &why);
    server.answers.row = &row;
    server.answers.folder = -1;
    server.answers.estado = SPAN("{}\n");
    server.answers.date = SPAN("Date: now\r\n");
    err = err == OK ? server_init(&server, &limits, &forwarders, &why) : err;
    assert(err == OK);
    /* What would be other with each start: the clock, and the dice that spread what subscribers do. */
    server.now = 1;
    wheel_init(&server.wheel, &server.conns, server.now);
    server.shelf.current = view_once();
    static struct flow_note note;
    err = flow_init(&flow, &server, &note);
    assert(err == OK);
    flow.dice = 1;
    server.answers.has_flow = true;
    static const char event[] = "id: 0123456789abcdef\ndata: {}\n\n";
    memcpy(flow.event.text, event, sizeof event);
    memcpy(flow.event.id, "0123456789abcdef", FLOW_ID_LEN);
    flow.event.len = sizeof event - 1;
    door_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
                           (size_t)snprintf(door.sun_path + 1, 60, "atalaya-fuzz-%d", getpid()));
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int failed = bind(listener, (const struct sockaddr *)&door, door_len) | listen(listener, 8);
    assert(failed == 0);
}

static struct conn *the_one(void)
{
    for (uint32_t i = 0; i < server.conns.high; i++) {
        if (server.conns.all[i].fd >= 0 && server.conns.n > 0) {
            return &server.conns.all[i];
        }
    }
    return NULL;
}

/* The edge looks at its connection, the client takes what it is sent. */
static void turn(int client, unsigned events)
{
    static char taken[1 << 17];
    struct conn *conn = server.conns.n > 0 ? the_one() : NULL;
    if (conn != NULL) {
        protocol_of(conn)->on_event(&server, conn, events);
    }
    if (flow.n > 0) { /* news for who has subscribed */
        struct flow_sub *sub = flow.all[flow.n - 1];
        conn = &server.conns.all[sub->conn];
        flow.number++;
        sub->stream == NULL ? flow_http1_push(&server, conn, sub) : flow_h2_push(&server, conn, sub);
    }
    (void)!recv(client, taken, sizeof taken, MSG_DONTWAIT);
}

static void say(int client, const void *bytes, size_t len)
{
    (void)!send(client, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char greeting[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    open_once();
    if (size < 2) {
        return 0;
    }
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    int failed = connect(client, (const struct sockaddr *)&door, door_len);
    assert(failed == 0);
    bool greets = (data[0] & 1) != 0;
    bool small = (data[0] & 2) != 0; /* answers do not fit the socket at once */
    if (greets) {
        say(client, greeting, sizeof greeting - 1);
    }
    server_accept(&server, listener, PROTOCOL_HTTP1);
    struct conn *conn = server.conns.n > 0 ? the_one() : NULL;
    if (conn != NULL && small) {
        int least = 2048;
        setsockopt(conn->fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
    }
    data++;
    size--;
    while (size > 1) {
        size_t len = (size_t)data[0] * 4 + 1;
        len = len < size - 1 ? len : size - 1;
        say(client, data + 1, len);
        turn(client, LOOP_READ);
        data += len + 1;
        size -= len + 1;
    }
    for (int i = 0; i < TURNS; i++) {
        turn(client, LOOP_WRITE | LOOP_READ);
    }
    shutdown(client, SHUT_WR);
    turn(client, LOOP_READ | LOOP_WRITE | LOOP_HANGUP);
    conn = server.conns.n > 0 ? the_one() : NULL;
    if (conn != NULL) {
        protocol_of(conn)->on_due(&server, conn);
    }
    conn = server.conns.n > 0 ? the_one() : NULL;
    if (conn != NULL) {
        server_close(&server, conn);
    }
    close(client);
    assert(flow.n == 0);
    assert(server.conns.n == 0 && server.h2_left == 0 && server.pool.bytes == 0);
    assert(server.shelf.current->uses == 1);
    return 0;
}
