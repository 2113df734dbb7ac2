/* atalaya keys publish: a version into the ledger and under /log. The order is the promise: first the entry, then the
 * numbered files, then /log/policy. */
#include "ceremony/parts.h"
#include "formats/election.h"
#include "os/options.h"
#include "seal/digest.h"

#include <inttypes.h>
#include <stdio.h>

static enum err check_origin(const char *dir, const struct policy_note *note, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct election election;
    TRY(election_load(path_join(path, dir, "election"), &election, why));
    bool same = span_equal(election.origin, note->head.origin) && election.drill == note->head.drill;
    enum err err =
        same ? OK
             : why_set(why, ERR_REFUSED, "la política es de %.*s, la noche de %.*s / policy and night differ",
                       SPAN_ARG(note->head.origin), SPAN_ARG(election.origin));
    election_done(&election);
    return err;
}

/* A policy without the key that signs here would leave everybody who pins it without a log. */
static enum err check_log_key(const char *dir, const struct policy_note *note, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf vkey = {0};
    struct note_key key = {.name = ""};
    enum err err = read_vkey(path_join(path, dir, "keys/log.key.pub"), &vkey, why);
    err = err != OK ? err : note_key_parse(buf_as_span(&vkey), &key, why);
    bool named = false;
    for (uint16_t i = 0; err == OK && i < note->policy->n_logs; i++) {
        const struct note_key *log = &note->policy->logs[i].key;
        named = named || (memcmp(log->public, key.public, 32) == 0 && strcmp(log->name, key.name) == 0);
    }
    buf_done(&vkey);
    TRY(err);
    return named ? OK
                 : why_set(why, ERR_REFUSED,
                           "la política no nombra la clave de este registro (%s) / it does not name %s", path,
                           path);
}

/* The very version that is in force again is fine: it is published again. */
static enum err check_chain(const char *dir, const struct policy_note *note, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct policy_note *before = NULL;
    if (!file_exists(path_join(path, dir, "keys/policy.note"))) {
        return policy_note_verify(note, why);
    }
    TRY(read_policy_note(path, &before, why));
    enum err err = span_equal(before->note, note->note) ? policy_note_verify(note, why)
                                                        : policy_note_follows(note, before, why);
    policy_note_free(before);
    return err;
}

static enum err enter(const char *dir, const struct policy_note *note, struct buf *told, struct why *why)
{
    struct entry entry = {.type = ENTRY_POLICY};
    uint64_t index = 0;
    if (!night_has_begun(dir)) {
        buf_str(
            told,
            "El registro aún no comienza: la asentará al abrir. / The ledger will take it in when it opens.\n");
        return OK;
    }
    entry.as.policy = (struct entry_policy){.version = note->head.version, .note = note->note};
    digest_of(note->note, entry.as.policy.sha256);
    TRY(ledger_add(dir, &entry, &index, why));
    buf_printf(told, "En la entrada %" PRIu64 " del registro. / In entry %" PRIu64 " of the ledger.\n", index,
               index);
    return OK;
}

static enum err write_files(const char *dir, const struct policy_note *note, struct why *why)
{
    char folder[FILE_PATH_MAX], path[FILE_PATH_MAX], name[64];
    TRY(folder_make(path_join(folder, dir, "public/log"), why));
    snprintf(name, sizeof name, "policy.%u", note->head.version);
    TRY(file_write(path_join(path, folder, name), note->text, true, why));
    snprintf(name, sizeof name, "policy.%u.note", note->head.version);
    TRY(file_write(path_join(path, folder, name), note->note, true, why));
    snprintf(name, sizeof name, "keys/policy.%u.note", note->head.version);
    TRY(file_write(path_join(path, dir, name), note->note, true, why));
    TRY(file_write(path_join(path, dir, "keys/policy.note"), note->note, true, why));
    return file_write(path_join(path, folder, "policy"), note->text, true, why);
}

enum err policy_publish(const char *dir, const struct policy_note *note, struct buf *told, struct why *why)
{
    TRY(check_origin(dir, note, why));
    TRY(check_log_key(dir, note, why));
    TRY(check_chain(dir, note, why));
    TRY(enter(dir, note, told, why));
    return write_files(dir, note, why);
}

int ceremony_publish(int argc, char *argv[])
{
    const char *dir = "night";
    const char *words[1];
    size_t n = 0;
    struct why why = {{0}};
    struct buf told = {0};
    struct policy_note *note = NULL;
    const struct option_row rows[] = {
        {"dir", "DIR", OPTION_TEXT, &dir, 0, 0, false, "la carpeta de la noche (./night)",
         "the night's folder"},
    };
    const struct command command = {
        .program = "atalaya-keys publish",
        .usage = "policy.2.note --dir DIR",
        .es =
            "Asienta la versión en el registro, si la noche ya comenzó, y la publica: /log/policy.2, /log/policy.2.note y /log/policy.",
        .en = "Enters the version in the ledger, if the night has begun, and publishes it.",
        .rows = rows,
        .n_rows = 1,
        .min_words = 1,
        .max_words = 1,
    };
    int code = command_parse(&command, argc, argv, words, &n);
    if (code >= 0) {
        return code;
    }
    enum err err = read_policy_note(words[0], &note, &why);
    err = err != OK ? err : policy_publish(dir, note, &told, &why);
    printf("%s", buf_cstr(&told));
    if (err == OK) {
        if (note->head.continues.len > 0 && night_order(dir, "start log")) {
            printf("El registro vuelve a firmar. / The log signs again.\n");
        }
        printf("Publicada: %s/public/log/policy, versión %u / published, version %u\n", dir,
               note->head.version, note->head.version);
    }
    policy_note_free(note);
    buf_done(&told);
    return err == OK ? 0 : ceremony_failed("publish", err, &why);
}
