/* The publisher: order, embargo, recovery after a crash at any point between its writes, and a ledger that was changed. */
#include "logtree/publisher.h"
#include "logtree/signer.h"
#include "os/file.h"
#include "tlog/ledger.h"
#include "tlog/tiles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

enum { OPENING = 1000 };
static const char ORIGIN[] = "log.example/1";

static char root_dir[64];
static char ledger_dir[FILE_PATH_MAX], public_dir[FILE_PATH_MAX], state_path[FILE_PATH_MAX];
static struct secret_key key;
static struct signer_state signer;
static struct publisher *publisher;
static struct publisher_options options;

static int setup(void **state)
{
    (void)state;
    struct why why = {""};
    uint8_t seed[32] = {9};
    snprintf(root_dir, sizeof root_dir, "/tmp/atalaya-pub-XXXXXX");
    if (mkdtemp(root_dir) == NULL) {
        return 1;
    }
    path_join(ledger_dir, root_dir, "ledger");
    path_join(public_dir, root_dir, "public");
    path_join(state_path, root_dir, "signer");
    options = (struct publisher_options){ledger_dir, public_dir, ORIGIN, OPENING, NULL, NULL};
    publisher = NULL;
    return secret_key_from_seed(span_str(ORIGIN), seed, &key) != OK ||
           signer_begin(state_path, span_str(ORIGIN), &why) != OK ||
           signer_load(state_path, &signer, &why) != OK;
}

static int teardown(void **state)
{
    (void)state;
    struct why why = {""};
    publisher_close(publisher);
    return folder_remove(root_dir, &why) != OK;
}

static void append(uint64_t from, uint64_t n, const char *type)
{
    struct ledger *ledger = NULL;
    struct why why = {""};
    assert_int_equal(ledger_open(ledger_dir, &ledger, &why), OK);
    assert_true(ledger_size(ledger) == from);
    for (uint64_t i = from; i < from + n; i++) {
        char text[64];
        int len = snprintf(text, sizeof text, "%s\nn %llu\n", type, (unsigned long long)i);
        assert_int_equal(ledger_append(ledger, span_of(text, (size_t)len), &why), OK);
    }
    assert_int_equal(ledger_sync(ledger, &why), OK);
    ledger_close(ledger);
}

static enum err ask_signer(void *arg, const struct add_checkpoint *request, struct buf *note, uint64_t *size,
                           struct why *why)
{
    bool *lost = arg; /* the signature is made and never arrives */
    struct buf body;
    buf_init(&body, 0);
    add_checkpoint_print(request, &body);
    enum err err = signer_sign(state_path, &signer, &key, buf_as_span(&body), note, why);
    *size = signer.size;
    buf_done(&body);
    if (err == OK && lost != NULL && *lost) {
        return why_set(why, ERR_IO, "the signer does not answer");
    }
    return err;
}

static void reopen(void)
{
    struct why why = {""};
    publisher_close(publisher);
    publisher = NULL;
    assert_int_equal(publisher_open(&options, &publisher, &why), OK);
}

static bool turn(int64_t now_ms)
{
    struct why why = {""};
    bool grew = false;
    if (publisher_turn(publisher, now_ms, ask_signer, NULL, &grew, &why) != OK) {
        fail_msg("%s", why.text);
    }
    return grew;
}

