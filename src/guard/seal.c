/* seal and accept: the root as it is, or some paths of it, becomes the next version. */
#include "guard/act.h"

#include "seal_secret/sign.h"

#include <inttypes.h>
#include <stdio.h>

static enum err refuse_others(const struct sealed *now, struct why *why)
{
    for (uint32_t i = 0; i < now->n_entries; i++) {
        const struct sealed_entry *entry = &now->entries[i];
        struct buf path = {0};
        say_path(&path, entry->path);
        if (entry->kind == SEALED_OTHER || entry->unread || !sealed_path_good(entry->path)) {
            enum err err =
                why_set(why, ERR_REFUSED, "%.300s: %s", buf_cstr(&path),
                        entry->unread ? "no puede leerse / cannot be read"
                                      : "un tubo, aparato o zócalo no se sella / no such thing is sealed");
            buf_done(&path);
            return err;
        }
        buf_done(&path);
    }
    return OK;
}

static void copy_entry(struct sealed *to, const struct sealed_entry *entry)
{
    struct sealed_entry *copy = sealed_add(to, entry->path, entry->kind);
    struct span path = copy->path;
    *copy = *entry;
    copy->path = path;
    copy->target = entry->target.len > 0 ? arena_copy(&to->arena, entry->target) : entry->target;
}

static bool is_above(struct span folder, const char *const *paths, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct span one = span_str(paths[i]);
        if (one.len > folder.len && span_starts(one, folder) && one.at[folder.len] == '/') {
            return true;
        }
    }
    return false;
}

/* The sealed state without the accepted paths, and the accepted paths as they are, with the folders above them. */
static void merge(const struct act *act, const struct sealed *now, struct sealed *next)
{
    const struct sealed *was = &act->store.newest;
    for (uint32_t i = 0; i < was->n_entries; i++) {
        if (!path_among(was->entries[i].path, act->paths, act->n_paths)) {
            copy_entry(next, &was->entries[i]);
        }
    }
    for (uint32_t i = 0; i < now->n_entries; i++) {
        const struct sealed_entry *entry = &now->entries[i];
        bool new_above = entry->kind == SEALED_FOLDER && is_above(entry->path, act->paths, act->n_paths) &&
                         sealed_find(was, entry->path) == NULL;
        if (path_among(entry->path, act->paths, act->n_paths) || new_above) {
            copy_entry(next, entry);
        }
    }
    sealed_sort(next);
}

/* Each path named must be there now, or have been sealed: a typing error is not an empty act. */
static enum err check_paths(const struct act *act, const struct sealed *now, struct why *why)
{
    for (size_t i = 0; i < act->n_paths; i++) {
        struct span path = span_str(act->paths[i]);
        if (!sealed_path_good(path)) {
            return why_set(why, ERR_SYNTAX,
                           "%.300s: una ruta relativa a --root, sin .. / a path relative to --root",
                           act->paths[i]);
        }
        if (sealed_find(now, path) == NULL && sealed_find(&act->store.newest, path) == NULL) {
            return why_set(why, ERR_MISSING, "%.300s no está en el sitio ni en lo sellado / is in neither",
                           act->paths[i]);
        }
    }
    return OK;
}

/* What was merged must parse: an accepted path below what is sealed as a file has no folder. */
static enum err check_whole(const struct sealed *next, struct why *why)
{
    struct sealed probe = *next;
    struct sealed again;
    struct buf text = {0};
    probe.name = SPAN("x");
    probe.version = 1;
    probe.has_previous = false;
    sealed_print(&probe, &text);
    enum err err = sealed_parse(buf_as_span(&text), &again, why);
    if (err == OK) {
        sealed_done(&again);
    }
    buf_done(&text);
    return err == OK
               ? OK
               : why_prefix(why, ERR_REFUSED, "acepte también lo que está encima / accept what is above too");
}

static bool same_state(const struct sealed *a, const struct sealed *b)
{
    if (a->n_entries != b->n_entries) {
        return false;
    }
    for (uint32_t i = 0; i < a->n_entries; i++) {
        if (!span_equal(a->entries[i].path, b->entries[i].path) ||
            sealed_differs(&a->entries[i], &b->entries[i]) != 0) {
            return false;
        }
    }
    return true;
}

static enum err write_version(struct act *act, struct sealed *next, struct why *why)
{
    struct secret_key key;
    char what[128];
    TRY(check_whole(next, why));
    TRY(store_key(&act->store, act->name, &key, why));
    enum err err = file_sync_all(act->store.dir, why); /* every object, before the note that names them */
    err = err == OK ? store_seal(&act->store, &key, next, act->now_ms, why) : err;
    secret_key_wipe(&key);
    (void)snprintf(what, sizeof what, "version=%" PRIu64 " entries=%" PRIu32, next->version, next->n_entries);
    return err == OK ? store_journal(&act->store, act->verb, span_str(what), act->now_ms, why) : err;
}

static enum err make_version(struct act *act, const struct sealed *now, uint64_t kept, struct why *why)
{
    struct sealed next;
    sealed_init(&next);
    merge(act, now, &next);
    bool same =
        act->store.newest.version > 0 && act->store.skipped == 0 && same_state(&act->store.newest, &next);
    enum err err = same ? OK : refuse_others(&next, why);
    if (err == OK && act->store.newest.version > 0 && !same) {
        act_differences(act, &next, "sealed_now");
    }
    err = err == OK && !same ? write_version(act, &next, why) : err;
    if (err == OK) {
        uint64_t version = same ? act->store.newest.version : next.version;
        say_number(act, "version", version);
        say_number(act, "entries", next.n_entries);
        say_number(act, "objects_new", kept);
        say_flag(act, "new", !same);
        say_line(act,
                 same ? "nada cambió: sigue la versión %" PRIu64 " / nothing changed: version %" PRIu64
                      : "sellado: versión %" PRIu64 " / sealed: version %" PRIu64,
                 version, version);
    }
    sealed_done(&next);
    return err;
}

enum err act_seal(struct act *act, int *code, struct why *why)
{
    struct keeping keeping = {.store = &act->store, .paths = act->paths, .n_paths = act->n_paths};
    struct sealed now;
    *code = 0;
    TRY(sealed_scan(act->folder, objects_keep, &keeping, &now, why));
    enum err err = check_paths(act, &now, why);
    err = err == OK ? make_version(act, &now, keeping.kept, why) : err;
    sealed_done(&now);
    return err;
}

enum err act_accept(struct act *act, int *code, struct why *why)
{
    if (act->store.newest.version == 0) {
        return why_set(why, ERR_MISSING,
                       "todavía no hay nada sellado: selle primero / nothing is sealed yet: seal first");
    }
    return act_seal(act, code, why);
}
