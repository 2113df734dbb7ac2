/* Lines "name value\n" in a fixed order: the spelling that entries and submissions share. A cursor takes them
 * one by one, remembers the first failure with its line and rule, and is asked once at the end. */
#ifndef TLOG_LINES_H
#define TLOG_LINES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct lines {
    struct span rest;
    uint32_t line; /* number of the line last taken, from 1 */
    enum err err;
    struct why *why; /* may be NULL */
};

void lines_init(struct lines *lines, struct span text, struct why *why);
/* Every line was taken and none failed. */
MUST_CHECK enum err lines_end(struct lines *lines);
/* Remembers a failure at the line last taken, unless there is one already. */
void lines_fail(struct lines *lines, enum err err, const char *rule);

/* The next line, which must be exactly `text`. */
void lines_literal(struct lines *lines, const char *text);
/* The value of the next line, which must be called `name`; never empty unless it failed. */
struct span lines_value(struct lines *lines, const char *name);
/* Cuts the next word off a value: words are parted by exactly one blank. Empty after a failure. */
struct span lines_word(struct lines *lines, struct span *value);

/* Values of one spelling each. After a failure they return zeros. */
uint64_t lines_u64(struct lines *lines, const char *name, uint64_t max);
uint64_t lines_number(struct lines *lines, struct span text, uint64_t max);
/* A decimal number, or UINT64_MAX for "-". */
uint64_t lines_index(struct lines *lines, const char *name);
/* "2027-06-07T02:31:07Z"; with `or_none` "-" is -1. */
int64_t lines_time(struct lines *lines, const char *name, bool or_none);
int64_t lines_moment(struct lines *lines, struct span text, bool or_none);
/* "yes" or "no". */
bool lines_flag(struct lines *lines, const char *name);
/* 64 lower-case hex digits. */
void lines_digest(struct lines *lines, const char *name, uint8_t out[32]);
void lines_hex(struct lines *lines, struct span text, uint8_t out[32]);
/* The ordinal of the value among `words` (NULL ends them). */
uint8_t lines_choice(struct lines *lines, const char *name, const char *const *words);

/* Character classes of short texts: every byte of `text` is in the class and its length in [least, most]. */
bool text_is_id(struct span text, size_t least, size_t most);      /* [a-z0-9-] */
bool text_is_key(struct span text, size_t least, size_t most);     /* [0-9A-Z] */
bool text_is_visible(struct span text, size_t least, size_t most); /* ASCII 0x21 to 0x7e */
/* Valid UTF-8 (RFC 3629) without control characters but LF. */
bool text_is_utf8(struct span text);
void lines_expect(struct lines *lines, bool ok, const char *rule);

/* The same lines, printed. */
void print_line(struct buf *out, const char *name, struct span value); /* "-" when empty */
void print_u64(struct buf *out, const char *name, uint64_t number);
void print_index(struct buf *out, const char *name, uint64_t index); /* UINT64_MAX: "-" */
void print_time(struct buf *out, const char *name, int64_t ms);      /* below 0: "-" */
void print_flag(struct buf *out, const char *name, bool flag);
void print_digest(struct buf *out, const char *name, const uint8_t digest[32]);

#endif
