/* HTTP/2's frames (RFC 9113 §4, §6): heads, settings, numbers. Pure. */
#ifndef WIRE_H2_FRAME_H
#define WIRE_H2_FRAME_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum h2_type {
    H2_DATA,
    H2_HEADERS,
    H2_PRIORITY,
    H2_RST_STREAM,
    H2_SETTINGS,
    H2_PUSH_PROMISE,
    H2_PING,
    H2_GOAWAY,
    H2_WINDOW_UPDATE,
    H2_CONTINUATION,
    H2_TYPES
};

enum { H2_ACK = 1, H2_END_STREAM = 1, H2_END_HEADERS = 4, H2_PADDED = 8, H2_HAS_PRIORITY = 32 };

enum h2_error {
    H2_NO_ERROR,
    H2_PROTOCOL_ERROR,
    H2_INTERNAL_ERROR,
    H2_FLOW_CONTROL_ERROR,
    H2_SETTINGS_TIMEOUT,
    H2_STREAM_CLOSED,
    H2_FRAME_SIZE_ERROR,
    H2_REFUSED_STREAM,
    H2_CANCEL,
    H2_COMPRESSION_ERROR,
    H2_CONNECT_ERROR,
    H2_ENHANCE_YOUR_CALM
};

enum h2_setting {
    H2_HEADER_TABLE_SIZE = 1,
    H2_ENABLE_PUSH,
    H2_MAX_CONCURRENT_STREAMS,
    H2_INITIAL_WINDOW_SIZE,
    H2_MAX_FRAME_SIZE,
    H2_MAX_HEADER_LIST_SIZE
};

enum { H2_HEAD_LEN = 9, H2_FRAME_MAX = 16384, H2_WINDOW = 65535, H2_WINDOW_MAX = INT32_MAX };

/* 24 bytes that open a connection (§3.4). */
#define H2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

struct h2_head {
    uint32_t len;
    uint8_t type, flags;
    uint32_t stream;
};

/* From 9 bytes. */
struct h2_head h2_head_parse(const char *at);
void h2_head_put(struct buf *out, uint32_t len, enum h2_type type, uint8_t flags, uint32_t stream);
uint32_t h2_u32(const char *at);
void h2_put_u32(struct buf *out, uint32_t number);
void h2_setting_put(struct buf *out, enum h2_setting setting, uint32_t value);

/* What a frame must be before anything else is looked at: its length by its type, on a stream or on none (§6). H2_NO_ERROR, or the
 * connection error. */
enum h2_error h2_head_check(const struct h2_head *head);

/* Takes padding and priority off a HEADERS or DATA frame (§6.1, §6.2). H2_NO_ERROR or a connection error; *depends is the stream that
 * a priority names, 0 when none. */
enum h2_error h2_strip(const struct h2_head *head, struct span *payload, uint32_t *depends);

#endif
