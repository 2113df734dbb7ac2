/* atalaya keys rotate: another key for the log or for the cuts, as an entry of the ledger. What the log's signer remembers
 * stays: a lost key goes on in the same log, a stolen one in a new log that contains the old one (atalaya-log --begin --continues). */
#include "ceremony/parts.h"
#include "formats/bound.h"
#include "formats/election.h"
#include "os/options.h"
#include "tlog/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VKEY_MAX = 512 };

struct rotation {
    const char *dir;
    enum key_role role;
    bool stolen;
    struct token_words token; /* module NULL: a file */
    char key_path[FILE_PATH_MAX], public_path[FILE_PATH_MAX];
    char new_path[FILE_PATH_MAX], new_public[FILE_PATH_MAX]; /* beside them, until the ledger has the entry */
    char name[ORIGIN_MAX + 1];                               /* of the new key */
    uint64_t replaces;
    char replaced[VKEY_MAX]; /* the newest key of the ledger */
    uint64_t entry;
    const char *crash_at; /* tests: the step at which this ends as if killed; NULL */
};

struct newest {
    uint8_t role;
    uint64_t index;
    char vkey[VKEY_MAX];
    char name[ORIGIN_MAX + 1];
};

/* The newest key of a role by the ledger itself. */
static enum err find_newest(const char *dir, struct newest *newest, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct ledger_reader *reader = NULL;
    struct buf scratch = {0};
    struct span bytes;
    uint64_t index = 0;
    TRY(ledger_reader_open(path_join(path, dir, "ledger"), &reader, why));
    enum err err = OK;
    while ((err = ledger_reader_next(reader, &bytes, &index, why)) == OK) {
        struct entry entry;
        buf_clear(&scratch);
        if (span_starts(bytes, SPAN("prep-key/v1\n")) && entry_parse(bytes, &entry, &scratch, NULL) == OK &&
            entry.as.key.role == newest->role) {
            struct span vkey = entry.as.key.vkey;
            newest->index = index;
            (void)span_copy(vkey, newest->vkey, sizeof newest->vkey);
            (void)span_copy(span_cut(&vkey, '+'), newest->name, sizeof newest->name);
        }
    }
    ledger_reader_close(reader);
    buf_done(&scratch);
    return err == ERR_AGAIN ? OK : err;
}

/* prep.example.mx/2027, then /b, /c ...: an origin that a thief may have signed for is never used again. */
static enum err next_name(struct rotation *r, struct span origin, const struct newest *newest,
                          struct why *why)
{
    struct span old = span_str(newest->name);
    if (!r->stolen || r->role != KEY_LOG) {
        return span_copy(old.len > 0 ? old : origin, r->name, sizeof r->name) ? OK : ERR_TOO_BIG;
    }
    char letter = 'b';
    if (old.len == origin.len + 2 && old.at[origin.len] == '/') {
        letter = (char)(old.at[origin.len + 1] + 1);
    }
    if (letter > 'z' || origin.len + 3 > sizeof r->name) {
        return why_set(why, ERR_RANGE, "no quedan orígenes bajo %.*s / no origins are left",
                       SPAN_ARG(origin));
    }
    snprintf(r->name, sizeof r->name, "%.*s/%c", SPAN_ARG(origin), letter);
    return OK;
}

static enum err plan(struct rotation *r, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct election election;
    struct newest newest = {.role = (uint8_t)r->role, .index = ENTRY_NONE};
    path_join(r->key_path, r->dir, r->role == KEY_LOG ? "keys/log.key" : "keys/cut.key");
    snprintf(r->public_path, sizeof r->public_path, "%.4000s.pub", r->key_path);
    snprintf(r->new_path, sizeof r->new_path, "%.4000s.new", r->key_path);
    snprintf(r->new_public, sizeof r->new_public, "%.4000s.new.pub", r->key_path);
    if (!night_has_begun(r->dir)) {
        return why_set(why, ERR_MISSING,
                       "%s: no hay registro que continuar; antes de abrir basta otra clave nueva / no ledger",
                       r->dir);
    }
    TRY(find_newest(r->dir, &newest, why));
    r->replaces = newest.index;
    memcpy(r->replaced, newest.vkey, sizeof r->replaced);
    TRY(election_load(path_join(path, r->dir, "election"), &election, why));
    enum err err = next_name(r, election.origin, &newest, why);
    election_done(&election);
    return err;
}

static void crash_point(const struct rotation *r, const char *step)
{
    if (r->crash_at != NULL && strcmp(r->crash_at, step) == 0) {
        raise(SIGKILL);
    }
}

static bool same_file(const char *a, const char *b)
{
    struct stat left, right;
    return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_ino == right.st_ino &&
           left.st_dev == right.st_dev;
}

