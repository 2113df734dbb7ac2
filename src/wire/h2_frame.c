/* Lengths and streams by a table of types. */
#include "wire/h2_frame.h"

struct h2_head h2_head_parse(const char *at)
{
    const uint8_t *b = (const uint8_t *)at;
    return (struct h2_head){.len = (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2],
                            .type = b[3],
                            .flags = b[4],
                            .stream = h2_u32(at + 5) & INT32_MAX};
}

uint32_t h2_u32(const char *at)
{
    const uint8_t *b = (const uint8_t *)at;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

void h2_put_u32(struct buf *out, uint32_t number)
{
    const uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                              (uint8_t)number};
    buf_add(out, bytes, sizeof bytes);
}

void h2_head_put(struct buf *out, uint32_t len, enum h2_type type, uint8_t flags, uint32_t stream)
{
    const uint8_t bytes[5] = {(uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, (uint8_t)type, flags};
    buf_add(out, bytes, sizeof bytes);
    h2_put_u32(out, stream);
}

void h2_setting_put(struct buf *out, enum h2_setting setting, uint32_t value)
{
    buf_char(out, 0);
    buf_char(out, (char)setting);
    h2_put_u32(out, value);
}

enum { NEVER, ALWAYS, EITHER };

static const struct {
    uint32_t least, most;
    uint8_t on_stream;
} rules[H2_TYPES] = {
    [H2_DATA] = {0, H2_FRAME_MAX, ALWAYS},
    [H2_HEADERS] = {0, H2_FRAME_MAX, ALWAYS},
    [H2_PRIORITY] = {0, H2_FRAME_MAX, ALWAYS}, /* a wrong length is the stream's error alone (§6.3) */
    [H2_RST_STREAM] = {4, 4, ALWAYS},
    [H2_SETTINGS] = {0, H2_FRAME_MAX, NEVER},
    [H2_PUSH_PROMISE] = {4, H2_FRAME_MAX, ALWAYS},
    [H2_PING] = {8, 8, NEVER},
    [H2_GOAWAY] = {8, H2_FRAME_MAX, NEVER},
    [H2_WINDOW_UPDATE] = {4, 4, EITHER},
    [H2_CONTINUATION] = {0, H2_FRAME_MAX, ALWAYS},
};

enum h2_error h2_head_check(const struct h2_head *head)
{
    if (head->len > H2_FRAME_MAX) {
        return H2_FRAME_SIZE_ERROR;
    }
    if (head->type >= H2_TYPES) {
        return H2_NO_ERROR; /* unknown types are passed over (§4.1) */
    }
    bool on_stream = head->stream != 0;
    if ((rules[head->type].on_stream == ALWAYS && !on_stream) ||
        (rules[head->type].on_stream == NEVER && on_stream)) {
        return H2_PROTOCOL_ERROR;
    }
    if (head->len < rules[head->type].least || head->len > rules[head->type].most) {
        return H2_FRAME_SIZE_ERROR;
    }
    if (head->type == H2_SETTINGS &&
        (head->len % 6 != 0 || ((head->flags & H2_ACK) != 0 && head->len != 0))) {
        return H2_FRAME_SIZE_ERROR;
    }
    return H2_NO_ERROR;
}

enum h2_error h2_strip(const struct h2_head *head, struct span *payload, uint32_t *depends)
{
    struct span rest = *payload;
    size_t padding = 0;
    *depends = 0;
    if ((head->flags & H2_PADDED) != 0) {
        if (rest.len < 1) {
            return H2_FRAME_SIZE_ERROR;
        }
        padding = (uint8_t)rest.at[0];
        rest = span_from(rest, 1);
    }
    if (head->type == H2_HEADERS && (head->flags & H2_HAS_PRIORITY) != 0) {
        if (rest.len < 5) {
            return H2_FRAME_SIZE_ERROR;
        }
        *depends = h2_u32(rest.at) & INT32_MAX;
        rest = span_from(rest, 5);
    }
    if (padding > rest.len) {
        return H2_PROTOCOL_ERROR;
    }
    *payload = span_of(rest.at, rest.len - padding);
    return H2_NO_ERROR;
}
