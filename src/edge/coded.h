/* Heads of HTTP/2 (HPACK, RFC 7541), formed once like those of HTTP/1.1 and from the same text, so that neither says what the other does
 * not. A block that enters nothing into the dynamic table means the same on every connection and beside any other: a head is put together
 * from pieces, most of which many representations share. */
#ifndef EDGE_CODED_H
#define EDGE_CODED_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

enum coded_part {
    CODED_KIND, /* Content-Type, Content-Encoding: what a 304 and a 416 leave out */
    CODED_OWN,  /* ETag, Repr-Digest, Location: of this representation alone */
    CODED_REST, /* shared by all of its kind */
    CODED_PARTS
};

/* Lines of a head as HTTP/1.1 has them, CRLF after each; Connection is left out (RFC 9113 §8.2.2). */
void coded_lines(struct span lines, struct buf *out);
/* The parts of a head that head_print made, without its status and its length; appended to three texts. */
void coded_head(struct span head, uint16_t lead, uint16_t meta, struct buf out[CODED_PARTS]);
/* content-length */
void coded_length(struct buf *out, uint64_t length);

#endif
