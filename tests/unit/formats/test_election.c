/* The election's definition: the example is read, written and read again; hostile ones are refused by a
 * sentence. */
#include "formats/election.h"

#include "base/codec.h"
#include "base/num.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/team.h"
#include "seal/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define SMALL   "tests/vectors/election/small"
#define HOSTILE "tests/vectors/election/hostile"

static struct election small;
static struct election_files small_files;

static int load_small(void **state)
{
    (void)state;
    struct why why = {{0}};
    election_files_init(&small_files);
    if (election_load(SMALL, &small, &why) != OK || election_files_read(SMALL, &small_files, &why) != OK) {
        print_error("%s\n", why.text);
        return -1;
    }
    return 0;
}

static int drop_small(void **state)
{
    (void)state;
    election_done(&small);
    election_files_done(&small_files);
    return 0;
}

/* With a team the same comes out, or the same sentence. */
static void compare_with_team(const struct election_file files[ELECTION_FILES], enum err err,
                              const struct election *election, const struct why *why)
{
    struct team *team = NULL;
    struct election other = {0};
    struct why other_why = {{0}};
    assert_int_equal(team_new(2, &team, NULL), OK);
    assert_int_equal(election_parse_with(files, ELECTION_FILES, team, &other, &other_why), err);
    assert_string_equal(other_why.text, why->text);
    team_free(team);
    if (err != OK) {
        return;
    }
    assert_memory_equal(other.digest, election->digest, sizeof other.digest);
    assert_int_equal(other.n_stations, election->n_stations);
    assert_int_equal(other.n_actas, election->n_actas);
    for (uint32_t i = 0; i < election->n_actas; i++) {
        const struct acta *acta = &election->actas[i];
        assert_int_equal(other.actas[i].station, acta->station);
        assert_int_equal(election_acta(&other, span_str(acta->key)), i);
    }
    election_done(&other);
}

static enum err parse(const struct election_files *owned, struct election *out, struct why *why)
{
    struct election_file files[ELECTION_FILES];
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        /* The ledger may give them back in any order. */
        size_t k = ELECTION_FILES - 1 - i;
        files[i] = (struct election_file){span_str(election_file_names[k]), buf_as_span(&owned->bytes[k])};
    }
    struct election election = {0};
    enum err err = election_parse(files, ELECTION_FILES, &election, why);
    compare_with_team(files, err, &election, why);
    *out = err == OK ? election : *out;
    return err;
}

static void the_example_is_read(void **state)
{
    (void)state;
    assert_true(span_is(small.id, "ejemplo2027"));
    assert_true(span_is(small.origin, "prep.example.mx/ejemplo2027"));
    assert_true(span_is(small.zone_label, "(UTC-6)"));
    assert_int_equal(small.n_contests, 3);
    assert_int_equal(small.n_areas, 5);
    assert_int_equal(small.n_stations, 13);
    assert_int_equal(small.n_actas, 40);
    assert_int_equal(small.n_signers, 4);
    assert_int_equal(small.opening_ms, INT64_C(1812333600000));
    assert_int_equal(small.closing_ms, INT64_C(1812333600000) + 86400000);
    assert_int_equal(small.offset_min, -360);
    assert_int_equal(small.entity, 9);
    assert_true(small.drill);
    assert_true(span_is(small.areas[4].name, "ALCALDÍA DEL SUR, CON ÑANDÚES"));
    assert_int_equal(election_area(&small, AREA_BOROUGH, 3), 4);
    assert_int_equal(election_area(&small, AREA_BOROUGH, 1), AREA_NONE);
    assert_int_equal(election_contest(&small, SPAN("dip")), 1);
    assert_int_equal(election_contest(&small, SPAN("di")), -1);
    assert_int_equal(small.signers[3].kind, SIGNER_DEVICE);
}

static void stations_and_actas_are_found_by_key(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < small.n_stations; i++) {
        assert_int_equal(election_station(&small, span_str(small.stations[i].key)), i);
    }
    for (uint32_t i = 0; i < small.n_actas; i++) {
        assert_int_equal(election_acta(&small, span_str(small.actas[i].key)), i);
    }
    assert_int_equal(election_station(&small, SPAN("090009B0100")), UINT32_MAX);
    assert_int_equal(election_acta(&small, SPAN("090001B0100")), UINT32_MAX);
    const struct station *extra = &small.stations[election_station(&small, SPAN("090003E0101"))];
    assert_int_equal(extra->extension, 1);
    assert_int_equal(extra->location, 2);
    assert_int_equal(extra->nominal, 209);
}

static const struct acta *acta_at(const char *key)
{
    uint32_t acta = election_acta(&small, span_str(key));
    assert_int_not_equal(acta, UINT32_MAX);
    return &small.actas[acta];
}

