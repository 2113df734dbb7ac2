/* Packages in the background: a child with the fold as it stands, so that no cut waits for it. */
#include "cut/package_build.h"
#include "cut/shop.h"

#include "base/log.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

enum { PACKER_SPOKEN_FOR_MS = 120000 }; /* then it hangs, and nobody says any more that all goes on */

bool package_due(const struct shop *shop, int64_t time_ms, bool last)
{
    return last || shop->package_wanted || shop->package_ms < 0 ||
           time_ms - shop->package_ms >= (int64_t)shop->options->package_s * 1000;
}

static int package_main(void *arg)
{
    const struct package_job *job = arg;
    struct why why = {{0}};
    log_start("cut-package", LOG_INFO);
    if (package_build(job, &why) != OK) {
        log_line(LOG_ERROR, "package_failed", "cut=%" PRIu32 " why=\"%s\"", job->facts.number, why.text);
        return 1;
    }
    return 0;
}

enum err package_start(struct shop *shop, struct why *why)
{
    static char folder[FILE_PATH_MAX];
    static struct package_job job; /* the child reads it after the fork */
    if (shop->packing >= 0) {
        return OK; /* one at a time; the next cut asks again */
    }
    snprintf(folder, sizeof folder, "%s/cut/%" PRIu32, shop->public_dir, shop->tree.facts.number);
    job = (struct package_job){.public_dir = shop->public_dir,
                               .cut_folder = folder,
                               .fold = shop->fold,
                               .plan = shop->plan,
                               .facts = shop->tree.facts,
                               .chunk_names = (const char(*)[65])shop->shelf.names,
                               .n_chunks = shop->shelf.n};
    TRY(role_start("cut-package", package_main, &job, NULL, 0, &shop->packer, why));
    shop->packing = shop->tree.facts.number;
    shop->packing_ms = shop->tree.facts.time_ms;
    shop->packing_since_ms = monotonic_ms();
    shop->package_wanted = false;
    return OK;
}

void package_collect(struct shop *shop, bool wait)
{
    if (shop->packing < 0) {
        return;
    }
    int ended = child_ended(&shop->packer);
    while (ended == 0 && wait) {
        struct pollfd until = {.fd = shop->packer.pidfd, .events = POLLIN};
        poll(&until, 1, 1000);
        if (monotonic_ms() - shop->packing_since_ms < PACKER_SPOKEN_FOR_MS) {
            shop_goes_on(shop);
        }
        ended = child_ended(&shop->packer);
    }
    if (ended == 0) {
        return;
    }
    if (ended == 1) {
        shop->package = shop->packing;
        shop->package_ms = shop->packing_ms;
        shop->package_took_ms = (uint64_t)(monotonic_ms() - shop->packing_since_ms);
        keep_add_package(&shop->keep, (uint32_t)shop->packing);
        struct why later; /* the cut that names it tries again, and says so */
        (void)!tree_learn_package(&shop->tree, (uint32_t)shop->packing, &later);
    }
    shop->package_failed = ended != 1;
    shop->packing = -1;
}

enum err package_drop_unnamed(struct shop *shop, struct why *why)
{
    const struct entry_cut *cut = &shop->fold->last_cut;
    bool named =
        shop->fold->last_cut_entry != ENTRY_NONE && cut->package_ms >= 0 && cut->package == shop->package;
    if (shop->package < 0 || named) {
        return OK;
    }
    TRY(keep_drop_package(&shop->keep, (uint32_t)shop->package, why));
    shop->package = -1;
    shop->package_ms = -1;
    return OK;
}
