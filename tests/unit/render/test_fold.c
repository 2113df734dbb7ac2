/* The fold: versions, corrections that take totals down, actas outside the catalogue, review, order of entries. */
#include "ledger_text.h"

#include "seal_secret/sign.h"

#include <inttypes.h>
#include <stdio.h>

struct bench {
    struct election election;
    struct fold *fold;
    struct buf entry;
};

static int setup(void **state)
{
    static struct bench bench;
    bench = (struct bench){0};
    election_small(&bench.election);
    assert_int_equal(fold_new(&bench.election, &bench.fold), OK);
    ledger_text_apply(bench.fold, "tests/vectors/package/ledger.txt");
    *state = &bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    fold_free(bench->fold);
    election_done(&bench->election);
    buf_done(&bench->entry);
    return 0;
}

static enum err apply(struct bench *bench, const struct entry *entry, struct why *why)
{
    buf_clear(&bench->entry);
    entry_print(entry, &bench->entry);
    *why = (struct why){{0}};
    return fold_apply(bench->fold, bench->fold->log_size, buf_as_span(&bench->entry), why);
}

/* The next version of an acta that stands, every vote multiplied. */
static struct entry next_version(struct bench *bench, uint32_t acta, uint32_t times)
{
    const struct record *record = bench->fold->records[acta];
    const struct acta *row = &bench->election.actas[acta];
    struct entry entry = {.type = ENTRY_ACTA};
    struct entry_acta *to = &entry.as.acta;
    memcpy(to->key, row->key, sizeof to->key);
    to->contest = bench->election.contests[row->contest].id;
    to->version = record->version + 1;
    to->previous = record->entry;
    to->centre = SPAN("catd-01");
    to->reason = record->version > 0 ? SPAN("cotejo") : SPAN("");
    memcpy(&to->sheet, &record->sheet, sheet_size(bench->election.contests[row->contest].n_columns));
    for (int i = 0; i < to->sheet.n_votes; i++) {
        to->sheet.votes[i].value *= times;
    }
    const struct station *station = &bench->election.stations[row->station];
    const struct contest *contest = &bench->election.contests[row->contest];
    uint64_t columns =
        contest_columns_in(contest, election_acta_area(&bench->election, row, contest->area_kind));
    to->judgement = sheet_judge(&to->sheet, columns, station);
    return entry;
}

static uint64_t votes(const struct bench *bench)
{
    return fold_count(bench->fold, 0, 0)->votes;
}

static void test_corrections_go_down(void **state)
{
    struct bench *bench = *state;
    struct why why;
    uint32_t acta;
    uint64_t before = votes(bench), computed = bench->fold->records[3]->judgement.computed;
    struct entry entry = next_version(bench, 3, 0);
    uint64_t corrections = bench->fold->corrections;
    fold_clean(bench->fold);
    assert_int_equal(apply(bench, &entry, &why), OK);
    assert_int_equal(votes(bench), before - computed);
    assert_int_equal(bench->fold->corrections, corrections + 1);
    assert_int_equal(bench->fold->last_down_entry, bench->fold->log_size - 1);
    assert_int_equal(bench->fold->dirty[3], 1);
    assert_true(fold_check(bench->fold, &acta, &why));
    const struct count *entity = fold_count(bench->fold, 0, 0);
    uint64_t districts = 0;
    for (uint32_t a = 0; a < bench->election.n_areas; a++) {
        if (bench->election.areas[a].kind == AREA_DISTRICT) {
            districts += fold_count(bench->fold, 0, a)->captured;
        }
    }
    assert_true(districts <= entity->captured && districts > 0);
}

static void test_wrong_versions(void **state)
{
    struct bench *bench = *state;
    struct why why;
    uint64_t before = votes(bench), size = bench->fold->log_size;
    struct entry entry = next_version(bench, 3, 1);
    entry.as.acta.version++;
    assert_int_equal(apply(bench, &entry, &why), ERR_CONFLICT);
    assert_non_null(strstr(why.text, "version 3 follows version 1"));
    entry.as.acta.version--;
    entry.as.acta.previous--;
    assert_int_equal(apply(bench, &entry, &why), ERR_CONFLICT);
    entry.as.acta.previous++;
    entry.as.acta.contest = bench->election.contests[1].id;
    assert_int_equal(apply(bench, &entry, &why), ERR_CONFLICT);
    entry.as.acta.contest = SPAN("otra");
    assert_int_equal(apply(bench, &entry, &why), ERR_CONFLICT);
    assert_int_equal(votes(bench), before);
    assert_int_equal(bench->fold->log_size, size);
}