static void actas_lie_in_areas(void **state)
{
    (void)state;
    const struct acta *plain = acta_at("090003B0100A03");
    assert_true(span_is(acta_form(plain), "A03"));
    assert_int_equal(election_acta_area(&small, plain, AREA_ENTITY), 0);
    assert_int_equal(election_acta_area(&small, plain, AREA_DISTRICT), 2);
    assert_int_equal(election_acta_area(&small, plain, AREA_BOROUGH), 4);
    assert_int_equal(election_acta_area(&small, plain, AREA_SECTION), AREA_NONE);
    const struct acta *abroad = acta_at("090000M0100A01");
    assert_int_equal(election_acta_area(&small, abroad, AREA_ENTITY), 0);
    assert_int_equal(election_acta_area(&small, abroad, AREA_DISTRICT), AREA_NONE);
    /* A special station gives two actas of diputaciones; the proportional one is no district's. */
    assert_int_equal(election_acta_area(&small, acta_at("090002S0100A03EMR"), AREA_DISTRICT), 1);
    assert_int_equal(election_acta_area(&small, acta_at("090002S0100A03ERP"), AREA_DISTRICT), AREA_NONE);
    assert_int_equal(election_acta_area(&small, acta_at("090002S0100A03ERP"), AREA_ENTITY), 0);
}

static bool has_column(const struct acta *acta, const char *code)
{
    int column = contest_column(&small.contests[acta->contest], span_str(code));
    assert_true(column >= 0);
    return election_acta_columns(&small, acta) >> column & 1;
}

static void forms_have_the_boxes_of_their_area(void **state)
{
    (void)state;
    const struct acta *first = acta_at("090001B0100A03");
    const struct acta *second = acta_at("090003B0100A03");
    const struct acta *early = acta_at("090000A0100A02VA");
    assert_true(has_column(first, "RIO_BOSQUE_MAR"));
    assert_false(has_column(first, "RIO"));
    assert_false(has_column(first, "CSP1"));
    assert_false(has_column(second, "RIO_BOSQUE_MAR"));
    assert_true(has_column(second, "CSP1"));
    assert_true(has_column(early, "RIO_BOSQUE_MAR") && has_column(early, "CSP1"));
    assert_true(has_column(first, "NULOS") && has_column(second, "NO_REGISTRADAS"));
}

static void rules_are_read(void **state)
{
    (void)state;
    const struct contest *dip = &small.contests[1];
    int common = contest_column(dip, SPAN("RIO_BOSQUE_MAR"));
    const struct share_rule *first = contest_rule(dip, (uint8_t)common, 1);
    const struct share_rule *other = contest_rule(dip, (uint8_t)common, 2);
    assert_int_equal(first->kind, SHARE_PERCENT);
    assert_int_equal(first->hundredths[contest_column(dip, SPAN("RIO"))], 5333);
    assert_int_equal(first->hundredths[contest_column(dip, SPAN("BOSQUE"))], 2667);
    assert_int_equal(first->hundredths[contest_column(dip, SPAN("MAR"))], 2000);
    assert_int_equal(first->remainder, contest_column(dip, SPAN("RIO")));
    assert_int_equal(other->hundredths[contest_column(dip, SPAN("BOSQUE"))], 3050);
    const struct contest *alc = &small.contests[2];
    int pair = contest_column(alc, SPAN("SOL_LUNA"));
    assert_int_equal(contest_rule(alc, (uint8_t)pair, AREA_NONE)->kind, SHARE_EQUAL_EACH);
}

/* print then parse gives the same definition: printing it once more gives the same bytes and digest. */
static void what_is_printed_is_read_back(void **state)
{
    (void)state;
    struct election_files first;
    struct election_files second;
    election_files_init(&first);
    election_files_init(&second);
    struct election again = {0};
    struct why why = {{0}};
    election_print(&small, &first);
    assert_int_equal(parse(&first, &again, &why), OK);
    election_print(&again, &second);
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        assert_true(span_equal(buf_as_span(&first.bytes[i]), buf_as_span(&second.bytes[i])));
        if (i > 0 && i != 3) { /* all but remarks and "20" for "20.00" are written as in the example */
            assert_true(span_equal(buf_as_span(&first.bytes[i]), buf_as_span(&small_files.bytes[i])));
        }
    }
    assert_int_equal(again.n_actas, small.n_actas);
    assert_memory_equal(again.actas, small.actas, small.n_actas * sizeof small.actas[0]);
    assert_memory_equal(again.stations, small.stations, small.n_stations * sizeof small.stations[0]);
    assert_int_equal(again.opening_ms, small.opening_ms);
    election_done(&again);
    election_files_done(&first);
    election_files_done(&second);
}

