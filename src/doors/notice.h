/* The newest notice of the night, as it lies in /log/notice.tlog-proof: a tlog-proof whose `extra` is the notice's entry. Here it is
 * only read, for whoever shows it; that it is in the log is proven by whoever wrote the file (docs/formats/tree.md). */
#ifndef DOORS_NOTICE_H
#define DOORS_NOTICE_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

#define NOTICE_PATH "log/notice.tlog-proof"
enum { NOTICE_TEXT_MAX = 2000, NOTICE_FILE_MAX = 65536 };

struct notice_text {
    int64_t time_ms;
    uint32_t len; /* 0: there is none */
    char
        text[NOTICE_TEXT_MAX]; /* UTF-8 without control characters but LF: the ledger's rule, checked again */
};

/* ERR_SYNTAX when it is no such file; `out` is then untouched. */
MUST_CHECK enum err notice_parse(struct span file, struct notice_text *out);

#endif