static void test_order_of_indices(void **state)
{
    struct bench *bench = *state;
    struct why why = {{0}};
    struct entry entry = {.type = ENTRY_CLOSE, .as.close = {.reason = SPAN("prueba")}};
    buf_clear(&bench->entry);
    entry_print(&entry, &bench->entry);
    uint64_t size = bench->fold->log_size;
    assert_int_equal(fold_apply(bench->fold, size + 1, buf_as_span(&bench->entry), &why), ERR_CONFLICT);
    assert_int_equal(fold_apply(bench->fold, size - 1, buf_as_span(&bench->entry), &why), ERR_CONFLICT);
    assert_false(bench->fold->closed);
    assert_int_equal(fold_apply(bench->fold, size, buf_as_span(&bench->entry), &why), OK);
    assert_true(bench->fold->closed);
}

static void test_outside(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(bench->fold->n_outsides, 2);
    assert_int_equal(fold_count(bench->fold, 0, 0)->out_of_catalogue, 2);
    assert_string_equal(bench->fold->outsides[0].key, "FC-0123456789abcdef");
    assert_true(span_is(bench->fold->outsides[0].stated, "090077C0200A02"));
    assert_int_equal(bench->fold->outsides[0].record.judgement.counted, COUNTED_OUT_OF_CATALOGUE);
}

static struct entry review(const char *key, uint64_t entry, bool hold)
{
    struct entry out = {.type = ENTRY_REVIEW,
                        .as.review = {.entry = entry, .hold = hold, .reason = SPAN("prueba")}};
    snprintf(out.as.review.key, sizeof out.as.review.key, "%s", key);
    return out;
}

static void test_review(void **state)
{
    struct bench *bench = *state;
    struct why why;
    uint32_t acta;
    struct count before = *fold_count(bench->fold, 0, 0);
    const char *key = bench->election.actas[3].key;
    uint64_t index = bench->fold->records[3]->entry;
    struct entry hold = review(key, index, true), release = review(key, index, false);
    assert_int_equal(apply(bench, &hold, &why), OK);
    assert_int_equal(bench->fold->n_in_review, 1);
    assert_int_equal(fold_count(bench->fold, 0, 0)->in_review, 1);
    assert_int_equal(fold_count(bench->fold, 0, 0)->captured, before.captured - 1);
    assert_int_equal(apply(bench, &hold, &why), OK); /* twice is the same */
    assert_int_equal(bench->fold->n_in_review, 1);
    assert_true(fold_check(bench->fold, &acta, &why));
    assert_int_equal(apply(bench, &release, &why), OK);
    assert_int_equal(bench->fold->n_in_review, 0);
    assert_true(count_equal(&before, fold_count(bench->fold, 0, 0)));
    struct entry unknown = review("090999B0100A02", 1, true);
    assert_int_equal(apply(bench, &unknown, &why), ERR_CONFLICT);
    struct entry later = review(key, index + 100000, true);
    assert_int_equal(apply(bench, &later, &why), ERR_CONFLICT);
    struct entry old = review(bench->election.actas[4].key, bench->fold->records[4]->entry - 1, true);
    assert_int_equal(apply(bench, &old, &why), OK); /* of a version that was replaced: nothing */
    assert_int_equal(bench->fold->n_in_review, 0);
}

static void test_wrong_arithmetic_is_set_aside(void **state)
{
    struct bench *bench = *state;
    struct why why;
    struct entry entry = next_version(bench, 3, 1);
    uint64_t before = votes(bench), computed = bench->fold->records[3]->judgement.computed;
    entry.as.acta.judgement.computed++;
    assert_int_equal(apply(bench, &entry, &why), OK);
    assert_true(bench->fold->records[3]->in_review && !bench->fold->records[3]->held);
    assert_int_equal(votes(bench), before - computed);
    entry = next_version(bench, 3, 1);
    assert_int_equal(apply(bench, &entry, &why), OK); /* a correction that is right ends it */
    assert_false(bench->fold->records[3]->in_review);
    assert_int_equal(votes(bench), before);
}

static void test_check_names_the_record(void **state)
{
    struct bench *bench = *state;
    struct why why = {{0}};
    uint32_t acta = 0;
    assert_true(fold_check(bench->fold, &acta, &why));
    bench->fold->records[5]->judgement.computed++;
    assert_false(fold_check(bench->fold, &acta, &why));
    assert_int_equal(acta, 5);
    bench->fold->records[5]->judgement.computed--;
    bench->fold->counts[0].votes++;
    assert_false(fold_check(bench->fold, &acta, &why));
    assert_int_equal(acta, UINT32_MAX);
    bench->fold->counts[0].votes--;
}