/* Everything that the published checkpoint speaks of is there, and is what the ledger holds. */
static void check_published(uint64_t size)
{
    char path[FILE_PATH_MAX];
    char log_dir[FILE_PATH_MAX];
    struct buf note;
    struct why why = {""};
    struct span text;
    struct checkpoint checkpoint;
    size_t by = 0;
    buf_init(&note, 0);
    path_join(log_dir, public_dir, "log");
    assert_int_equal(file_read(path_join(path, log_dir, "checkpoint"), CHECKPOINT_MAX, &note, &why), OK);
    assert_int_equal(note_verify(buf_as_span(&note), &key.key, 1, &text, &by, &why), OK);
    assert_int_equal(checkpoint_parse(text, &checkpoint, &why), OK);
    assert_true(checkpoint.size == size);
    struct tiles_reader *reader = tiles_reader_new(size, tiles_fetch_folder, log_dir);
    struct hash root;
    assert_int_equal(merkle_root_of(size, tiles_read, reader, &root), OK);
    assert_true(hash_equal(&root, &checkpoint.root));
    tiles_reader_free(reader);
    for (uint64_t bundle = 0; bundle * BUNDLE_ENTRIES < size; bundle++) {
        uint64_t left = size - bundle * BUNDLE_ENTRIES;
        struct buf bytes;
        struct buf own;
        char name[TILE_PATH_MAX];
        char bundle_name[BUNDLE_PATH_MAX];
        buf_init(&bytes, 0);
        buf_init(&own, 0);
        tile_entries_path(bundle, left < BUNDLE_ENTRIES ? (unsigned)left : BUNDLE_ENTRIES, name);
        assert_int_equal(file_read(path_join(path, log_dir, name), 1 << 24, &bytes, &why), OK);
        bundle_path(bundle, bundle_name);
        assert_int_equal(file_read(path_join(path, ledger_dir, bundle_name), 1 << 24, &own, &why), OK);
        assert_true(span_starts(buf_as_span(&own), buf_as_span(&bytes)));
        buf_done(&bytes);
        buf_done(&own);
    }
    buf_done(&note);
}

static void it_follows_the_ledger(void **state)
{
    (void)state;
    static const uint64_t steps[] = {1, 1, 253, 1, 1, 255, 300, 700};
    uint64_t size = 0;
    append(0, 0, "x");
    reopen();
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        append(size, steps[i], "prep-acta/v1");
        size += steps[i];
        assert_true(turn(OPENING));
        assert_false(turn(OPENING));
        check_published(size);
        if (i % 2 == 1) {
            reopen();
        }
    }
}

static void nothing_with_votes_before_the_hour(void **state)
{
    (void)state;
    append(0, 3, "prep-file/v1");
    append(3, 5, "prep-acta/v1");
    append(8, 2, "prep-notice/v1");
    reopen();
    assert_true(turn(OPENING - 1));
    check_published(3);
    assert_false(turn(OPENING - 1));
    reopen();
    assert_false(turn(OPENING - 1));
    check_published(3);
    assert_true(turn(OPENING));
    check_published(10);
}

static void append_cut(uint64_t at, unsigned number)
{
    struct ledger *ledger = NULL;
    struct why why = {""};
    char text[128];
    int len = snprintf(text, sizeof text, "prep-cut/v1\nnumber %u\ntime 2027-06-07T02:20:00Z\n", number);
    assert_int_equal(ledger_open(ledger_dir, &ledger, &why), OK);
    assert_true(ledger_size(ledger) == at);
    assert_int_equal(ledger_append(ledger, span_of(text, (size_t)len), &why), OK);
    assert_int_equal(ledger_sync(ledger, &why), OK);
    ledger_close(ledger);
}

static void read_proof(unsigned number, struct buf *out)
{
    char name[64];
    char path[FILE_PATH_MAX];
    struct why why = {""};
    snprintf(name, sizeof name, "log/cut-%u.tlog-proof", number);
    buf_clear(out);
    assert_int_equal(file_read(path_join(path, public_dir, name), PROOF_FILE_MAX, out, &why), OK);
}

/* The proof of a cut holds its entry, and joins it to the signed tree of `size`. */
static void check_proof(unsigned number, uint64_t index, uint64_t size)
{
    struct buf bytes, scratch;
    struct why why = {""};
    struct tlog_proof proof;
    struct checkpoint checkpoint;
    struct span text;
    struct hash leaf;
    char want[64];
    size_t by = 0;
    buf_init(&bytes, 0);
    buf_init(&scratch, 0);
    read_proof(number, &bytes);
    assert_int_equal(tlog_proof_parse(buf_as_span(&bytes), &proof, &scratch, &why), OK);
    assert_true(proof.has_extra && proof.index == index);
    snprintf(want, sizeof want, "prep-cut/v1\nnumber %u\n", number);
    assert_true(span_starts(proof.extra, span_str(want)));
    assert_int_equal(note_verify(proof.checkpoint, &key.key, 1, &text, &by, &why), OK);
    assert_int_equal(checkpoint_parse(text, &checkpoint, &why), OK);
    assert_true(checkpoint.size == size);
    merkle_leaf(proof.extra, &leaf);
    assert_true(merkle_check_inclusion(&leaf, index, size, &proof.proof, &checkpoint.root));
    buf_done(&scratch);
    buf_done(&bytes);
}

