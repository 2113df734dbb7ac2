/* Methods, routes, conditions and ranges. Errors are small texts of our own in both languages. */
#include "edge/respond.h"

#include "base/codec.h"
#include "edge/below.h"
#include "edge/caption.h"
#include "edge/host_page.h"
#include "edge/respond_rep.h"
#include "wire/uri.h"

#include <stdio.h>
#include <unistd.h>

static const char none[] = "";
static const char later[] = "Retry-After: 30\r\n";
static const char soon[] = "Retry-After: 5\r\n";

enum { PLAIN_HEADS = 24, PLAIN_MAX = 768 };

static const struct {
    int status;
    const char *text;
} sentences[] = {
    {400, "La solicitud no sigue HTTP/1.1.\nThe request does not follow HTTP/1.1.\n"},
    {404, "No existe.\nNot found.\n"},
    {405, "Solo GET, HEAD y OPTIONS.\nOnly GET, HEAD and OPTIONS.\n"},
    {408, "La solicitud tardó demasiado.\nThe request took too long.\n"},
    {413, "Aquí no se reciben contenidos.\nNo content is accepted here.\n"},
    {414, "La dirección es demasiado larga.\nThe address is too long.\n"},
    {416, "Esa parte no existe.\nThere is no such part.\n"},
    {431, "La cabecera es demasiado grande.\nThe head is too large.\n"},
    {503, "Todavía no hay resultados que mostrar; intente en unos segundos.\n"
          "There are no results to show yet; try again in a few seconds.\n"},
};

static struct span sentence_of(int status)
{
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        if (sentences[i].status == status) {
            return span_str(sentences[i].text);
        }
    }
    return SPAN("");
}

/* The head of an answer of our own. There are few, they never change, and whoever sends nothing but nonsense makes us say them all the
 * time: formed once, when they are needed first. */
static void plain_head(const struct edge_shelf *shelf, int status, size_t text_len, const char *extra,
                       struct buf *out)
{
    static struct {
        const char *extra;
        int status;
        bool is_site;
        uint16_t len;
        char bytes[PLAIN_MAX];
    } formed[PLAIN_HEADS], *row = formed;
    while (row < formed + PLAIN_HEADS && row->len > 0 &&
           (row->status != status || row->extra != extra || row->is_site != shelf->is_site)) {
        row++;
    }
    if (row < formed + PLAIN_HEADS && row->len > 0) {
        buf_add(out, row->bytes, row->len);
        return;
    }
    struct head_plan plan = {.status = status, .keep = KEEP_NEVER, .length = text_len};
    size_t start = out->len;
    uint16_t lead;
    uint16_t meta;
    plan.policy = shelf->is_site ? POLICY_SITE : POLICY_RESULTS;
    plan.type = status == 204 ? NULL : "text/plain; charset=utf-8";
    head_print(&plan, out, &lead, &meta);
    buf_str(out, extra);
    if (row < formed + PLAIN_HEADS && out->at != NULL && out->len - start <= PLAIN_MAX) {
        row->extra = extra;
        row->status = status;
        row->is_site = shelf->is_site;
        row->len = (uint16_t)(out->len - start);
        memcpy(row->bytes, out->at + start, row->len);
    }
}

/* An answer of our own: head and text together in `out`. `extra` is one of this file's own. */
static void plain_answer(const struct edge_shelf *shelf, int status, bool head_only, const char *extra,
                         struct buf *out, struct reply *reply)
{
    struct span text = sentence_of(status);
    reply->status = status;
    plain_head(shelf, status, text.len, extra, out);
    respond_end_head(shelf, reply, out);
    if (!head_only) {
        buf_span(out, text);
    }
}

void respond_error(const struct edge_shelf *shelf, int status, struct buf *out, struct reply *reply)
{
    *reply = (struct reply){.close = true, .reason = COUNTERS, .object = VIEW_NONE, .fd = -1};
    plain_answer(shelf, status, false, none, out, reply);
}

void respond_busy(const struct edge_shelf *shelf, struct buf *out, struct reply *reply)
{
    *reply = (struct reply){.close = true, .reason = COUNT_REFUSED_FLOW, .object = VIEW_NONE, .fd = -1};
    plain_answer(shelf, 503, false, later, out, reply);
}

