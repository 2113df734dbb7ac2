/* A cut that was shown and that the copy has not would be another one after the loss of this host: the same number, other figures. So its
 * entry is in the copy before it is signed. The copy takes some tens of milliseconds; one that is gone holds no cut back for
 * more than two seconds, for it has an alarm of its own and the results come first (docs/decisions/log-and-copy.md). */
#include "cut/shop.h"

#include "base/log.h"
#include "doors/copied.h"

#include <inttypes.h>
#include <poll.h>

enum { COPY_WAIT_MS = 2000, COPY_LOOK_MS = 5 };

void shop_wait_for_copy(struct shop *shop, uint64_t entry)
{
    int64_t began = monotonic_ms();
    uint64_t have = copied_entries(shop->options->copy_dir);
    while (have <= entry && monotonic_ms() - began < COPY_WAIT_MS) {
        poll(NULL, 0, COPY_LOOK_MS);
        have = copied_entries(shop->options->copy_dir);
    }
    shop->copy_ms = (uint64_t)(monotonic_ms() - began);
    bool without = have <= entry;
    if (without != shop->without_copy) {
        log_line(without ? LOG_WARN : LOG_INFO, without ? "cut_without_copy" : "cut_with_copy",
                 "entry=%" PRIu64 " have=%" PRIu64, entry, have);
    }
    shop->without_copy = without;
}
