/* Whose signature the next cut carries: the ledger says which key, the sign role holds it. A rotation (atalaya keys rotate cut) goes
 * entry, key on disk, first signature; in between no cut is signed. */
#include "cut/shop.h"

#include "base/log.h"
#include "cut/signer.h"

#include <inttypes.h>

static bool holds(const struct shop *shop, const struct fold_key *bound)
{
    return span_equal(buf_as_span(&shop->vkey), bound->vkey);
}

enum err shop_key(struct shop *shop, struct why *why)
{
    const struct fold_key *bound = fold_key_of(shop->fold, KEY_CUT);
    if (bound == NULL || holds(shop, bound)) {
        return OK;
    }
    TRY(signer_keys(shop->signer, true, &shop->vkey, &shop->minisign, why));
    if (!holds(shop, bound)) {
        return why_set(
            why, ERR_REFUSED,
            "la entrada %" PRIu64
            " ata otra clave que la de keys/cut.key; termine la rotación con \"atalaya keys rotate cut\" / "
            "entry %" PRIu64 " binds another key than keys/cut.key holds: finish the rotation",
            bound->entry, bound->entry);
    }
    log_line(LOG_INFO, "cut_key", "entry=%" PRIu64, bound->entry);
    return OK;
}

/* Shown anew only when it is another: nobody's cache is disturbed for nothing. */
static enum err show(const struct shop *shop, const char *name, struct span text, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf there = {0};
    path_join(path, shop->public_dir, name);
    bool same = file_read(path, 4096, &there, NULL) == OK && span_equal(buf_as_span(&there), text);
    buf_done(&there);
    return same ? OK : file_write(path, text, true, why);
}

enum err shop_key_show(const struct shop *shop, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf line = {0};
    TRY(folder_make(path_join(path, shop->public_dir, "log"), why));
    buf_span(&line, buf_as_span(&shop->vkey));
    buf_char(&line, '\n');
    enum err err = show(shop, "log/cut.vkey", buf_as_span(&line), why);
    err = err != OK ? err : show(shop, "log/minisign.pub", buf_as_span(&shop->minisign), why);
    buf_done(&line);
    return err;
}
