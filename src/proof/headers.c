/* A ring. */
#include "proof/headers.h"

#include <stdlib.h>

enum { HEADERS_KEPT = 1 << 15 };

void headers_init(struct headers *headers, uint32_t n_contests)
{
    *headers = (struct headers){.n_contests = n_contests};
    headers->rows = calloc((size_t)HEADERS_KEPT * n_contests, sizeof *headers->rows);
    if (headers->rows == NULL) {
        abort();
    }
}

void headers_done(struct headers *headers)
{
    free(headers->rows);
    *headers = (struct headers){0};
}

void headers_note(struct headers *headers, const struct fold *fold)
{
    uint64_t size = fold->log_size;
    struct header *row = &headers->rows[size % HEADERS_KEPT * headers->n_contests];
    for (uint32_t c = 0; c < headers->n_contests; c++) {
        const struct count *count = fold_count(fold, c, 0);
        row[c] = (struct header){count->expected, count->captured, count->counted, count->votes};
    }
    headers->from = headers->to == 0 ? size : headers->from;
    headers->to = size;
    if (headers->to - headers->from >= HEADERS_KEPT) {
        headers->from = headers->to - HEADERS_KEPT + 1;
    }
}

bool headers_at(const struct headers *headers, uint64_t log_size, uint32_t contest, struct header *out)
{
    if (log_size < headers->from || log_size > headers->to) {
        return false;
    }
    *out = headers->rows[log_size % HEADERS_KEPT * headers->n_contests + contest];
    return true;
}