/* A second fold that reads ahead what it can, beside one that takes every entry in turn. */
static void apply_both(struct fold *plain, struct fold *ahead, struct span entry, uint32_t *n_ready)
{
    struct why why = {{0}};
    struct why said = {{0}};
    struct ready ready;
    struct hash leaf;
    uint64_t index = plain->log_size;
    merkle_leaf(entry, &leaf);
    bool is_ready = fold_read_ahead(ahead, index % FOLD_READERS, index, entry, &leaf, &ready);
    *n_ready += is_ready;
    enum err err = fold_apply(plain, index, entry, &why);
    assert_int_equal(is_ready ? fold_apply_ready(ahead, index, &ready, &said)
                              : fold_apply_leaf(ahead, index, entry, &leaf, &said),
                     err);
    assert_string_equal(why.text, said.text);
}

/* But for the padding behind the image's hash, which nobody writes. */
static void sheets_are_same(const struct sheet *x, const struct sheet *y)
{
    size_t hash_end = offsetof(struct sheet, image) + sizeof x->image;
    size_t behind = offsetof(struct sheet, image_bytes);
    assert_memory_equal(x, y, hash_end);
    assert_memory_equal((const char *)x + behind, (const char *)y + behind, sheet_size(x->n_votes) - behind);
}

static void folds_are_same(const struct fold *a, const struct fold *b)
{
    const struct election *election = a->election;
    uint32_t acta = 0;
    struct why why = {{0}};
    assert_true(fold_check(a, &acta, &why) && fold_check(b, &acta, &why));
    assert_true(a->log_size == b->log_size && a->first_acta == b->first_acta &&
                a->n_in_review == b->n_in_review && a->corrections == b->corrections);
    assert_memory_equal(a->flow, b->flow, sizeof a->flow);
    for (uint32_t i = 0; i < election->n_contests * election->n_areas; i++) {
        assert_true(count_equal(&a->counts[i], &b->counts[i]));
    }
    for (uint32_t i = 0; i < election->n_actas; i++) {
        const struct record *x = a->records[i];
        const struct record *y = b->records[i];
        assert_true(x->entry == y->entry && x->version == y->version && x->in_review == y->in_review &&
                    x->held == y->held && x->findings == y->findings && hash_equal(&x->leaf, &y->leaf));
        assert_int_equal(a->dirty[i], b->dirty[i]);
        sheets_are_same(&x->sheet, &y->sheet);
    }
}

static void test_what_is_read_ahead_is_the_same(void **state)
{
    struct bench *bench = *state;
    struct fold *plain = NULL;
    struct fold *ahead = NULL;
    struct buf text = {0};
    struct why why = {{0}};
    uint32_t n_ready = 0;
    assert_int_equal(fold_new(&bench->election, &plain), OK);
    assert_int_equal(fold_new(&bench->election, &ahead), OK);
    assert_int_equal(file_read("tests/vectors/package/ledger.txt", 1 << 22, &text, &why), OK);
    struct span rest = buf_as_span(&text);
    struct span acta = SPAN("");
    while (rest.len > 0) {
        const char *gap = memmem(rest.at, rest.len, "\n\n", 2);
        size_t len = gap == NULL ? rest.len : (size_t)(gap - rest.at) + 1;
        uint32_t before = n_ready;
        apply_both(plain, ahead, span_of(rest.at, len), &n_ready);
        acta = n_ready > before ? span_of(rest.at, len) : acta;
        rest = span_from(rest, len + 1);
    }
    folds_are_same(plain, ahead);
    assert_true(n_ready > 10 && n_ready < plain->log_size);
    uint32_t before = n_ready;
    apply_both(plain, ahead, acta, &n_ready); /* a first version again: refused with the same words */
    assert_int_equal(n_ready, before + 1);
    folds_are_same(plain, ahead);
    buf_done(&text);
    fold_free(plain);
    fold_free(ahead);
}

static void test_cuts_follow(void **state)
{
    struct bench *bench = *state;
    struct why why;
    struct entry cut = {
        .type = ENTRY_CUT,
        .as.cut = {.number = 1, .next_ms = -1, .package_ms = -1, .log_size = 3, .previous = ENTRY_NONE}};
    assert_int_equal(apply(bench, &cut, &why), OK);
    uint64_t first = bench->fold->last_cut_entry;
    cut.as.cut.number = 1;
    cut.as.cut.previous = first;
    assert_int_equal(apply(bench, &cut, &why), ERR_CONFLICT);
    cut.as.cut.number = 2;
    cut.as.cut.log_size = bench->fold->log_size + 1;
    assert_int_equal(apply(bench, &cut, &why), ERR_CONFLICT);
    cut.as.cut.log_size = 4;
    cut.as.cut.previous = first - 1;
    assert_int_equal(apply(bench, &cut, &why), ERR_CONFLICT);
    cut.as.cut.previous = first;
    assert_int_equal(apply(bench, &cut, &why), OK);
    assert_int_equal(bench->fold->last_cut.number, 2);
}