/* The head of /flow; what follows it is the hub's (edge/flow.h). No intermediary may keep it or hold it back. */
static void answer_flow(const struct edge_shelf *shelf, bool head_only, struct buf *out, struct reply *reply)
{
    static const struct head_plan plan = {
        .status = 200, .keep = KEEP_NEVER, .type = "text/event-stream", .endless = true};
    uint16_t lead;
    uint16_t meta;
    reply->status = 200;
    reply->subscribes = !head_only;
    reply->close = reply->close || !head_only;
    head_print(&plan, out, &lead, &meta);
    buf_str(out, "X-Accel-Buffering: no\r\n");
    respond_end_head(shelf, reply, out);
}

/* What is made every second: /estado, /codigo and /difusores. */
static void answer_made(const struct edge_shelf *shelf, struct span body, const char *type, const char *rules,
                        bool head_only, struct buf *out, struct reply *reply)
{
    struct head_plan plan = {.status = 200, .keep = KEEP_NEVER, .type = type, .page_rules = rules};
    uint16_t lead;
    uint16_t meta;
    plan.length = body.len;
    reply->status = 200;
    head_print(&plan, out, &lead, &meta);
    respond_end_head(shelf, reply, out);
    if (!head_only) {
        buf_span(out, body);
    }
}

/* The path is one of the folder's own patterns: is it `digits` lower-case hex digits? */
static bool is_hex(struct span text, size_t digits)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
            return false;
        }
    }
    return text.len == digits;
}

static bool is_digits(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return false;
        }
    }
    return true;
}

static const char *acta_type(struct span name)
{
    static const struct {
        const char *end;
        const char *type;
    } kinds[] = {{".jpg", "image/jpeg"}, {".png", "image/png"}};
    for (size_t i = 0; i < 2; i++) {
        struct span end = span_str(kinds[i].end);
        if (span_ends(name, end) && is_hex(span_of(name.at, name.len - end.len), 64)) {
            return kinds[i].type;
        }
    }
    return NULL;
}

/* "entries/x001/234", "0/000.p/17": a level, then digits, 'x', '/', ".p/" and nothing else (C2SP tlog-tiles). */
static const char *tile_type(struct span name)
{
    struct span level = span_cut(&name, '/');
    if (!span_is(level, "entries") && (level.len == 0 || level.len > 2 || !is_digits(level))) {
        return NULL;
    }
    for (size_t i = 0; i < name.len; i++) {
        struct span rest = span_from(name, i);
        char c = name.at[i];
        if (span_starts(rest, SPAN(".p/"))) {
            i += 2;
        } else if ((c < '0' || c > '9') && c != 'x' && c != '/') {
            return NULL;
        }
    }
    return name.len > 0 && name.len < 64 ? "application/octet-stream" : NULL;
}

static const char *old_manifest_type(struct span rest)
{
    struct span number = span_cut(&rest, '/');
    bool named = number.len > 0 && number.len <= 10 && is_digits(number) && rest.at != NULL &&
                 (span_is(rest, "manifest") || span_is(rest, "manifest.minisig"));
    return named ? "text/plain; charset=utf-8" : NULL;
}

/* "12.tlog-proof" */
static const char *proof_type(struct span name)
{
    struct span end = SPAN(".tlog-proof");
    struct span number = span_of(name.at, name.len < end.len ? 0 : name.len - end.len);
    bool named = span_ends(name, end) && number.len > 0 && number.len <= 10 && is_digits(number);
    return named ? "text/plain; charset=utf-8" : NULL;
}

/* "0123456789abcdef.checkpoint": one of two that cannot be joined */
static const char *evidence_type(struct span name)
{
    struct span end = SPAN(".checkpoint");
    bool named = span_ends(name, end) && is_hex(span_of(name.at, name.len - end.len), 16);
    return named ? "text/plain; charset=utf-8" : NULL;
}

/* "12" or "12.note" */
static const char *policy_type(struct span name)
{
    struct span number = span_cut(&name, '.');
    bool named =
        number.len > 0 && number.len <= 10 && is_digits(number) && (name.at == NULL || span_is(name, "note"));
    return named ? "text/plain; charset=utf-8" : NULL;
}

/* "12/SHA256SUMS": the sums of a package whose other files may have gone */
static const char *sums_type(struct span rest)
{
    struct span number = span_cut(&rest, '/');
    bool named = number.len > 0 && number.len <= 10 && is_digits(number) && span_is(rest, "SHA256SUMS");
    return named ? "text/plain; charset=utf-8" : NULL;
}

