/* What strangers send to an edge: bytes to a request to a reply, over a small view. Whatever comes, the head ends once, the
 * body lies inside its representation, and no answer but 2xx carries a range. */
#include "edge/respond.h"
#include "wire/hpack.h"

#include <assert.h>
#include <stdint.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LENGTH = 500, OFFSET = 1000 };

static uint32_t add_rep(struct view_builder *builder, const char *encoding)
{
    struct head_plan plan = {.status = 200, .type = "text/html; charset=utf-8", .encoding = encoding};
    plan.vary = true;
    plan.ranges = true;
    plan.length = LENGTH;
    plan.etag = SPAN("\"0123456789abcdef0123456789abcdef\"");
    return view_add_rep(builder, &plan, 0, OFFSET);
}

static const struct view_map *view_once(void)
{
    static struct view_map view;
    static struct buf block;
    if (view.top != NULL) {
        return &view;
    }
    struct view_builder builder;
    const uint64_t key[2] = {1, 2};
    const struct view_facts facts = {.has_cut = 1};
    view_builder_init(&builder);
    view_add_object(&builder, 1);
    uint32_t reps[ENC_COUNT] = {add_rep(&builder, NULL), add_rep(&builder, "gzip"), add_rep(&builder, "br")};
    view_add_route(&builder, SPAN("/"), reps, ROUTE_RANGES);
    view_add_route(&builder, SPAN("/a"), reps, 0);
    view_add_route(&builder, SPAN(VIEW_NOT_FOUND), reps, 0);
    buf_init(&block, 0);
    view_print(&builder, &facts, key, &block);
    view_builder_done(&builder);
    enum err err = view_open(buf_as_span(&block), &view, NULL);
    assert(err == OK);
    return &view;
}

/* The same answer in HTTP/2's form: a whole block that enters no table, or HTTP/1.1's text to be coded. */
static void check_coded(struct edge_shelf *shelf, const struct http1_request *request, int status)
{
    static struct hpack_list list;
    static struct hpack_table table;
    static struct buf out;
    struct reply reply;
    hpack_init(&table);
    buf_clear(&out);
    shelf->coded = true;
    respond(shelf, request, &out, &reply);
    assert(reply.status == status && reply.fd < 0);
    if (reply.coded) {
        enum err err = hpack_decode(&table, buf_as_span(&out), &list);
        assert(err == OK && table.n == 0 && list.n > 1 && span_is(list.fields[0].name, ":status"));
    } else {
        assert(span_starts(buf_as_span(&out), SPAN("HTTP/1.1 ")));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http1_request request;
    static struct worker_row row;
    static struct buf out;
    struct reply reply;
    int status = 400;
    struct edge_shelf shelf = {.view = view_once(), .folder = -1, .row = &row, .estado = SPAN("{}\n")};
    shelf.date = SPAN("Date: now\r\n");
    enum err err = http1_parse_request(span_of((const char *)data, size), &request, &status, NULL);
    if (err == ERR_AGAIN) {
        return 0;
    }
    buf_clear(&out);
    if (err == OK) {
        respond(&shelf, &request, &out, &reply);
    } else {
        respond_error(&shelf, status, &out, &reply);
    }
    struct span head = buf_as_span(&out);
    const char *end = memmem(head.at, head.len, "\r\n\r\n", 4);
    assert(end != NULL && head.len < 4096 && reply.fd < 0);
    assert(span_starts(head, SPAN("HTTP/1.1 ")));
    size_t head_len = (size_t)(end - head.at) + 4;
    assert(memmem(head.at, head_len, "\n\n", 2) == NULL);
    if (reply.len > 0) {
        assert(reply.object == 0 && reply.offset >= OFFSET && reply.offset + reply.len <= OFFSET + LENGTH);
        assert(head_len == head.len && (reply.status == 200 || reply.status == 206 || reply.status == 404));
    }
    assert(err == OK || reply.close);
    if (err == OK) {
        check_coded(&shelf, &request, reply.status);
    }
    return 0;
}
