/* From entries to the state: the definition out of its pieces, whatever is wrong with them by name, then the fold; and the header
 * figures as they stood at each size of the log. */
#include "formats/election.h"
#include "proof/folding.h"
#include "proof/headers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PIECES_MAX = 16 };

static struct election_files files;
static struct election election;

/* The entries of a log, each its bytes. */
struct log {
    struct buf entries[PIECES_MAX];
    uint32_t n;
};

static int set_up(void **state)
{
    struct why why = {""};
    (void)state;
    election_files_init(&files);
    return election_files_read("tests/vectors/election/small", &files, &why) != OK ||
           election_load("tests/vectors/election/small", &election, &why) != OK;
}

static int tear_down(void **state)
{
    (void)state;
    election_files_done(&files);
    election_done(&election);
    return 0;
}

static void add(struct log *log, const struct entry *entry)
{
    assert_true(log->n < PIECES_MAX);
    entry_print(entry, &log->entries[log->n++]);
}

static void add_opening(struct log *log, bool other_definition)
{
    struct entry entry = {.type = ENTRY_OPEN};
    entry.as.open = (struct entry_open){.election = election.id,
                                        .origin = election.origin,
                                        .drill = election.drill,
                                        .time_ms = election.opening_ms - 60000,
                                        .n_files = ELECTION_FILES};
    memcpy(entry.as.open.definition, election.digest, sizeof entry.as.open.definition);
    entry.as.open.definition[0] ^= other_definition;
    rules_digest(entry.as.open.rules);
    add(log, &entry);
}

static void add_files(struct log *log)
{
    for (int i = 0; i < ELECTION_FILES; i++) {
        struct span bytes = buf_as_span(&files.bytes[i]);
        for (size_t at = 0; at < bytes.len; at += FILE_PIECE) {
            struct entry entry = {.type = ENTRY_FILE};
            struct span rest = span_from(bytes, at);
            entry.as.file =
                (struct entry_file){.name = span_str(election_file_names[i]),
                                    .size = bytes.len,
                                    .offset = at,
                                    .bytes = span_of(rest.at, rest.len < FILE_PIECE ? rest.len : FILE_PIECE)};
            add(log, &entry);
        }
    }
}

static void add_notice(struct log *log)
{
    struct entry entry = {.type = ENTRY_NOTICE};
    entry.as.notice = (struct entry_notice){.time_ms = election.opening_ms, .text = SPAN("aviso")};
    add(log, &entry);
}

static void whole_log(struct log *log)
{
    *log = (struct log){.n = 0};
    add_opening(log, false);
    add_files(log);
}

static void log_done(struct log *log)
{
    for (uint32_t i = 0; i < PIECES_MAX; i++) {
        buf_done(&log->entries[i]);
    }
}

static void count_applied(void *arg, uint64_t index)
{
    uint64_t *next = arg;
    assert_int_equal(index, *next);
    (*next)++;
}

/* Takes all entries, up to the first that is refused. */
static enum err take_all(struct folding *folding, const struct log *log, struct why *why)
{
    enum err err = OK;
    for (uint32_t i = 0; err == OK && i < log->n; i++) {
        struct hash leaf;
        struct entry_seen seen = {.index = i, .bytes = buf_as_span(&log->entries[i]), .leaf = &leaf};
        merkle_leaf(seen.bytes, &leaf);
        err = folding_take(folding, &seen, why);
    }
    return err;
}

static void every_entry_below_the_size(void **state)
{
    (void)state;
    struct log log;
    whole_log(&log);
    uint32_t pieces = log.n;
    add_notice(&log);
    add_notice(&log);
    static const uint64_t sizes[] = {0, 1, 5, UINT64_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct folding folding;
        struct why why = {""};
        uint64_t next = 0;
        folding_init(&folding, sizes[i]);
        folding.applied = count_applied;
        folding.arg = &next;
        assert_int_equal(take_all(&folding, &log, &why), OK);
        uint64_t due = sizes[i] < log.n ? sizes[i] : log.n;
        assert_int_equal(next, due);
        assert_int_equal(folding.fold->log_size, due);
        assert_true(folding.have_election && span_equal(folding.election.id, election.id));
        assert_int_equal(folding.fold->n_notices, due > pieces ? 2 : 0);
        folding_done(&folding);
    }
    log_done(&log);
}