const char *disk_type(struct span path, enum keep_class *keep)
{
    static const struct {
        const char *path;
        enum keep_class keep;
    } texts[] = {{"/log/checkpoint", KEEP_POINTER},
                 {"/log/vkey", KEEP_KEY},
                 {"/log/policy", KEEP_KEY},
                 {"/log/notice.tlog-proof", KEEP_POINTER},
                 {"/log/minisign.pub", KEEP_KEY}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (span_is(path, texts[i].path)) {
            *keep = texts[i].keep;
            return "text/plain; charset=utf-8";
        }
    }
    *keep = KEEP_FOREVER;
    if (span_starts(path, SPAN("/acta/"))) {
        return acta_type(span_from(path, 6));
    }
    if (span_starts(path, SPAN("/log/tile/"))) {
        return tile_type(span_from(path, 10));
    }
    if (span_starts(path, SPAN("/log/evidence/"))) {
        return evidence_type(span_from(path, 14));
    }
    if (span_starts(path, SPAN("/log/cut-"))) {
        return proof_type(span_from(path, 9));
    }
    if (span_starts(path, SPAN("/log/policy."))) {
        return policy_type(span_from(path, 12));
    }
    if (span_starts(path, SPAN("/package/"))) {
        return sums_type(span_from(path, 9));
    }
    return span_starts(path, SPAN("/cut/")) ? old_manifest_type(span_from(path, 5)) : NULL;
}

struct disk_tag {
    char etag[3 * 16 + 5];
    uint8_t sha256[32];
    bool is_named; /* by its digest */
};

/* The name of an image is its SHA-256, and its tag. What else lies there is replaced whole or not at all: another file has
 * another moment, number or length. */
static void disk_tag(struct span path, const struct stat *info, struct disk_tag *out)
{
    struct span name = span_starts(path, SPAN("/acta/")) ? span_from(path, 6) : SPAN("");
    struct span hex = span_of(name.at, name.len < 64 ? 0 : 64);
    out->is_named = hex.len > 0 && hex_parse(hex, out->sha256, sizeof out->sha256) == OK;
    if (out->is_named) {
        etag_print(out->etag, out->sha256);
    } else {
        (void)snprintf(out->etag, sizeof out->etag, "\"%llx-%llx-%llx\"",
                       (unsigned long long)info->st_mtim.tv_sec * 1000000000U +
                           (unsigned long long)info->st_mtim.tv_nsec,
                       (unsigned long long)info->st_ino, (unsigned long long)info->st_size);
    }
}

/* Sends from the folder what is no part of a view. */
static bool answer_disk(const struct edge_shelf *shelf, const struct http1_request *request, struct span path,
                        struct buf *out, struct reply *reply)
{
    enum keep_class keep;
    const char *type = shelf->folder >= 0 ? disk_type(path, &keep) : NULL;
    char name[128];
    struct stat info;
    if (type == NULL || !span_copy(span_from(path, 1), name, sizeof name) ||
        below_open(shelf->folder, name, &reply->fd, &info) != OK) {
        return false;
    }
    struct disk_tag tag;
    struct head_plan plan = {.status = 200, .keep = keep, .type = type, .ranges = true};
    disk_tag(path, &info, &tag);
    plan.etag = span_str(tag.etag);
    plan.sha256 = tag.is_named ? tag.sha256 : NULL;
    plan.length = (uint64_t)info.st_size;
    reply->len = plan.length;
    char room[HEAD_MAX];
    struct buf head;
    struct rep_head rep = {.status = 200, .etag = plan.etag, .ranges = true};
    buf_init(&head, 0);
    head_print(&plan, &head, &rep.lead, &rep.meta);
    memcpy(room, head.at, head.len);
    rep.whole = span_of(room, head.len);
    buf_done(&head);
    respond_rep(shelf, request, &rep, 200, out, reply);
    if (reply->len == 0) {
        close(reply->fd);
        reply->fd = -1;
    }
    return true;
}

