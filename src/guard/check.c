/* check: the root against the newest sealed state, and the sealed side against itself. */
#include "guard/act.h"

#include "seal/digest.h"

#include <inttypes.h>
#include <stdio.h>

enum err act_look(struct act *act, struct sealed *now, struct why *why)
{
    if (act->store.newest.version == 0) {
        return why_set(
            why, ERR_MISSING,
            "no hay un estado sellado bueno en %s: selle primero / no good sealed state: seal first",
            act->dir);
    }
    return sealed_scan(act->folder, scan_hash, NULL, now, why);
}

static void damage(struct act *act, const char *what, const char *es, const char *en)
{
    act->damages++;
    if (act->as_json) {
        json_open(&act->json, '{');
        json_key(&act->json, "what");
        json_str(&act->json, what);
        json_key(&act->json, "problem");
        json_str(&act->json, en);
        json_close(&act->json);
        return;
    }
    say_line(act, "sello/sealed     %s: %s / %s", what, es, en);
}

/* From the newest down to the first: each signed, each the one that the next names. */
static void check_chain(struct act *act)
{
    uint8_t expected[32];
    struct sealed *newest = &act->store.newest;
    bool linked = newest->has_previous;
    memcpy(expected, newest->previous, sizeof expected);
    for (uint64_t version = newest->version - 1; version > 0 && linked; version--) {
        char what[64];
        uint8_t digest[32];
        struct why why = {0};
        struct buf text = {0};
        struct sealed before;
        (void)snprintf(what, sizeof what, "sealed/%" PRIu64, version);
        enum err err = store_note(&act->store, "sealed", version, &text, &why);
        digest_of(buf_as_span(&text), digest);
        if (err != OK) {
            damage(act, what, "no está, o su firma no es buena",
                   "is not there, or its signature is not good");
            linked = false;
        } else if (memcmp(digest, expected, 32) != 0 ||
                   sealed_parse(buf_as_span(&text), &before, &why) != OK) {
            damage(act, what, "no es el que la versión siguiente nombra",
                   "is not the one that the next version names");
            linked = false;
        } else {
            memcpy(expected, before.previous, sizeof expected);
            linked = before.has_previous;
            sealed_done(&before);
        }
        buf_done(&text);
    }
}

static void check_objects(struct act *act)
{
    const struct sealed *newest = &act->store.newest;
    for (uint32_t i = 0; i < newest->n_entries; i++) {
        const struct sealed_entry *entry = &newest->entries[i];
        char path[FILE_PATH_MAX];
        enum err err =
            entry->kind == SEALED_FILE ? store_object_check(&act->store, entry->sha256, entry->bytes) : OK;
        if (err == OK) {
            continue;
        }
        store_object_path(&act->store, entry->sha256, path);
        const char *what = path + strlen(act->store.dir) + 1;
        damage(act, what, err == ERR_MISSING ? "falta el objeto" : "el objeto no es el de su nombre",
               err == ERR_MISSING ? "the object is missing" : "the object is not the one of its name");
    }
}

void act_damages(struct act *act)
{
    if (act->as_json) {
        json_key(&act->json, "sealed");
        json_open(&act->json, '[');
    }
    act->damages = 0;
    if (act->store.skipped > 0) {
        damage(act, "sealed, mode", "hay notas más nuevas que no son nuestras o están dañadas",
               "there are newer notes that are not ours or are damaged");
    }
    check_chain(act);
    check_objects(act);
    if (act->as_json) {
        json_close(&act->json);
    }
}

enum err act_check(struct act *act, int *code, struct why *why)
{
    struct sealed now;
    TRY(act_look(act, &now, why));
    say_number(act, "version", act->store.newest.version);
    act_differences(act, &now, "differences");
    act_damages(act);
    bool clean = act->differences == 0 && act->damages == 0;
    say_flag(act, "clean", clean);
    if (clean) {
        say_line(act,
                 "todo está como se selló: versión %" PRIu64 ", %" PRIu32
                 " rutas / everything is as sealed: version %" PRIu64,
                 act->store.newest.version, act->store.newest.n_entries, act->store.newest.version);
    } else {
        say_line(act, "%u diferencias, %u daños del sello / %u differences, %u damages of the seal",
                 act->differences, act->damages, act->differences, act->damages);
    }
    sealed_done(&now);
    *code = clean ? 0 : 1;
    return OK;
}
