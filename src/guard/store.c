/* Opening the store: what is the newest state, and the newest mode, that the key has signed. */
#include "guard/store.h"

#include "base/num.h"
#include "keys/keyfile.h"
#include "os/said.h"
#include "seal/digest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOTES_TRIED = 1000 };

static enum err take_lock(struct store *store, struct why *why)
{
    char path[FILE_PATH_MAX];
    store->lock = open(path_join(path, store->dir, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock < 0) {
        return said_of(why, ERR_IO, path, errno);
    }
    if (flock(store->lock, LOCK_EX | LOCK_NB) != 0) {
        return why_set(why, ERR_EXISTS,
                       "otro acto de atalaya site está en curso en %s / another act is running", store->dir);
    }
    return OK;
}

/* Others may read what is served, not the keys and not the evidence. */
static enum err make_folders(const struct store *store, struct why *why)
{
    static const struct {
        const char *name;
        mode_t mode;
    } rows[] = {{"keys", 0700}, {"objects", 0755},    {"sealed", 0755},
                {"mode", 0755}, {"quarantine", 0700}, {"tmp", 0700}};
    char path[FILE_PATH_MAX];
    TRY(folder_make(store->dir, why));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        TRY(folder_make(path_join(path, store->dir, rows[i].name), why));
        if (chmod(path, rows[i].mode) != 0) {
            return said_of(why, ERR_IO, path, errno);
        }
    }
    return OK;
}

static enum err empty_tmp(const struct store *store, struct why *why)
{
    char path[FILE_PATH_MAX];
    path_join(path, store->dir, "tmp");
    TRY(folder_remove(path, why));
    TRY(folder_make(path, why));
    return chmod(path, 0700) == 0 ? OK : said_of(why, ERR_IO, path, errno);
}