/* FILE is also FILE.old-N: a key that was in force is kept, as evidence; a lost one is not there. It keeps its own name until the
 * new one takes it, so that at no moment there is none. */
static enum err put_away(const char *path, struct why *why)
{
    char old[FILE_PATH_MAX];
    for (int i = 1; file_exists(path) && i < 100; i++) {
        snprintf(old, sizeof old, "%.4000s.old-%d", path, i);
        if (same_file(path, old) || link(path, old) == 0) {
            return OK;
        }
        if (errno != EEXIST) {
            return why_set(why, ERR_IO, "%s no pudo apartarse / cannot be put away", path);
        }
    }
    return OK;
}

static enum err make(const struct rotation *r, const char *path, struct why *why)
{
    struct secret_key key;
    if (r->token.module != NULL) {
        return keyfile_write_token(path, span_str(r->name), &r->token, why);
    }
    if (secret_key_new(span_str(r->name), &key) != OK) {
        return why_set(why, ERR_SYNTAX, "\"%s\" no sirve de nombre de clave / is no name for a key", r->name);
    }
    enum err err = keyfile_write(path, &key, SPAN(""), why);
    secret_key_wipe(&key);
    return err;
}

static enum err enter(struct rotation *r, const char *public_path, struct why *why)
{
    struct buf vkey = {0};
    struct entry entry = {.type = ENTRY_KEY};
    enum err err = read_vkey(public_path, &vkey, why);
    entry.as.key =
        (struct entry_key){.role = (uint8_t)r->role, .vkey = buf_as_span(&vkey), .replaces = r->replaces};
    err = err != OK ? err : ceremony_now(r->dir, &entry.as.key.time_ms, why);
    err = err != OK ? err : ledger_add(r->dir, &entry, &r->entry, why);
    buf_done(&vkey);
    return err;
}

/* NEW takes the place of FILE, in one step; a rotation that was killed here may have done so before. */
static enum err take_place(const char *new, const char *path, struct why *why)
{
    if (!file_exists(new)) {
        return OK;
    }
    TRY(put_away(path, why));
    return rename(new, path) == 0
               ? OK
               : why_set(why, ERR_IO, "%s no pudo ponerse en su lugar / cannot be put in its place", path);
}

/* What a rotation that ended in the middle has left: a secret whose public half was not written yet was never entered anywhere.
 * *entered: the ledger has the key, and what is left is to put it in its place. */
static enum err look_at_left(const struct rotation *r, bool *entered, struct why *why)
{
    struct buf vkey = {0};
    *entered = false;
    if (!file_exists(r->new_public)) {
        return file_exists(r->new_path) && unlink(r->new_path) != 0
                   ? why_set(why, ERR_IO, "%s no puede quitarse / cannot be removed", r->new_path)
                   : OK;
    }
    TRY(read_vkey(r->new_public, &vkey, why));
    *entered = span_is(buf_as_span(&vkey), r->replaced);
    buf_done(&vkey);
    return OK;
}

/* The list that this night's edges hold, as the ledger binds it by now. */
static enum err pin(const struct rotation *r, struct why *why)
{
    struct bound bound;
    char path[FILE_PATH_MAX];
    if (r->role != KEY_CUT) {
        return OK;
    }
    TRY(bound_read(path_join(path, r->dir, "ledger"), &bound, why));
    return bound_pin(&bound.keys, r->dir, why);
}

/* Made beside the old one; entered in the ledger; told to the edges; and only then put in its place, where the signer takes it up.
 * Ended anywhere in between, the same command goes on from there. */
static enum err rotate(struct rotation *r, struct why *why)
{
    char keys[FILE_PATH_MAX];
    bool entered = false;
    TRY(plan(r, why));
    if (r->stolen && r->role == KEY_LOG && night_order(r->dir, "stop log")) {
        printf("El registro deja de firmar. / The log signs no more.\n");
    }
    TRY(look_at_left(r, &entered, why));
    if (!file_exists(r->new_public)) {
        TRY(make(r, r->new_path, why));
    }
    crash_point(r, "made");
    r->entry = r->replaces;
    if (!entered) {
        TRY(enter(r, r->new_public, why));
    }
    crash_point(r, "entered");
    TRY(pin(r, why));
    crash_point(r, "pinned");
    TRY(take_place(r->new_path, r->key_path, why));
    crash_point(r, "key");
    TRY(take_place(r->new_public, r->public_path, why));
    return folder_sync(path_join(keys, r->dir, "keys"), why);
}

static enum err show_log_key(const struct rotation *r, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf vkey = {0};
    TRY(read_vkey(r->public_path, &vkey, why));
    printf("%s\nEn la entrada %" PRIu64 " del registro. / In entry %" PRIu64 " of the ledger.\n",
           buf_cstr(&vkey), r->entry, r->entry);
    buf_char(&vkey, '\n');
    enum err err = r->role != KEY_LOG ? OK
                                      : file_write(path_join(path, r->dir, "public/log/vkey"),
                                                   buf_as_span(&vkey), true, why);
    buf_done(&vkey);
    return err;
}

