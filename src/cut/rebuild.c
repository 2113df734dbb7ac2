/* A night restored from its log in a folder of its own, as far as its last cut: the way that the cut role itself goes after a
 * crash, without a signature. */
#include "cut/rebuild.h"

#include "base/codec.h"
#include "cut/rebuild_log.h"
#include "cut/shop.h"
#include "seal/digest.h"
#include "seal/minisig.h"
#include "wire/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

struct rebuilding {
    const struct rebuild_options *options;
    char log_dir[FILE_PATH_MAX];
    char work[FILE_PATH_MAX]; /* OUT/.rebuild: election/ and ledger/, as a night has them */
    struct rebuild_log log;
    struct cut_options cut_options;
    struct shop shop;
    bool shop_open;
    bool no_place; /* the folder to write to cannot be had: the log is not to blame */
    struct entry_cut cut;
    bool same_manifest; /* its text is the one that the log names: the twins too are the same bytes */
    struct buf note, minisig;
    uint64_t bytes; /* of plain files */
};

/* `dir`/sub when that holds a checkpoint. */
static bool log_below(const char *dir, const char *sub, char out[FILE_PATH_MAX])
{
    char path[FILE_PATH_MAX];
    if (strlen(dir) + strlen(sub) + 16 > FILE_PATH_MAX) {
        return false;
    }
    snprintf(out, FILE_PATH_MAX, "%s%s", dir, sub);
    return file_exists(path_join(path, out, "checkpoint"));
}

static enum err find_log(struct rebuilding *work, struct why *why)
{
    static const char *const below[] = {"", "/log", "/public/log"};
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        if (log_below(work->options->log_dir, below[i], work->log_dir)) {
            return OK;
        }
    }
    return why_set(why, ERR_MISSING, "%.200s: there is no log (no checkpoint)", work->options->log_dir);
}

static enum err refuse_file(void *arg, const char *relative, int64_t size)
{
    (void)size;
    return why_set(arg, ERR_EXISTS, "the folder is not empty: %s", relative);
}

static enum err make_work(struct rebuilding *work, struct why *why)
{
    const char *out = work->options->out_dir;
    struct why found = {{0}};
    if (strlen(out) > SHOP_PATH_MAX - 64) {
        return why_set(why, ERR_IO, "the path of the folder is too long");
    }
    if (file_exists(out) && folder_walk(out, refuse_file, &found, &found) != OK) {
        return why_set(why, ERR_EXISTS, "%s: %s", out, found.text);
    }
    path_join(work->work, out, ".rebuild");
    TRY(folder_remove(work->work, why));
    return folder_make(work->work, why);
}

static enum err write_night(struct rebuilding *work, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct election election;
    TRY(rebuild_log_read(&work->log, path_join(path, work->work, "ledger"), why));
    TRY(definition_load(&work->log.definition, &election, why));
    election_done(&election);
    return election_files_write(path_join(path, work->work, "election"), &work->log.definition.files, why);
}

/* What the roots say when the files are not those of the entry. */
static enum err compare(struct rebuilding *work, struct why *why)
{
    const struct tree *tree = &work->shop.tree;
    const struct entry_cut *cut = &work->cut;
    const struct {
        const char *name;
        const struct hash *made;
        const uint8_t *stated;
    } roots[] = {{"state-root", &tree->state_root, cut->state_root},
                 {"totals-root", &tree->totals_root, cut->totals_root},
                 {"files-root", &tree->files_root, cut->files_root}};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        if (memcmp(roots[i].made->bytes, roots[i].stated, HASH_LEN) != 0) {
            return why_set(why, ERR_CONFLICT,
                           "cut %" PRIu32
                           ": what the entries give has not the %s that its entry states (another program?)",
                           cut->number, roots[i].name);
        }
    }
    work->same_manifest = memcmp(tree->manifest, cut->manifest, sizeof cut->manifest) == 0;
    return OK;
}

/* A signed manifest that was given: its text is the one made here, and the key is the one that the log binds. */
static enum err take_manifest(struct rebuilding *work, struct why *why)
{
    struct span text;
    struct span signatures;
    uint32_t by = 0;
    const struct cut_keys *keys = &work->log.bound.keys;
    char path[FILE_PATH_MAX];
    if (work->options->manifest == NULL) {
        return OK;
    }
    TRY(file_read(work->options->manifest, MANIFEST_BYTES_MAX, &work->note, why));
    if (note_split(buf_as_span(&work->note), &text, &signatures) != OK ||
        !span_equal(text, buf_as_span(&work->shop.tree.text))) {
        return why_set(why, ERR_CONFLICT, "%.200s is not the manifest of cut %" PRIu32 " as the log gives it",
                       work->options->manifest, work->cut.number);
    }
    if (keys->n > 0) {
        TRY(cut_keys_verify(keys, buf_as_span(&work->note), &text, &by, why));
    }
    snprintf(path, sizeof path, "%.4000s.minisig", work->options->manifest);
    struct why ignored = {{0}};
    if (file_read(path, 4096, &work->minisig, &ignored) == OK && keys->n > 0) {
        TRY(minisig_verify(&keys->keys[by].key, buf_as_span(&work->note), buf_as_span(&work->minisig), why));
    }
    return OK;
}

