/* Frames over stream pairs: head, bytes, and buffers at both ends. */
#include "intake/frame.h"

#include "os/stream.h"

#include <assert.h>

struct head {
    uint32_t kind, len;
    uint64_t tag;
};

void link_init(struct link *link, struct loop *loop, int fd)
{
    *link = (struct link){.loop = loop, .fd = fd};
    buf_init(&link->in, 0);
    buf_init(&link->out, 0);
}

void link_done(struct link *link)
{
    buf_done(&link->in);
    buf_done(&link->out);
}

/* Moves what is not yet taken to the front. */
static void compact(struct buf *buf, size_t *used)
{
    if (*used > 0) {
        memmove(buf->at, buf->at + *used, buf->len - *used);
        buf_truncate(buf, buf->len - *used);
        *used = 0;
    }
}

enum err link_feed(struct link *link)
{
    compact(&link->in, &link->in_used);
    while (link->in.len < FRAME_BATCH_BYTES) {
        size_t n = 0;
        enum err err = stream_read(link->fd, buf_room(&link->in, 256 * 1024), 256 * 1024, &n);
        if (err != OK) {
            return err;
        }
        if (n == 0) {
            return ERR_IO;
        }
        buf_grew(&link->in, n);
    }
    return ERR_AGAIN;
}

enum err link_next(struct link *link, struct frame *out)
{
    struct head head;
    struct span rest = span_from(buf_as_span(&link->in), link->in_used);
    if (rest.len < sizeof head) {
        return ERR_AGAIN;
    }
    memcpy(&head, rest.at, sizeof head);
    if (head.kind >= FRAME_KINDS || head.len > FRAME_BYTES_MAX) {
        return ERR_SYNTAX;
    }
    if (rest.len - sizeof head < head.len) {
        return ERR_AGAIN;
    }
    *out = (struct frame){(enum frame_kind)head.kind, head.tag, span_of(rest.at + sizeof head, head.len)};
    link->in_used += sizeof head + head.len;
    return OK;
}

void link_send(struct link *link, enum frame_kind kind, uint64_t tag, struct span first, struct span second)
{
    struct head head = {kind, (uint32_t)(first.len + second.len), tag};
    assert(first.len + second.len <= FRAME_BYTES_MAX);
    compact(&link->out, &link->out_done);
    buf_add(&link->out, &head, sizeof head);
    buf_span(&link->out, first);
    buf_span(&link->out, second);
}

enum err link_flush(struct link *link)
{
    enum err err = OK;
    while (err == OK && link->out_done < link->out.len) {
        size_t n = 0;
        err = stream_write(link->fd, link->out.at + link->out_done, link->out.len - link->out_done, &n);
        link->out_done += err == OK ? n : 0;
    }
    if (err != OK && err != ERR_AGAIN) {
        return err;
    }
    if (link->out_done == link->out.len) {
        buf_clear(&link->out);
        link->out_done = 0;
    }
    bool more = link->out.len > 0;
    if (more != link->wants_write) {
        link->wants_write = more;
        TRY(loop_change(link->loop, link->fd, LOOP_READ | (more ? LOOP_WRITE : 0)));
    }
    return OK;
}

size_t link_queued(const struct link *link)
{
    return link->out.len - link->out_done;
}