static void a_cut_is_proven_once(void **state)
{
    (void)state;
    struct buf first_bytes, now;
    buf_init(&first_bytes, 0);
    buf_init(&now, 0);
    append(0, 300, "prep-acta/v1");
    append_cut(300, 0);
    append_cut(301, 7);
    append(302, 5, "prep-acta/v1");
    reopen();
    assert_true(turn(OPENING));
    check_proof(0, 300, 307);
    check_proof(7, 301, 307);
    read_proof(7, &first_bytes);
    append(307, 300, "prep-acta/v1");
    assert_true(turn(OPENING));
    reopen();
    assert_false(turn(OPENING));
    read_proof(7, &now); /* a later checkpoint does not touch it */
    assert_true(span_equal(buf_as_span(&first_bytes), buf_as_span(&now)));
    buf_done(&first_bytes);
    buf_done(&now);
}

/* The process ends after the checkpoint and before the proof: the same bytes, before anything else is signed. */
static void a_proof_that_was_not_written(void **state)
{
    (void)state;
    struct buf first_bytes, now;
    char path[FILE_PATH_MAX];
    buf_init(&first_bytes, 0);
    buf_init(&now, 0);
    append(0, 20, "prep-acta/v1");
    append_cut(20, 3);
    reopen();
    assert_true(turn(OPENING));
    read_proof(3, &first_bytes);
    assert_int_equal(remove(path_join(path, public_dir, "log/cut-3.tlog-proof")), 0);
    append(21, 40, "prep-acta/v1");
    reopen();
    assert_true(turn(OPENING));
    read_proof(3, &now);
    assert_true(span_equal(buf_as_span(&first_bytes), buf_as_span(&now)));
    check_proof(3, 20, 21);
    buf_done(&first_bytes);
    buf_done(&now);
}

/* Every size that was published can be read while its tiles grow; when full ones stand, partial ones go. */
static void partial_tiles_go_in_time(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX];
    append(0, 100, "prep-acta/v1");
    reopen();
    assert_true(turn(OPENING));
    append(100, 100, "prep-acta/v1");
    assert_true(turn(OPENING));
    assert_true(file_exists(path_join(path, public_dir, "log/tile/0/000.p/100")));
    assert_true(file_exists(path_join(path, public_dir, "log/tile/entries/000.p/200")));
    append(200, 200, "prep-acta/v1");
    assert_true(turn(OPENING));
    assert_true(file_exists(path_join(path, public_dir, "log/tile/0/000.p/100"))); /* still asked for */
    append(400, 200, "prep-acta/v1");
    assert_true(turn(OPENING));
    assert_false(file_exists(path_join(path, public_dir, "log/tile/0/000.p")));
    assert_false(file_exists(path_join(path, public_dir, "log/tile/entries/000.p")));
    assert_true(file_exists(path_join(path, public_dir, "log/tile/0/001.p/144")));
    assert_true(file_exists(path_join(path, public_dir, "log/tile/1/000.p/1")));
    check_published(600);
}

static void copy_has(const char *dir, const char *have)
{
    char path[FILE_PATH_MAX];
    struct why why = {""};
    assert_int_equal(folder_make(dir, &why), OK);
    assert_int_equal(file_write(path_join(path, dir, "have"), span_str(have), false, &why), OK);
}

