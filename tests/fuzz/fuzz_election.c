/* The election's definition: its eight files parted by lines of "@". What parses is printed, read again and printed
 * the same; what does not leaves a sentence. */
#include "formats/election.h"

#include "os/team.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err parse_printed(const struct election_files *owned, struct election *out)
{
    struct election_file files[ELECTION_FILES];
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        files[i] = (struct election_file){span_str(election_file_names[i]), buf_as_span(&owned->bytes[i])};
    }
    struct why why = {{0}};
    return election_parse(files, ELECTION_FILES, out, &why);
}

static void check_printed(const struct election *election)
{
    struct election_files first;
    struct election_files second;
    election_files_init(&first);
    election_files_init(&second);
    struct election again = {0};
    election_print(election, &first);
    enum err err = parse_printed(&first, &again);
    assert(err == OK);
    election_print(&again, &second);
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        assert(span_equal(buf_as_span(&first.bytes[i]), buf_as_span(&second.bytes[i])));
    }
    election_done(&again);
    election_files_done(&first);
    election_files_done(&second);
}

/* The bytes up to the next line that is "@" alone. */
static struct span next_part(struct span *rest)
{
    struct span whole = *rest;
    const char *end = whole.len == 0 ? NULL : memmem(whole.at, whole.len, "\n@\n", 3);
    if (end == NULL) {
        *rest = span_of(NULL, 0);
        return whole;
    }
    size_t len = (size_t)(end - whole.at) + 1;
    *rest = span_from(whole, len + 2);
    return span_of(whole.at, len);
}

/* With a team the same definitions are read. */
static void check_with_team(const struct election_file files[ELECTION_FILES], enum err err,
                            const uint8_t *digest)
{
    static struct team *team = NULL;
    struct election election = {0};
    struct why why = {{0}};
    if (team == NULL && team_new(2, &team, NULL) != OK) {
        return;
    }
    enum err other = election_parse_with(files, ELECTION_FILES, team, &election, &why);
    assert(other == err);
    assert(err != OK || memcmp(election.digest, digest, sizeof election.digest) == 0);
    election_done(&election);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = span_of((const char *)data, size);
    struct election_file files[ELECTION_FILES];
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        files[i] = (struct election_file){span_str(election_file_names[i]), next_part(&rest)};
    }
    struct election election = {0};
    struct why why = {{0}};
    enum err err = election_parse(files, ELECTION_FILES, &election, &why);
    check_with_team(files, err, election.digest);
    if (err != OK) {
        assert(why.text[0] != '\0' && election.arena.blocks == NULL);
        return 0;
    }
    check_printed(&election);
    election_done(&election);
    return 0;
}