static enum err remake(struct rebuilding *work, struct why *why)
{
    struct shop *shop = &work->shop;
    struct fold *fold;
    work->cut_options = cut_defaults;
    work->cut_options.dir = work->work;
    work->shop_open = true;
    TRY(shop_open(shop, &work->cut_options, -1, why));
    snprintf(shop->public_dir, sizeof shop->public_dir, "%s", work->options->out_dir);
    TRY(shop_read(shop, work->log.checkpoint.size, why));
    work->cut = shop->fold->last_cut;
    TRY(shop_fold(shop, work->cut.log_size, false, &fold, why));
    enum err err = shop_remake(shop, fold, &work->cut, why);
    err = err != OK ? err : compare(work, why);
    err = err != OK ? err : tree_check(&shop->tree, why);
    err = err != OK ? err : take_manifest(work, why);
    struct span note = buf_as_span(work->note.len > 0 ? &work->note : &shop->tree.text);
    err = err != OK ? err : tree_place(&shop->tree, note, buf_as_span(&work->minisig), why);
    err = err != OK ? err : tree_enter(&shop->tree, why);
    err = err != OK ? err : tree_point(&shop->tree, why);
    fold_free(fold);
    return err;
}

static void report(const struct rebuilding *work, struct buf *out)
{
    const struct manifest *manifest = shop_manifest(&work->shop);
    buf_printf(out,
               "corte %" PRIu32 " rehecho desde %" PRIu64 " entradas: %" PRIu32 " archivos (%" PRIu64
               " bytes), los de files-root\n",
               work->cut.number, work->log.checkpoint.size, manifest->n_files, work->bytes);
    buf_printf(out, "  %s/cut/%" PRIu32 "\n", work->options->out_dir, work->cut.number);
    if (!work->same_manifest) {
        buf_str(
            out,
            "  las versiones comprimidas las hizo otra biblioteca: iguales al descomprimir / the compressed twins "
            "were made by other libraries: equal when unpacked\n");
    }
    buf_printf(out, "  manifiesto %s · registro %s\n",
               work->note.len > 0 ? "con su firma / with its signature" : "sin firma / unsigned",
               work->options->policy != NULL ? "firmado por la clave fijada / signed by the pinned key"
               : work->log.signed_by_log     ? "clave no fijada / key not pinned"
                                             : "sin clave / without a key");
    buf_str(out, "✓ el mismo corte, solo desde el registro / the same cut, from the log alone\n");
}

static void put_hash(struct json *json, const char *key, const struct hash *hash)
{
    char hex[65];
    hex_print(hex, hash->bytes, sizeof hash->bytes);
    json_key(json, key);
    json_str(json, hex);
}

static void report_json(const struct rebuilding *work, enum err err, const struct why *why, struct buf *out)
{
    struct json json;
    json_init(&json, out);
    json_open(&json, '{');
    json_key(&json, "verdict");
    json_str(&json, err == OK ? "rebuilt" : "not rebuilt");
    json_key(&json, "log_size");
    json_u64(&json, work->log.checkpoint.size);
    json_key(&json, "pinned");
    json_bool(&json, work->options->policy != NULL);
    if (err != OK) {
        json_key(&json, "finding");
        json_str(&json, why->text);
    } else {
        const struct tree *tree = &work->shop.tree;
        json_key(&json, "cut");
        json_u64(&json, work->cut.number);
        json_key(&json, "files");
        json_u64(&json, shop_manifest(&work->shop)->n_files);
        json_key(&json, "bytes");
        json_u64(&json, work->bytes);
        put_hash(&json, "state_root", &tree->state_root);
        put_hash(&json, "totals_root", &tree->totals_root);
        put_hash(&json, "files_root", &tree->files_root);
        json_key(&json, "same_manifest");
        json_bool(&json, work->same_manifest);
        json_key(&json, "signed");
        json_bool(&json, work->note.len > 0);
    }
    json_close(&json);
    buf_char(out, '\n');
}

static enum err examine(struct rebuilding *work, struct why *why)
{
    TRY(rebuild_log_open(&work->log, work->options->policy, why));
    enum err err = make_work(work, why);
    work->no_place = err != OK;
    TRY(err);
    TRY(write_night(work, why));
    TRY(remake(work, why));
    const struct manifest *manifest = shop_manifest(&work->shop);
    for (uint32_t i = 0; i < manifest->n_files; i++) {
        work->bytes += manifest->files[i].bytes;
    }
    return OK;
}

/* Nothing that the log is to blame for. */
static bool not_written(const struct rebuilding *work, enum err err)
{
    return work->no_place || err == ERR_IO || err == ERR_FULL || err == ERR_EXISTS;
}

static void rebuilding_done(struct rebuilding *work)
{
    struct why ignored;
    if (work->shop_open) {
        tree_drop(&work->shop.tree);
        shop_close(&work->shop);
    }
    if (work->work[0] != '\0') {
        (void)!folder_remove(work->work, &ignored);
    }
    rebuild_log_done(&work->log);
    buf_done(&work->note);
    buf_done(&work->minisig);
}

enum err rebuild(const struct rebuild_options *options, struct buf *out, struct why *why)
{
    static struct rebuilding work;
    work = (struct rebuilding){.options = options};
    if (options->policy != NULL && !file_exists(options->policy)) {
        return why_set(why, ERR_MISSING, "there is no policy %s", options->policy);
    }
    if (options->manifest != NULL && !file_exists(options->manifest)) {
        return why_set(why, ERR_MISSING, "there is no manifest %s", options->manifest);
    }
    TRY(find_log(&work, why));
    rebuild_log_init(&work.log, work.log_dir);
    enum err err = examine(&work, why);
    if (options->json && !not_written(&work, err)) {
        report_json(&work, err, why, out);
    } else if (err == OK) {
        report(&work, out);
    } else if (!not_written(&work, err)) {
        buf_printf(out, "✗ no se pudo rehacer el corte / the cut could not be rebuilt: %s\n", why->text);
    }
    rebuilding_done(&work);
    return err;
}