static void refuse(struct log *log, const char *says)
{
    struct folding folding;
    struct why why = {""};
    folding_init(&folding, UINT64_MAX);
    assert_int_not_equal(take_all(&folding, log, &why), OK);
    if (strstr(why.text, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", why.text, says);
    }
    assert_null(folding.fold);
    folding_done(&folding);
    log_done(log);
}

static void hostile_definitions(void **state)
{
    (void)state;
    struct log log;
    whole_log(&log); /* one of them twice */
    buf_clear(&log.entries[2]);
    buf_span(&log.entries[2], buf_as_span(&log.entries[1]));
    refuse(&log, "entry 2: the pieces of election.ini do not follow each other");
    whole_log(&log); /* something else before they are all there */
    buf_clear(&log.entries[3]);
    log.n = 3;
    add_notice(&log);
    refuse(&log, "entry 3: the definition is not whole before it");
    log = (struct log){.n = 0}; /* no opening */
    add_files(&log);
    refuse(&log, "entry 0: the definition is not whole before it");
    log = (struct log){.n = 0}; /* the opening again */
    add_opening(&log, false);
    add_opening(&log, false);
    refuse(&log, "entry 1");
    log = (struct log){.n = 0}; /* of another definition than it says */
    add_opening(&log, true);
    add_files(&log);
    refuse(&log, "not what entry 0 states");
}

static void hostile_pieces(void **state)
{
    (void)state;
    struct log log = {.n = 0};
    struct entry entry = {.type = ENTRY_FILE};
    add_opening(&log, false); /* a file that no definition has */
    entry.as.file = (struct entry_file){.name = SPAN("extra.csv"), .size = 3, .bytes = SPAN("a,b")};
    add(&log, &entry);
    refuse(&log, "entry 1: a file that is no part of a definition");
    whole_log(&log); /* an entry that is none */
    buf_str(&log.entries[4], "and more");
    refuse(&log, "entry 4");
    whole_log(&log); /* one byte of the definition is another one */
    struct buf *last = &log.entries[log.n - 1];
    last->at[last->len - 3] = last->at[last->len - 3] == 'A' ? 'B' : 'A';
    refuse(&log, "");
}

static void headers_at_each_size(void **state)
{
    (void)state;
    struct headers headers;
    struct header header;
    struct fold *fold = NULL;
    assert_int_equal(fold_new(&election, &fold), OK);
    headers_init(&headers, election.n_contests);
    assert_int_equal(headers.n_contests, 3);
    for (uint64_t size = 100; size <= 40000; size++) { /* the sizes of some cuts' lag, and many more */
        fold->log_size = size;
        headers_note(&headers, fold);
    }
    assert_false(headers_at(&headers, 99, 0, &header));
    assert_false(headers_at(&headers, 40001, 0, &header));
    assert_false(headers_at(&headers, 40000 - 32768, 0, &header)); /* forgotten */
    assert_true(headers_at(&headers, 40000 - 32767, 2, &header));
    assert_true(headers_at(&headers, 40000, 0, &header));
    uint64_t expected = 0;
    for (uint32_t i = 0; i < election.n_actas; i++) {
        expected += election.actas[i].contest == 0;
    }
    assert_int_equal(header.expected, expected);
    assert_true(header.captured == 0 && header.counted == 0 && header.votes == 0);
    headers_done(&headers);
    fold_free(fold);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_below_the_size),
        cmocka_unit_test(hostile_definitions),
        cmocka_unit_test(hostile_pieces),
        cmocka_unit_test(headers_at_each_size),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
