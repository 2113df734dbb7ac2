#include "city/make.h"

#include "city/database.h"
#include "formats/election.h"
#include "os/file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static enum err write_keys(const char *dir, uint64_t seed, const struct election *election, struct why *why)
{
    char folder[FILE_PATH_MAX], path[FILE_PATH_MAX], name[64];
    (void)path_join(folder, dir, "keys/centres");
    TRY(folder_make(folder, why));
    for (uint32_t i = 0; i < election->n_signers; i++) {
        struct secret_key key;
        struct buf text = {0};
        city_signer_key(seed, election->signers[i].name, &key);
        secret_key_print(&key, &text);
        secret_key_wipe(&key);
        snprintf(name, sizeof name, "%.*s.key", SPAN_ARG(election->signers[i].name));
        enum err err = file_write_private(path_join(path, folder, name), buf_as_span(&text), why);
        buf_done(&text);
        TRY(err);
    }
    return OK;
}

static enum err write_plan(const char *dir, const struct replay_plan *plan, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf text = {0};
    plan_print(plan, &text);
    enum err err = file_write(path_join(path, dir, "replay.plan"), buf_as_span(&text), true, why);
    buf_done(&text);
    return err;
}

static enum err write_election(const char *dir, const struct election *election, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct election_files files;
    election_files_init(&files);
    election_print(election, &files);
    enum err err = election_files_write(path_join(path, dir, "election"), &files, why);
    election_files_done(&files);
    return err;
}

/* The election and what is sent, from a plan; `script` may be NULL. */
static enum err make_night(struct replay_plan *plan, struct election *election, struct script *script,
                           struct why *why)
{
    if (plan->n_inputs > 0) {
        return database_make(plan, election, script, why);
    }
    city_make(&plan->city, election);
    if (script != NULL) {
        script_make(&plan->city, election, plan->images_ppm, script);
    }
    return OK;
}

enum err drill_make(const char *dir, struct replay_plan *plan, struct why *why)
{
    struct election election;
    TRY(make_night(plan, &election, NULL, why));
    enum err err = write_election(dir, &election, why);
    err = err == OK ? write_keys(dir, plan->city.seed, &election, why) : err;
    err = err == OK ? write_plan(dir, plan, why) : err;
    election_done(&election);
    return err;
}

static enum err read_plan(const char *dir, struct replay_plan *out, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf text = {0};
    enum err err = file_read(path_join(path, dir, "replay.plan"), 65536, &text, why);
    err = err == OK ? plan_parse(buf_as_span(&text), out, why) : err;
    buf_done(&text);
    return err;
}

static enum err read_key(const char *dir, const struct signer *signer, struct secret_key *out,
                         struct why *why)
{
    char name[160], path[FILE_PATH_MAX];
    struct buf text = {0};
    snprintf(name, sizeof name, "keys/centres/%.*s.key", SPAN_ARG(signer->name));
    enum err err = file_read(path_join(path, dir, name), 4096, &text, why);
    err = err == OK ? secret_key_parse(buf_as_span(&text), out, why) : err;
    buf_done(&text);
    return err;
}

static enum err read_keys(const char *dir, struct drill *drill, struct why *why)
{
    const struct election *election = &drill->election;
    drill->keys = calloc(election->n_signers + 1, sizeof *drill->keys);
    assert(drill->keys != NULL);
    for (uint32_t i = 0; i < election->n_signers; i++) {
        TRY(read_key(dir, &election->signers[i], &drill->keys[i], why));
    }
    return OK;
}

/* The script speaks of the made election's indices; the folder's election must be that one. */
static enum err compare(const struct election *made, const struct election *found, struct why *why)
{
    bool same = span_equal(made->id, found->id) && made->n_actas == found->n_actas &&
                made->n_contests == found->n_contests && made->n_signers == found->n_signers &&
                made->n_stations == found->n_stations;
    for (uint32_t i = 0; same && i < made->n_actas; i++) {
        same = strcmp(made->actas[i].key, found->actas[i].key) == 0;
    }
    for (uint32_t i = 0; same && i < made->n_contests; i++) {
        same = made->contests[i].n_columns == found->contests[i].n_columns;
    }
    return same ? OK
                : why_set(why, ERR_CONFLICT, "replay.plan and election/ do not belong to the same drill");
}

enum err drill_open(const char *dir, struct drill *out, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct drill drill = {0};
    struct election made;
    TRY(read_plan(dir, &drill.plan, why));
    TRY(election_load(path_join(path, dir, "election"), &drill.election, why));
    enum err err = make_night(&drill.plan, &made, &drill.script, why);
    if (err == OK) {
        err = compare(&made, &drill.election, why);
        election_done(&made);
    }
    err = err == OK ? read_keys(dir, &drill, why) : err;
    if (err != OK) {
        drill_close(&drill);
        return err;
    }
    *out = drill;
    out->script.election = &out->election;
    return OK;
}

void drill_close(struct drill *drill)
{
    for (uint32_t i = 0; drill->keys != NULL && i < drill->election.n_signers; i++) {
        secret_key_wipe(&drill->keys[i]);
    }
    free(drill->keys);
    script_done(&drill->script);
    election_done(&drill->election);
    *drill = (struct drill){0};
}
