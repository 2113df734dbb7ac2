/* Bundles: where each lies, and how entries are cut off one in memory. */
#include "tlog/ledger.h"

#include <assert.h>
#include <stdio.h>

void bundle_path(uint64_t bundle, char out[BUNDLE_PATH_MAX])
{
    /* tlog-tiles: groups of three digits, all but the last with an x before them. */
    uint64_t groups[7];
    int n = 0;
    do {
        groups[n++] = bundle % 1000;
        bundle /= 1000;
    } while (bundle != 0);
    int len = snprintf(out, BUNDLE_PATH_MAX, "entries");
    while (n-- > 0) {
        len += snprintf(out + len, BUNDLE_PATH_MAX - (size_t)len, n > 0 ? "/x%03u" : "/%03u",
                        (unsigned)groups[n]);
        assert(len < BUNDLE_PATH_MAX);
    }
}

enum err bundle_next(struct span *rest, struct span *entry)
{
    if (rest->len < 2) {
        return ERR_AGAIN;
    }
    size_t len = (size_t)(unsigned char)rest->at[0] << 8 | (unsigned char)rest->at[1];
    if (rest->len - 2 < len) {
        return ERR_AGAIN;
    }
    *entry = span_of(rest->at + 2, len);
    *rest = span_from(*rest, 2 + len);
    return OK;
}
