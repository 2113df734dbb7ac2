/* Whose manifests a difusor believes: the keys that the log binds. They are kept in a file for its edge, and for a start at which the log
 * lies here damaged and the feed is gone. */
#include "mirror/pull.h"

#include "os/file.h"
#include "seal/minisig.h"

enum { KEY_FILE_BYTES = 4096 };

enum err keys_open(struct pull *pull, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf text = {0};
    path_join(path, pull->options.dir, BOUND_PINS_FILE);
    if (file_read(path, CUT_KEYS_BYTES, &text, NULL) != OK ||
        cut_keys_parse(buf_as_span(&text), &pull->kept, NULL) != OK) {
        pull->kept.n = 0; /* the log says it again */
    }
    buf_done(&text);
    return pull->kept.n == 0 && pull->options.key.name[0] != '\0'
               ? cut_keys_add(&pull->kept, 0, &pull->options.key, why)
               : OK;
}

enum err keys_now(const struct pull *pull, struct cut_keys *out, struct why *why)
{
    const struct cut_keys *bound = &pull->follow.bound.keys;
    *out = bound->n > 0 ? *bound : pull->kept;
    if (out->n == 0) {
        return why_set(why, ERR_FORGED, "el registro no ata ninguna clave que firme los cortes");
    }
    if (pull->options.key.name[0] != '\0' && cut_keys_find(out, &pull->options.key) < 0) {
        return why_set(why, ERR_FORGED, "la clave que se fijó con --vkey no es de las que ata el registro");
    }
    return OK;
}

enum err keys_keep(struct pull *pull, struct why *why)
{
    const struct cut_keys *bound = &pull->follow.bound.keys;
    if (bound->n == 0 || (bound->n == pull->kept.n &&
                          cut_keys_find(&pull->kept, &bound->keys[bound->n - 1].key) == (int)bound->n - 1)) {
        return OK;
    }
    TRY(bound_pin(bound, pull->options.dir, why));
    pull->kept = *bound;
    return OK;
}

static bool is_there(const char *path, struct span text)
{
    struct buf there = {0};
    bool same = file_read(path, KEY_FILE_BYTES, &there, NULL) == OK && span_equal(buf_as_span(&there), text);
    buf_done(&there);
    return same;
}

static enum err show(const struct pull *pull, const char *name, const struct buf *text, struct why *why)
{
    char path[FILE_PATH_MAX];
    TRY(folder_make(path_join(path, pull->stage.public, "log"), why));
    path_join(path, pull->stage.public, name);
    return is_there(path, buf_as_span(text)) ? OK : file_write(path, buf_as_span(text), true, why);
}

enum err keys_show_line(const struct pull *pull, const struct note_key *key, const char *name,
                        struct why *why)
{
    struct buf line = {0};
    note_key_print(key, &line);
    buf_char(&line, '\n');
    enum err err = show(pull, name, &line, why);
    buf_done(&line);
    return err;
}

/* Made here, so that nothing of the feed's stands in it. */
static enum err show_minisign(struct pull *pull, const struct note_key *key, struct why *why)
{
    struct why missing = {{0}};
    struct buf file = {0};
    bool wanted = stage_published(&pull->stage, SPAN("log/minisign.pub")) ||
                  pull_get(pull, SPAN("log/minisign.pub"), KEY_FILE_BYTES, &missing) == OK;
    minisign_public(key, &file);
    enum err err = wanted ? show(pull, "log/minisign.pub", &file, why) : OK;
    buf_done(&file);
    return err;
}

enum err keys_show(struct pull *pull, const struct note_key *key, struct why *why)
{
    TRY(keys_show_line(pull, key, "log/cut.vkey", why));
    return show_minisign(pull, key, why);
}
