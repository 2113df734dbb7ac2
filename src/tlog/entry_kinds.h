/* The halves of each entry type, for the table in entry.c alone. A parser takes the lines after the type
 * line. */
#ifndef TLOG_ENTRY_KINDS_H
#define TLOG_ENTRY_KINDS_H

#include "tlog/entry.h"
#include "tlog/lines.h"

void open_print(const struct entry *entry, struct buf *out);
void open_parse(struct lines *lines, struct entry *out, struct buf *scratch);
void piece_print(const struct entry *entry, struct buf *out);
void piece_parse(struct lines *lines, struct entry *out, struct buf *scratch);
void acta_print(const struct entry *entry, struct buf *out);
void acta_parse(struct lines *lines, struct entry *out, struct buf *scratch);
void review_print(const struct entry *entry, struct buf *out);
void review_parse(struct lines *lines, struct entry *out, struct buf *scratch);
void cut_print(const struct entry *entry, struct buf *out);
void cut_parse(struct lines *lines, struct entry *out, struct buf *scratch);
void notice_print(const struct entry *entry, struct buf *out);
void notice_parse(struct lines *lines, struct entry *out, struct buf *scratch);
void close_print(const struct entry *entry, struct buf *out);
void close_parse(struct lines *lines, struct entry *out, struct buf *scratch);
void key_print(const struct entry *entry, struct buf *out);
void key_parse(struct lines *lines, struct entry *out, struct buf *scratch);
void policy_entry_print(const struct entry *entry, struct buf *out);
void policy_entry_parse(struct lines *lines, struct entry *out, struct buf *scratch);
void evidence_print(const struct entry *entry, struct buf *out);
void evidence_parse(struct lines *lines, struct entry *out, struct buf *scratch);

bool acta_centre_ok(struct span centre);
/* Sets of words as they stand behind "observations" and "findings". False: unknown, repeated or out of order. */
bool observations_parse(struct span value, uint8_t *out);
bool findings_parse(struct span value, uint32_t *out);

/* CLAVE_ACTA of the catalogue, or "FC-" and 16 hex digits. */
bool acta_key_ok(struct span key);
/* The value of an "acta" line into a terminated key. */
void acta_key_parse(struct lines *lines, char out[ACTA_KEY_MAX + 1]);
/* A base64 value of at most `most` bytes, appended to `scratch`; "-" for none. */
struct span base64_value(struct lines *lines, struct span value, size_t most, struct buf *scratch);

#endif