/* Nothing is signed that the copy has not, until a person says that the copy does not count. */
static void nothing_that_the_copy_has_not(void **state)
{
    (void)state;
    char dir[FILE_PATH_MAX];
    char path[FILE_PATH_MAX];
    struct why why = {""};
    struct publisher_facts facts;
    options.copy_dir = path_join(dir, root_dir, "copy");
    append(0, 400, "prep-acta/v1");
    reopen();
    assert_true(turn(OPENING)); /* the empty tree */
    check_published(0);
    copy_has(dir, "300\n");
    assert_true(turn(OPENING));
    check_published(300);
    assert_false(turn(OPENING));
    publisher_facts(publisher, &facts);
    assert_true(facts.copy_behind);
    copy_has(dir, "12x\n"); /* what cannot be read is nothing */
    assert_false(turn(OPENING));
    check_published(300);
    reopen();
    copy_has(dir, "400\n");
    assert_true(turn(OPENING));
    check_published(400);
    append(400, 10, "prep-acta/v1");
    assert_false(turn(OPENING));
    assert_int_equal(file_write(path_join(path, dir, "waived"), SPAN(""), false, &why), OK);
    assert_true(turn(OPENING));
    check_published(410);
}

static bool proof_is_in(const char *dir, unsigned number)
{
    char name[64], path[FILE_PATH_MAX];
    snprintf(name, sizeof name, "cut-%u.tlog-proof", number);
    return file_exists(path_join(path, dir, name));
}

static void copy_takes(const char *made, const char *copied, unsigned number)
{
    char name[64], from[FILE_PATH_MAX], to[FILE_PATH_MAX];
    snprintf(name, sizeof name, "cut-%u.tlog-proof", number);
    assert_int_equal(rename(path_join(from, made, name), path_join(to, copied, name)), 0);
}

/* A code is not shown before the copy has its file; and then it is of the very bytes that the copy has, whatever was signed
 * meanwhile, and across a restart. */
static void no_code_that_the_copy_has_not(void **state)
{
    (void)state;
    char copied[FILE_PATH_MAX], made[FILE_PATH_MAX], public[FILE_PATH_MAX], path[FILE_PATH_MAX];
    struct why why = {""};
    struct publisher_facts facts;
    options.copy_dir = path_join(copied, root_dir, "copy");
    options.proofs_dir = path_join(made, root_dir, "made");
    path_join(public, public_dir, "log");
    assert_int_equal(folder_make(made, &why), OK);
    copy_has(copied, "1000\n");
    append(0, 20, "prep-acta/v1");
    append_cut(20, 0);
    reopen();
    assert_true(turn(OPENING));
    assert_true(proof_is_in(made, 0) && !proof_is_in(public, 0));
    append(21, 5, "prep-acta/v1");
    append_cut(26, 1);
    assert_true(turn(OPENING)); /* the log does not wait */
    check_published(27);
    assert_true(proof_is_in(made, 0) && proof_is_in(made, 1));
    reopen();
    publisher_facts(publisher, &facts);
    assert_true(facts.proofs_wait && facts.cut_proofs == 0);
    assert_false(turn(OPENING));
    copy_takes(made, copied, 0);
    assert_int_equal(remove(path_join(path, copied, "have")),
                     0); /* another copy begins: it may not have it */
    assert_false(turn(OPENING));
    assert_false(proof_is_in(public, 0));
    copy_has(copied, "1000\n");
    assert_false(turn(OPENING));
    assert_true(proof_is_in(public, 0) && !proof_is_in(public, 1));
    check_proof(0, 20, 21); /* as it was made, of the first checkpoint that covers it */
    assert_int_equal(file_write(path_join(path, copied, "waived"), SPAN(""), false, &why), OK);
    assert_false(turn(OPENING)); /* a person says that it must go on without */
    check_proof(1, 26, 27);
    publisher_facts(publisher, &facts);
    assert_true(!facts.proofs_wait && facts.cut_proofs == 2);
}