/* A cut may come out while this looks: its manifest stands after its entry. */
static enum err look_at_published(const struct rotation *r, struct why *why)
{
    struct manifests_seen seen;
    if (r->role != KEY_CUT || !r->stolen) {
        return OK;
    }
    TRY(manifests_look(r->dir, &seen, why));
    if (seen.strange == 0) {
        printf("Los %" PRIu32
               " manifiestos publicados son los del registro. / All published manifests are the log's.\n",
               seen.manifests);
    }
    return OK;
}

static void tell_next(const struct rotation *r)
{
    if (r->role == KEY_CUT) {
        printf(
            "El próximo corte la usa. Los sitios de esta noche leen %s/%s; los difusores la toman del registro. A los demás\n"
            "sitios llévese ese archivo. / The next cut is signed with it; take that file to edges elsewhere.\n",
            r->dir, BOUND_PINS_FILE);
        return;
    }
    if (r->stolen) {
        printf(
            "1. atalaya log --dir %s --begin --continues PUNTO-BUENO    (el firmante sigue desde ahí / goes on from there)\n",
            r->dir);
    }
    printf("%d. atalaya keys policy --after %s/keys/policy.note --log %s%s --out policy.N\n",
           r->stolen ? 2 : 1, r->dir, r->public_path, r->stolen ? " --continues PUNTO-BUENO" : "");
    printf("%d. las raíces / the roots: atalaya keys sign policy.N --key ...\n", r->stolen ? 3 : 2);
    printf("%d. atalaya keys publish policy.N.note --dir %s\n", r->stolen ? 4 : 3, r->dir);
}

int ceremony_rotate(int argc, char *argv[])
{
    static struct rotation r = {.dir = "night"};
    const char *words[1];
    size_t n = 0;
    struct why why = {{0}};
    const struct option_row rows[] = {
        {"dir", "DIR", OPTION_TEXT, &r.dir, 0, 0, false, "la carpeta de la noche (./night)",
         "the night's folder"},
        {"stolen", NULL, OPTION_FLAG, &r.stolen, 0, 0, false,
         "la tuvo alguien más: el registro sigue con otro origen; de la de cortes, se mira lo publicado",
         "somebody else had it: the log goes on under another origin; of the cuts', what is published is looked at"},
        {"module", "RUTA", OPTION_TEXT, &r.token.module, 0, 0, false, "PKCS#11, como en new",
         "PKCS#11, as in new"},
        {"token", "ETIQUETA", OPTION_TEXT, &r.token.token, 0, 0, false, "cuál ficha", "which token"},
        {"key", "ETIQUETA", OPTION_TEXT, &r.token.key, 0, 0, false, "cómo se llamará en ella",
         "its label there"},
        {"pin", "ARCHIVO", OPTION_TEXT, &r.token.pin, 0, 0, false, "archivo 0600 con el PIN",
         "file with the PIN"},
        {"path", "DIR", OPTION_TEXT, &r.token.path, 0, 0, false, "carpeta que el módulo necesita",
         "folder that the module needs"},
        {"crash-at", "PASO", OPTION_TEXT, &r.crash_at, 0, 0, false,
         "pruebas: termina ahí como si lo mataran (made, entered, pinned, key)",
         "tests: ends there as if killed (made, entered, pinned, key)"},
    };
    const struct command command = {
        .program = "atalaya-keys rotate",
        .usage = "log|cut [--stolen] --dir DIR",
        .es =
            "Hace otra clave, la asienta en el registro de una noche que corre y la pone en su lugar. Dice qué sigue.",
        .en =
            "Makes another key, enters it in the ledger of a running night and puts it in its place. Tells what comes next.",
        .rows = rows,
        .n_rows = sizeof rows / sizeof *rows,
        .min_words = 1,
        .max_words = 1,
    };
    int code = command_parse(&command, argc, argv, words, &n);
    if (code >= 0) {
        return code;
    }
    enum err err = OK;
    if (strcmp(words[0], "log") == 0 || strcmp(words[0], "cut") == 0) {
        r.role = words[0][0] == 'l' ? KEY_LOG : KEY_CUT;
    } else {
        err = why_set(&why, ERR_SYNTAX, "\"%s\": log o cut", words[0]);
    }
    err = err != OK ? err : rotate(&r, &why);
    err = err != OK ? err : show_log_key(&r, &why);
    err = err != OK ? err : look_at_published(&r, &why);
    if (err != OK) {
        return ceremony_failed("rotate", err, &why);
    }
    tell_next(&r);
    return 0;
}