static void a_folder_is_written_and_read(void **state)
{
    (void)state;
    char dir[] = "/tmp/test_election_XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct why why = {{0}};
    struct election again = {0};
    assert_int_equal(election_files_write(dir, &small_files, &why), OK);
    assert_int_equal(election_load(dir, &again, &why), OK);
    assert_memory_equal(again.digest, small.digest, 32);
    election_done(&again);
    char path[FILE_PATH_MAX];
    assert_int_equal(unlink(path_join(path, dir, "shares.csv")), 0);
    assert_int_equal(election_load(dir, &again, &why), ERR_MISSING);
    assert_non_null(strstr(why.text, "shares.csv"));
    assert_int_equal(folder_remove(dir, &why), OK);
}

/* The digest as docs/formats/election.md states it, by other means. */
static void the_digest_is_that_of_the_page(void **state)
{
    (void)state;
    static const char *const names[] = {"election.ini",    "areas.csv",    "columns.csv", "shares.csv",
                                        "candidacies.csv", "stations.csv", "actas.csv",   "signers.csv"};
    struct buf list;
    buf_init(&list, 0);
    for (size_t i = 0; i < 8; i++) {
        uint8_t hash[DIGEST_LEN];
        char hex[2 * DIGEST_LEN + 1];
        digest_of(buf_as_span(&small_files.bytes[i]), hash);
        hex_print(hex, hash, DIGEST_LEN);
        buf_printf(&list, "%s %zu %s\n", names[i], small_files.bytes[i].len, hex);
    }
    uint8_t expected[DIGEST_LEN];
    digest_of(buf_as_span(&list), expected);
    assert_memory_equal(small.digest, expected, DIGEST_LEN);
    buf_done(&list);
}

static void files_must_be_there_once(void **state)
{
    (void)state;
    struct election_file files[ELECTION_FILES + 1];
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        files[i] =
            (struct election_file){span_str(election_file_names[i]), buf_as_span(&small_files.bytes[i])};
    }
    struct election out = {.entity = 77};
    struct why why = {{0}};
    assert_int_equal(election_parse(files, ELECTION_FILES - 1, &out, &why), ERR_MISSING);
    assert_string_equal(why.text, "signers.csv: falta el archivo / the file is missing");
    files[ELECTION_FILES] = files[2];
    why = (struct why){{0}};
    assert_int_equal(election_parse(files, ELECTION_FILES + 1, &out, &why), ERR_EXISTS);
    assert_string_equal(why.text, "columns.csv: está dos veces / is there twice");
    files[ELECTION_FILES].name = SPAN("../columns.csv");
    why = (struct why){{0}};
    assert_int_equal(election_parse(files, ELECTION_FILES + 1, &out, &why), ERR_SYNTAX);
    assert_int_equal(out.entity, 77);
}

/* A vector's bytes: \n, \r and \xNN are written so. */
static void unescape(struct span text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = 0;
        if (text.at[i] != '\\' || i + 1 == text.len) {
            buf_char(out, text.at[i]);
        } else if (text.at[i + 1] == 'x') {
            assert_int_equal(hex_parse(span_of(text.at + i + 2, 2), &byte, 1), OK);
            buf_char(out, (char)byte);
            i += 3;
        } else {
            buf_char(out, text.at[i + 1] == 'n' ? '\n' : '\r');
            i += 1;
        }
    }
}

static struct span line_of(struct span *rest, const char *word)
{
    struct span line;
    assert_true(span_line(rest, &line));
    assert_true(span_starts(line, span_str(word)));
    return span_from(line, strlen(word));
}

/* The example's file with its first `find` replaced. */
static void change(struct buf *file, struct span find, struct span put)
{
    struct buf out;
    buf_init(&out, 0);
    size_t from = 0;
    size_t len = find.len;
    if (span_is(find, "^") || span_is(find, "$") || span_is(find, "*")) {
        from = find.at[0] == '$' ? file->len : 0;
        len = find.at[0] == '*' ? file->len : 0;
    } else {
        const char *found = memmem(file->at, file->len, find.at, find.len);
        assert_non_null(found);
        from = (size_t)(found - file->at);
    }
    buf_add(&out, file->at, from);
    buf_span(&out, put);
    buf_add(&out, file->at + from + len, file->len - from - len);
    buf_done(file);
    *file = out;
}

static enum err refuse(void *arg, const char *name, int64_t size)
{
    (void)size;
    int *seen = arg;
    char path[FILE_PATH_MAX];
    struct buf text, find, put;
    struct why why = {{0}};
    buf_init(&text, 0);
    buf_init(&find, 0);
    buf_init(&put, 0);
    assert_int_equal(file_read(path_join(path, HOSTILE, name), 1 << 20, &text, &why), OK);
    struct span rest = buf_as_span(&text);
    struct span in = line_of(&rest, "in ");
    unescape(line_of(&rest, "find "), &find);
    unescape(line_of(&rest, "put "), &put);
    struct span says = line_of(&rest, "says ");