/* A night made again from its copy: the signer's memory is the whole of what was copied. */
static void a_restored_night_goes_on(void **state)
{
    (void)state;
    struct why why = {""};
    struct merkle_edge edge;
    append(0, 300, "prep-acta/v1");
    reopen();
    assert_true(turn(OPENING));
    append(300, 20, "prep-acta/v1"); /* copied, and not yet signed when the host was lost */
    merkle_edge_init(&edge);
    for (uint64_t i = 0; i < 320; i++) {
        char text[64];
        struct hash leaf;
        int len = snprintf(text, sizeof text, "prep-acta/v1\nn %llu\n", (unsigned long long)i);
        merkle_leaf(span_of(text, (size_t)len), &leaf);
        merkle_edge_add(&edge, &leaf);
    }
    signer.size = edge.size;
    merkle_edge_root(&edge, &signer.root);
    assert_int_equal(remove(state_path), 0);
    assert_int_equal(signer_begin_at(state_path, &signer, &why), OK);
    assert_int_equal(folder_remove(public_dir, &why), OK);
    reopen();
    assert_true(turn(OPENING));
    check_published(320);
    append(320, 10, "prep-acta/v1");
    assert_true(turn(OPENING));
    check_published(330);
}

static void a_signature_that_never_arrived(void **state)
{
    (void)state;
    struct why why = {""};
    bool lost = true;
    bool grew = false;
    append(0, 10, "prep-acta/v1");
    reopen();
    assert_true(turn(OPENING));
    append(10, 10, "prep-acta/v1");
    assert_int_equal(publisher_turn(publisher, OPENING, ask_signer, &lost, &grew, &why), ERR_IO);
    check_published(10); /* the signer is ahead now, at 20 */
    reopen();
    append(20, 5, "prep-acta/v1");
    assert_true(turn(OPENING));
    check_published(25);
}

static void a_ledger_rolled_back_is_refused(void **state)
{
    (void)state;
    struct why why = {""};
    append(0, 10, "prep-acta/v1");
    reopen();
    assert_true(turn(OPENING));
    assert_int_equal(folder_remove(ledger_dir, &why), OK);
    append(0, 9, "prep-acta/v1");
    publisher_close(publisher);
    publisher = NULL;
    assert_int_equal(publisher_open(&options, &publisher, &why), ERR_CONFLICT);
    assert_int_equal(folder_remove(ledger_dir, &why), OK);
    append(0, 12, "prep-acta/v2"); /* as long, and another history */
    why.text[0] = '\0';
    assert_int_equal(publisher_open(&options, &publisher, &why), ERR_CONFLICT);
    assert_non_null(strstr(why.text, "not those of the published checkpoint"));
}

/* Yesterday's disk of everything but the signer: it refuses, and the checkpoint that stands stays. */
static void yesterdays_disk_gets_no_signature(void **state)
{
    (void)state;
    struct why why = {""};
    bool grew = false;
    append(0, 20, "prep-acta/v1");
    reopen();
    assert_true(turn(OPENING));
    assert_int_equal(folder_remove(ledger_dir, &why), OK);
    assert_int_equal(folder_remove(public_dir, &why), OK);
    append(0, 20, "prep-acta/v2");
    reopen();
    assert_int_not_equal(publisher_turn(publisher, OPENING, ask_signer, NULL, &grew, &why), OK);
    assert_false(grew);
    append(20, 20, "prep-acta/v2");
    assert_int_not_equal(publisher_turn(publisher, OPENING, ask_signer, NULL, &grew, &why), OK);
    char path[FILE_PATH_MAX];
    assert_false(file_exists(path_join(path, public_dir, "log/checkpoint")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_follows_the_ledger, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_with_votes_before_the_hour, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cut_is_proven_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_proof_that_was_not_written, setup, teardown),
        cmocka_unit_test_setup_teardown(partial_tiles_go_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_that_the_copy_has_not, setup, teardown),
        cmocka_unit_test_setup_teardown(no_code_that_the_copy_has_not, setup, teardown),
        cmocka_unit_test_setup_teardown(a_restored_night_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(a_signature_that_never_arrived, setup, teardown),
        cmocka_unit_test_setup_teardown(a_ledger_rolled_back_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(yesterdays_disk_gets_no_signature, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
