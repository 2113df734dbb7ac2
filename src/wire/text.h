/* Writers that own all quoting: HTML and JSON. */
#ifndef WIRE_TEXT_H
#define WIRE_TEXT_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

/* Text or attribute value, escaped (& < > " '); bytes that are not UTF-8, controls (but LF and tab) and marks that turn
 * the direction of text become U+FFFD. */
void html_text(struct buf *out, struct span text);

/* A JSON writer that puts the commas: json_open(&w, '{'); json_key(&w, "n"); json_u64(&w, 3); json_close(&w). */
enum { JSON_DEPTH_MAX = 32 };
struct json {
    struct buf *out;
    uint8_t depth;
    bool after_key;
    char close[JSON_DEPTH_MAX];
    bool any[JSON_DEPTH_MAX];
};
void json_init(struct json *json, struct buf *out);
void json_open(struct json *json, char bracket); /* '{' or '[' */
void json_close(struct json *json);
void json_key(struct json *json, const char *key);
void json_span(struct json *json, struct span text);
void json_str(struct json *json, const char *text);
void json_u64(struct json *json, uint64_t number);
void json_i64(struct json *json, int64_t number);
void json_bool(struct json *json, bool value);
void json_null(struct json *json);
/* A number already printed, "12.3456". */
void json_raw(struct json *json, struct span number);

#endif
