/* A sheet as lines, from "noacta" to "document": the spelling that acta entries and submissions share
 * (docs/formats/submission.md, ledger.md). */
#ifndef TLOG_SHEET_LINES_H
#define TLOG_SHEET_LINES_H

#include "tally/sheet.h"
#include "tlog/lines.h"

enum { CELL_VALUE_MAX = 999999, IMAGE_BYTES_MAX = 8 * 1024 * 1024 };

/* Words by enum origin, means and document, and those of the transport; NULL ends them. */
extern const char *const sheet_origins[], *const sheet_means[], *const sheet_documents[],
                                                                    *const sheet_transports[];

/* The first part: noacta, fields, votes, transport, image, received, captured, verified, origin, means,
 * document. */
void sheet_print(const struct sheet *sheet, struct buf *out);
/* With no_acta set every cell must be X and the rest "-"; without it no cell may be X. */
void sheet_parse(struct lines *lines, struct sheet *out);

#endif
