/* What this system runs: programs, rules and definition by their hashes. */
#include "zero/zeroing.h"

#include "base/codec.h"
#include "doors/programs.h"
#include "seal/digest.h"
#include "tlog/entry.h"

#include <stdio.h>

/* A line "<sha256> <name>". */
static bool take_program(struct listing *now, struct span line)
{
    struct span name = line;
    struct span hash = span_cut(&name, ' ');
    struct listed_file *row = &now->programs[now->n_programs];
    if (now->n_programs == LISTING_PROGRAMS_MAX || name.at == NULL ||
        !span_copy(hash, row->sha256, sizeof row->sha256) || !span_copy(name, row->name, sizeof row->name)) {
        return false;
    }
    now->n_programs++;
    return true;
}

static enum err list_programs(struct zeroing *zeroing, struct why *why)
{
    struct buf lines = {0};
    struct span line;
    enum err err = programs_list(&lines, why);
    struct span rest = buf_as_span(&lines);
    while (err == OK && span_line(&rest, &line)) {
        if (!take_program(&zeroing->now, line)) {
            err =
                why_set(why, ERR_TOO_BIG, "more than %d programs lie beside this one", LISTING_PROGRAMS_MAX);
        }
    }
    buf_done(&lines);
    return err;
}

static enum err list_definition(struct zeroing *zeroing, struct why *why)
{
    struct listing *now = &zeroing->now;
    char folder[FILE_PATH_MAX];
    char path[FILE_PATH_MAX];
    TRY(election_load(zero_path(zeroing, "election", folder), &zeroing->election, why));
    zeroing->have_election = true;
    hex_print(now->definition, zeroing->election.digest, 32);
    now->actas_expected = zeroing->election.n_actas;
    if (!span_copy(zeroing->election.origin, now->origin, sizeof now->origin)) {
        return why_set(why, ERR_TOO_BIG, "the origin is longer than %zu bytes", sizeof now->origin - 1);
    }
    for (int i = 0; i < ELECTION_FILES; i++) {
        struct mapped file;
        struct listed_file *row = &now->files[now->n_files++];
        snprintf(row->name, sizeof row->name, "%s", election_file_names[i]);
        TRY(file_map(path_join(path, folder, row->name), &file, why));
        digest_hex(file.bytes, row->sha256);
        file_unmap(&file);
    }
    return OK;
}

enum err zero_runs(struct zeroing *zeroing, struct why *why)
{
    uint8_t rules[32];
    TRY(list_definition(zeroing, why));
    TRY(list_programs(zeroing, why));
    rules_digest(rules);
    hex_print(zeroing->now.rules, rules, 32);
    return OK;
}