static void test_by_party_loses_no_vote(void **state)
{
    struct bench *bench = *state;
    for (uint32_t c = 0; c < bench->election.n_contests; c++) {
        for (uint32_t area = 0; area < bench->election.n_areas; area++) {
            uint64_t parties[COLUMNS_MAX], sum = 0;
            fold_by_party(bench->fold, c, (uint16_t)area, parties);
            for (int i = 0; i < COLUMNS_MAX; i++) {
                sum += parties[i];
            }
            assert_int_equal(sum, fold_count(bench->fold, c, area)->votes);
        }
    }
}

static const char *vkey_of(struct span name, uint8_t fill)
{
    static struct buf out;
    static struct secret_key key;
    uint8_t seed[32];
    memset(seed, fill, sizeof seed);
    assert_int_equal(secret_key_from_seed(name, seed, &key), OK);
    buf_clear(&out);
    note_key_print(&key.key, &out);
    return buf_cstr(&out);
}

static enum err apply_key(struct bench *bench, enum key_role role, const char *vkey, uint64_t replaces)
{
    struct why why;
    struct entry entry = {.type = ENTRY_KEY,
                          .as.key = {.role = (uint8_t)role, .vkey = span_str(vkey), .replaces = replaces}};
    enum err err = apply(bench, &entry, &why);
    assert_true(err == OK || why.text[0] != '\0');
    return err;
}

/* The cut and the log have one key at a time, each new one naming the one that it ends. */
static void test_keys(void **state)
{
    struct bench *bench = *state;
    struct span origin = bench->fold->origin;
    assert_null(fold_key_of(bench->fold, KEY_CUT));
    /* this ledger promises a definition and does not bring it: no key is bound before it is whole */
    assert_true(bench->fold->files_complete < bench->fold->files);
    assert_int_equal(apply_key(bench, KEY_CUT, vkey_of(origin, 1), ENTRY_NONE), ERR_CONFLICT);
    bench->fold->files_complete = bench->fold->files;
    uint64_t first = bench->fold->log_size;
    assert_int_equal(apply_key(bench, KEY_CUT, vkey_of(SPAN("otra.mx"), 1), ENTRY_NONE), ERR_CONFLICT);
    assert_int_equal(apply_key(bench, KEY_CUT, vkey_of(origin, 1), 0), ERR_CONFLICT);
    assert_int_equal(apply_key(bench, KEY_CUT, vkey_of(origin, 1), ENTRY_NONE), OK);
    assert_int_equal(apply_key(bench, KEY_CUT, vkey_of(origin, 2), ENTRY_NONE), ERR_CONFLICT);
    assert_int_equal(apply_key(bench, KEY_LOG, vkey_of(origin, 3), first), ERR_CONFLICT);
    assert_int_equal(apply_key(bench, KEY_LOG, vkey_of(origin, 3), ENTRY_NONE), OK);
    assert_int_equal(apply_key(bench, KEY_CUT, vkey_of(origin, 2), first), OK);
    const struct fold_key *key = fold_key_of(bench->fold, KEY_CUT);
    assert_true(span_is(key->vkey, vkey_of(origin, 2)) && key->replaces == first && key->entry == first + 2);
    assert_true(span_is(fold_key_of(bench->fold, KEY_LOG)->vkey, vkey_of(origin, 3)));
    assert_int_equal(apply_key(bench, KEY_DIFUSOR, vkey_of(SPAN("medio.mx/m"), 4), ENTRY_NONE), OK);
    assert_int_equal(apply_key(bench, KEY_DIFUSOR, vkey_of(SPAN("medio.mx/m"), 5), first), ERR_CONFLICT);
    assert_int_equal(apply_key(bench, KEY_DIFUSOR, vkey_of(SPAN("medio.mx/m"), 5), first + 3), OK);
    assert_int_equal(apply_key(bench, KEY_CUT, vkey_of(origin, 1), first + 2),
                     ERR_CONFLICT); /* it had ended */
    struct why why;
    struct entry cut = {
        .type = ENTRY_CUT,
        .as.cut = {.number = bench->fold->last_cut_entry == ENTRY_NONE ? 1 : bench->fold->last_cut.number + 1,
                   .next_ms = -1,
                   .package_ms = -1,
                   .log_size = first + 2,
                   .previous = bench->fold->last_cut_entry}};
    assert_int_equal(apply(bench, &cut, &why), ERR_CONFLICT);
    assert_non_null(strstr(why.text, "does not cover the key that signs it"));
    cut.as.cut.log_size = first + 3;
    assert_int_equal(apply(bench, &cut, &why), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_corrections_go_down, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_versions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order_of_indices, setup, teardown),
        cmocka_unit_test_setup_teardown(test_outside, setup, teardown),
        cmocka_unit_test_setup_teardown(test_review, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_arithmetic_is_set_aside, setup, teardown),
        cmocka_unit_test_setup_teardown(test_check_names_the_record, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_read_ahead_is_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cuts_follow, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_by_party_loses_no_vote, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
