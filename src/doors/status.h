/* `status`: one small file a program, replaced atomically; boards and alerts read only these.
 * docs/formats/status.md.
 *
 * A writer keeps one `struct status`, and about once a second: status_begin, status_add..., status_write. */
#ifndef DOORS_STATUS_H
#define DOORS_STATUS_H

#include "base/buf.h"
#include "base/date.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum { STATUS_PAIRS_MAX = 64, STATUS_BYTES_MAX = 16384, STATUS_NAME_MAX = 40, STATUS_VALUE_MAX = 400 };

/* Borrows every text. Numbers and moments that were added by value lie in `own`, so a status that was written
 * to is not copied. */
struct status {
    struct span program; /* "intake", "cut", "results", "mirror-1", "site", ... */
    struct span state;   /* "starting", "running", "degraded", "stopped" */
    int64_t time_ms;     /* when it was written, night clock */
    int64_t since_ms;    /* in this state since */
    struct span alarm;   /* one sentence, empty when all is well */
    struct status_pair {
        struct span name;  /* "actas_acknowledged" */
        struct span value; /* decimal number or short text without spaces at the ends, "-" for nothing */
    } pairs[STATUS_PAIRS_MAX];
    uint32_t n_pairs;
    char own[STATUS_PAIRS_MAX][DATE_ISO_LEN + 1];
};

/* Forgets the pairs and the alarm and sets the time; `since_ms` moves when the state is another than before.
 */
void status_begin(struct status *status, const char *program, const char *state, int64_t now_ms);
/* Pairs past STATUS_PAIRS_MAX are a broken state of ours (asserted). An empty text is written as "-". */
void status_add(struct status *status, const char *name, struct span value);
void status_add_u64(struct status *status, const char *name, uint64_t number);
void status_add_time(struct status *status, const char *name, int64_t ms); /* negative: "-" */

/* Control characters in texts become spaces, so that a sentence never breaks the file. */
void status_print(const struct status *status, struct buf *out);
/* Prints and replaces the file by rename; not synced: it is about now. */
MUST_CHECK enum err status_write(const char *path, const struct status *status, struct why *why);

/* Spans borrow from `bytes`. */
MUST_CHECK enum err status_parse(struct span bytes, struct status *out, struct why *why);
struct span status_value(const struct status *status, const char *name); /* empty when absent or "-" */
uint64_t status_number(const struct status *status, const char *name);   /* 0 when absent or no number */
int64_t status_time(const struct status *status, const char *name);      /* -1 when absent or no moment */

#endif