/* The highest number below `below` among a folder's names; 0: none. */
static uint64_t highest(const struct store *store, const char *folder, uint64_t below)
{
    char path[FILE_PATH_MAX];
    uint64_t most = 0;
    DIR *dir = opendir(path_join(path, store->dir, folder));
    for (struct dirent *entry = dir == NULL ? NULL : readdir(dir); entry != NULL; entry = readdir(dir)) {
        uint64_t number = 0;
        if (num_parse_u64(span_str(entry->d_name), &number) == OK && number < below && number > most) {
            most = number;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return most;
}

enum err store_note(const struct store *store, const char *folder, uint64_t number, struct buf *text,
                    struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf note = {0};
    struct span inside = {NULL, 0};
    size_t by = 0;
    (void)snprintf(path, sizeof path, "%.3900s/%s/%" PRIu64, store->dir, folder, number);
    enum err err = file_read(path, SEALED_BYTES_MAX, &note, why);
    if (err == OK) {
        err = note_verify(buf_as_span(&note), &store->vkey, 1, &inside, &by, why);
        err = err == OK ? OK : why_prefix(why, err, "%s/%" PRIu64, folder, number);
    }
    if (err == OK) {
        buf_span(text, inside);
    }
    buf_done(&note);
    return err;
}

static enum err read_sealed(struct store *store, uint64_t number)
{
    struct buf text = {0};
    struct why why = {0};
    struct sealed sealed;
    enum err err = store_note(store, "sealed", number, &text, &why);
    err = err == OK ? sealed_parse(buf_as_span(&text), &sealed, &why) : err;
    if (err == OK && (sealed.version != number || !span_is(sealed.name, store->vkey.name))) {
        sealed_done(&sealed);
        err = ERR_FORGED;
    }
    if (err == OK) {
        store->newest = sealed;
        digest_of(buf_as_span(&text), store->newest_sha256);
    }
    buf_done(&text);
    return err;
}

static enum err read_mode(struct store *store, uint64_t number)
{
    struct buf text = {0};
    struct why why = {0};
    struct site_mode mode;
    enum err err = store_note(store, "mode", number, &text, &why);
    err = err == OK ? site_mode_parse(buf_as_span(&text), &mode, &why) : err;
    if (err == OK && (mode.serial != number || !span_is(mode.name, store->vkey.name))) {
        site_mode_done(&mode);
        err = ERR_FORGED;
    }
    if (err == OK) {
        store->mode = mode;
    }
    buf_done(&text);
    return err;
}

static void find_newest(struct store *store, const char *folder, enum err (*read)(struct store *, uint64_t))
{
    uint64_t number = UINT64_MAX;
    for (int i = 0; i < NOTES_TRIED && (number = highest(store, folder, number)) > 0; i++) {
        if (read(store, number) == OK) {
            return;
        }
        store->skipped++;
    }
}

static enum err read_vkey(struct store *store, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf text = {0};
    enum err err = file_read(path_join(path, store->dir, "keys/site.vkey"), 4096, &text, NULL);
    if (err == OK) {
        err = note_key_parse(span_trim(buf_as_span(&text)), &store->vkey, why);
        store->has_key = err == OK;
        err = err == OK ? OK : why_prefix(why, err, "%s", path);
    } else if (err == ERR_MISSING) {
        err = OK; /* before the first seal */
    } else {
        err = why_set(why, err, "%s: no puede leerse / cannot be read", path);
    }
    buf_done(&text);
    return err;
}

enum err store_open(struct store *store, const char *dir, bool writing, struct why *why)
{
    *store = (struct store){.lock = -1};
    if (!span_copy(span_str(dir), store->dir, sizeof store->dir - 256)) {
        return why_set(why, ERR_TOO_BIG, "--dir: ruta demasiado larga / path too long");
    }
    if (writing) {
        TRY(make_folders(store, why));
        TRY(take_lock(store, why));
        TRY(empty_tmp(store, why));
    } else if (!file_exists(store->dir)) {
        return why_set(why, ERR_MISSING, "%s no existe: selle primero / is not there: seal first", dir);
    }
    TRY(read_vkey(store, why));
    if (store->has_key) {
        find_newest(store, "sealed", read_sealed);
        find_newest(store, "mode", read_mode);
    }
    return OK;
}

void store_close(struct store *store)
{
    if (store->lock >= 0) {
        close(store->lock);
    }
    sealed_done(&store->newest);
    site_mode_done(&store->mode);
}

static enum err make_key(struct store *store, const char *name, struct secret_key *out, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf secret = {0};
    struct buf vkey = {0};
    enum err err = secret_key_new(span_str(name), out);
    if (err != OK) {
        return why_set(why, err, "--name %s: no sirve de nombre de clave / no name for a key", name);
    }
    secret_key_print(out, &secret);
    note_key_print(&out->key, &vkey);
    buf_char(&vkey, '\n');
    err = file_write_private(path_join(path, store->dir, "keys/site.key"), buf_as_span(&secret), why);
    err = err == OK ? file_write(path_join(path, store->dir, "keys/site.vkey"), buf_as_span(&vkey), true, why)
                    : err;
    explicit_bzero(secret.at, secret.cap);
    buf_done(&secret);
    buf_done(&vkey);
    store->vkey = out->key;
    store->has_key = err == OK;
    return err;
}

enum err store_key(struct store *store, const char *name, struct secret_key *out, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct signing_key key;
    path_join(path, store->dir, "keys/site.key");
    if (!store->has_key && !file_exists(path)) {
        if (highest(store, "sealed", UINT64_MAX) > 0) {
            return why_set(
                why, ERR_MISSING,
                "hay estados sellados pero no la clave que los firmó, en %s / sealed states without their key",
                store->dir);
        }
        return make_key(store, name, out, why);
    }
    TRY(keyfile_load(path, NULL, NULL, &key, why));
    *out = key.secret;
    if (!store->has_key) { /* interrupted between the two files */
        struct buf vkey = {0};
        note_key_print(&out->key, &vkey);
        buf_char(&vkey, '\n');
        enum err err =
            file_write(path_join(path, store->dir, "keys/site.vkey"), buf_as_span(&vkey), true, why);
        buf_done(&vkey);
        store->vkey = out->key;
        store->has_key = err == OK;
        return err;
    }
    return memcmp(out->key.public, store->vkey.public, 32) == 0
               ? OK
               : why_set(why, ERR_FORGED,
                         "keys/site.key y keys/site.vkey no son la misma clave / not one key");
}