/* `status` 0: the one that the head says. */
static void answer_route(const struct edge_shelf *shelf, const struct http1_request *request,
                         const struct view_route *route, int status, struct buf *out, struct reply *reply)
{
    const struct view_rep *rep = &shelf->view->reps[route->reps[respond_encoding(request, route->reps)]];
    struct rep_head head = {.whole = view_head(shelf->view, rep), .status = rep->status, .lead = rep->lead};
    head.meta = rep->meta;
    head.etag = span_of(rep->etag, rep->etag[0] != '\0' ? ETAG_LEN : 0);
    head.ranges = (route->flags & ROUTE_RANGES) != 0;
    for (int i = 0; i < CODED_PARTS; i++) {
        head.coded[i] = view_piece(shelf->view, rep->coded[i]);
    }
    reply->object = rep->object;
    reply->offset = rep->offset;
    reply->len = rep->len;
    respond_rep(shelf, request, &head, status != 0 ? status : rep->status, out, reply);
    if (reply->status == rep->status && !reply->coded && !reply->close) {
        reply->formed = head.whole;
    }
}

static void answer_missing(const struct edge_shelf *shelf, const struct http1_request *request,
                           struct buf *out, struct reply *reply)
{
    const struct view_route *page = shelf->view == NULL ? NULL : view_find(shelf->view, SPAN(VIEW_NOT_FOUND));
    bool too_early = page == NULL || (!shelf->is_site && !shelf->view->top->facts.has_cut);
    if (too_early) {
        plain_answer(shelf, shelf->is_feed ? 404 : 503, request->method == HTTP_HEAD, soon, out, reply);
        return;
    }
    answer_route(shelf, request, page, 404, out, reply);
}

static void answer_get(const struct edge_shelf *shelf, const struct http1_request *request, struct buf *out,
                       struct reply *reply)
{
    char room[URI_PATH_MAX];
    struct span path = {NULL, 0};
    if (uri_path(request->target, room, &path, NULL) != OK) {
        respond_error(shelf, 400, out, reply);
        return;
    }
    if (span_is(path, "/estado")) {
        answer_made(shelf, shelf->estado, "application/json", NULL, request->method == HTTP_HEAD, out, reply);
        return;
    }
    if (!shelf->is_site && span_is(path, "/codigo")) {
        answer_made(shelf, shelf->caption, "text/html; charset=utf-8", caption_rules(),
                    request->method == HTTP_HEAD, out, reply);
        return;
    }
    if (!shelf->is_site && span_is(path, "/difusores")) {
        answer_made(shelf, shelf->host, "text/html; charset=utf-8", host_page_rules(),
                    request->method == HTTP_HEAD, out, reply);
        return;
    }
    if (shelf->has_flow && span_is(path, "/flow")) {
        answer_flow(shelf, request->method == HTTP_HEAD, out, reply);
        return;
    }
    const struct view_route *route = shelf->view == NULL ? NULL : view_find(shelf->view, path);
    if (route != NULL) {
        answer_route(shelf, request, route, 0, out, reply);
    } else if (!answer_disk(shelf, request, path, out, reply)) {
        enum keep_class keep;
        answer_missing(shelf, request, out, reply);
        if (disk_type(path, &keep) != NULL) { /* it may be there in a moment */
            reply->formed = span_of(NULL, 0);
        }
    }
}

static const char allow[] = "Allow: GET, HEAD, OPTIONS\r\n";
static const char preflight[] =
    "Allow: GET, HEAD, OPTIONS\r\n"
    "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
    "Access-Control-Allow-Headers: If-None-Match, Range, If-Range, Last-Event-ID\r\n"
    "Access-Control-Max-Age: 86400\r\n";

void respond(const struct edge_shelf *shelf, const struct http1_request *request, struct buf *out,
             struct reply *reply)
{
    bool has_body = request->body == HTTP1_BODY_CHUNKED || request->content_length > 0;
    bool reads = request->method == HTTP_GET || request->method == HTTP_HEAD;
    *reply = (struct reply){.close = !request->keep_alive || has_body || shelf->ending, .reason = COUNTERS};
    reply->object = VIEW_NONE;
    reply->fd = -1;
    if (!reads && request->method != HTTP_OPTIONS) {
        reply->reason = COUNT_REFUSED_METHOD;
        plain_answer(shelf, 405, false, allow, out, reply);
    } else if (has_body) {
        /* What follows the head is a body that nobody will read: the connection cannot go on. */
        reply->reason = COUNT_REFUSED_BODY;
        plain_answer(shelf, 413, request->method == HTTP_HEAD, none, out, reply);
    } else if (reads) {
        answer_get(shelf, request, out, reply);
    } else {
        plain_answer(shelf, 204, false, shelf->is_site ? allow : preflight, out, reply);
    }
}
