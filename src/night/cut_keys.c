/* What the night's edges check cuts by: the ledger's list of keys, where there is one, else the key that its opening will bind. */
#include "formats/bound.h"
#include "night/night.h"
#include "os/file.h"

static enum err first_key(const struct night *night, struct cut_keys *out, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf line = {0};
    enum err err = file_read(path_join(path, night->dir, "keys/cut.key.pub"), CUT_KEYS_BYTES, &line, why);
    err = err != OK ? err : cut_keys_parse(buf_as_span(&line), out, why);
    buf_done(&line);
    return err == OK ? OK : why_prefix(why, err, "%s", path);
}

enum err night_cut_keys(struct night *night, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct bound bound;
    struct why none = {{0}};
    struct buf line = {0};
    enum err err = bound_read(path_join(path, night->dir, "ledger"), &bound, &none);
    /* What a ledger says that contradicts itself later on still holds up to there: the intake must start. */
    if (err != OK && err != ERR_MISSING && bound.keys.n == 0) {
        return why_set(why, err, "%s", none.text);
    }
    if (bound.keys.n == 0) {
        TRY(first_key(night, &bound.keys, why));
    }
    if (bound.keys.n == 0) {
        return why_set(why, ERR_SYNTAX, "%s/keys/cut.key.pub: no hay clave / there is no key in it",
                       night->dir);
    }
    note_key_print(&bound.keys.keys[bound.keys.n - 1].key, &line);
    bool fits = span_copy(buf_as_span(&line), night->vkey, sizeof night->vkey);
    buf_done(&line);
    TRY(fits ? OK : why_set(why, ERR_TOO_BIG, "keys/cut.key.pub"));
    return bound_pin(&bound.keys, night->dir, why);
}
