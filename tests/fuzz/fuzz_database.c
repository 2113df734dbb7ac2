/* A published database, whatever it holds, is refused with a sentence or becomes a definition that our own reader takes
 * and records that our own submission format takes. */
#include "city/database.h"
#include "formats/election.h"
#include "formats/submission.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_definition(const struct election *made)
{
    struct election_files files;
    struct election_file list[ELECTION_FILES];
    struct election *read = calloc(1, sizeof *read);
    struct why why = {0};
    election_files_init(&files);
    election_print(made, &files);
    for (int i = 0; i < ELECTION_FILES; i++) {
        list[i] = (struct election_file){span_str(election_file_names[i]), buf_as_span(&files.bytes[i])};
    }
    enum err err = election_parse(list, ELECTION_FILES, read, &why);
    if (err != OK) {
        fprintf(stderr, "%s\n", why.text);
    }
    assert(err == OK);
    election_done(read);
    election_files_done(&files);
    free(read);
}

static void check_record(const struct election *election, const struct record *record)
{
    struct submission submission = {.election = election->id,
                                    .centre = election->signers[record->signer].name,
                                    .acta = span_str(record->acta),
                                    .contest = election->contests[record->contest].id,
                                    .version = record->version,
                                    .reason = {"", 0},
                                    .sheet = record->sheet};
    struct submission parsed;
    struct why why = {0};
    struct buf text = {0};
    submission_print(&submission, &text);
    enum err err = submission_parse(buf_as_span(&text), &parsed, &why);
    if (err != OK) {
        fprintf(stderr, "%s\n", why.text);
    }
    assert(err == OK);
    buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct replay_plan *plan = calloc(1, sizeof *plan);
    struct election *election = calloc(1, sizeof *election);
    struct database_input input = {"input", span_of((const char *)data, size)};
    struct script script = {0};
    struct why why = {0};
    plan->city.opening_ms = 1812333600000;
    plan->city.closing_ms = plan->city.opening_ms + 86400000;
    if (database_read(plan, &input, 1, election, &script, &why) == OK) {
        struct buf expected = {0};
        assert(plan->city.closing_ms > plan->city.opening_ms);
        check_definition(election);
        for (uint32_t i = 0; i < script.n; i++) {
            check_record(election, &script.records[i]);
        }
        script_expect_print(&script, &expected);
        buf_done(&expected);
        script_done(&script);
        election_done(election);
    } else {
        assert(why.text[0] != '\0');
    }
    free(plan);
    free(election);
    return 0;
}