    struct election_files files;
    election_files_init(&files);
    bool known = false;
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        buf_span(&files.bytes[i], buf_as_span(&small_files.bytes[i]));
        if (span_is(in, election_file_names[i])) {
            change(&files.bytes[i], buf_as_span(&find), buf_as_span(&put));
            known = true;
        }
    }
    assert_true(known);
    struct election out = {.entity = 77};
    enum err err = parse(&files, &out, &why);
    if (err == OK || memmem(why.text, strlen(why.text), says.at, says.len) == NULL) {
        fail_msg("%s: \"%s\" does not say \"%.*s\"", name, why.text, SPAN_ARG(says));
    }
    assert_int_equal(out.entity, 77);
    assert_null(out.arena.blocks);
    ++*seen;
    election_files_done(&files);
    buf_done(&text);
    buf_done(&find);
    buf_done(&put);
    return OK;
}

static void hostile_definitions_are_refused(void **state)
{
    (void)state;
    int seen = 0;
    struct why why = {{0}};
    assert_int_equal(folder_walk(HOSTILE, refuse, &seen, &why), OK);
    assert_true(seen >= 130);
}

/* Cut anywhere, every file is refused or gives a smaller definition, and never a crash. */
static void files_cut_short(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        struct election_files files;
        election_files_init(&files);
        for (size_t k = 0; k < ELECTION_FILES; k++) {
            buf_span(&files.bytes[k], buf_as_span(&small_files.bytes[k]));
        }
        for (size_t len = files.bytes[i].len; len-- > 0;) {
            buf_truncate(&files.bytes[i], len);
            struct election out = {0};
            struct why why = {{0}};
            enum err err = parse(&files, &out, &why);
            bool line_ended = len > 0 && files.bytes[i].at[len - 1] == '\n';
            assert_true(err != OK || line_ended);
            assert_true(err == OK || why.text[0] != '\0');
            if (err == OK) {
                election_done(&out);
            }
        }
        election_files_done(&files);
    }
}

/* A definition of Mexico City's size: 13,503 stations, 40,541 actas. */
static void print_city(struct election_files *files)
{
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        buf_span(&files->bytes[i], buf_as_span(&small_files.bytes[i]));
    }
    struct buf *stations = &files->bytes[5];
    struct buf *actas = &files->bytes[6];
    buf_clear(stations);
    buf_clear(actas);
    buf_str(stations, "key,district,borough,location,nominal,ballots,reps\n");
    buf_str(actas, "station,contest,form\n");
    for (unsigned i = 0; i < 13503; i++) {
        unsigned section = 1 + i / 3;
        unsigned part = i % 3;
        char key[32];
        snprintf(key, sizeof key, "09%04u%c%02u00", section, part == 0 ? 'B' : 'C', part == 0 ? 1 : part);
        buf_printf(stations, "%s,%u,%u,1,%u,%u,16\n", key, 1 + i % 2, 2 + i % 2, 600 + i % 150,
                   616 + i % 150);
        buf_printf(actas, "%s,jg,A02\n%s,dip,A03\n%s,alc,A04\n", key, key, key);
    }
}

/* The bound is generous (the goal is well under 100 ms): it must hold on a busy machine and under sanitizers.
 */
static void a_city_is_read_quickly(void **state)
{
    (void)state;
    struct election_files files;
    election_files_init(&files);
    print_city(&files);
    struct election out = {0};
    struct why why = {{0}};
    int64_t best = INT64_MAX;
    for (int i = 0; i < 3; i++) {
        int64_t before = monotonic_ms();
        assert_int_equal(parse(&files, &out, &why), OK);
        int64_t taken = monotonic_ms() - before;
        best = taken < best ? taken : best;
        assert_int_equal(out.n_actas, 40509);
        election_done(&out);
    }
    print_message("40,509 actas read in %lld ms\n", (long long)best);
    assert_true(best < 2000);
    election_files_done(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_is_read),
        cmocka_unit_test(stations_and_actas_are_found_by_key),
        cmocka_unit_test(actas_lie_in_areas),
        cmocka_unit_test(forms_have_the_boxes_of_their_area),
        cmocka_unit_test(rules_are_read),
        cmocka_unit_test(what_is_printed_is_read_back),
        cmocka_unit_test(a_folder_is_written_and_read),
        cmocka_unit_test(the_digest_is_that_of_the_page),
        cmocka_unit_test(files_must_be_there_once),
        cmocka_unit_test(hostile_definitions_are_refused),
        cmocka_unit_test(files_cut_short),
        cmocka_unit_test(a_city_is_read_quickly),
    };
    return cmocka_run_group_tests(tests, load_small, drop_small);
}
