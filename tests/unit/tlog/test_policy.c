/* Policies: good ones parse, hostile ones are refused with a line and a rule; quorums; checkpoints under a policy, with a
 * forged twin of each part; the published example with a real cosignature. */
#include "base/codec.h"
#include "os/file.h"
#include "seal_secret/sign.h"
#include "tlog/cosignature.h"
#include "tlog/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static const char GOOD[] = "tests/vectors/policy/good";
static const char HOSTILE[] = "tests/vectors/policy/hostile";

static void read_vector(const char *dir, const char *name, struct buf *out)
{
    char path[FILE_PATH_MAX];
    struct why why = {0};
    if (file_read(path_join(path, dir, name), POLICY_BYTES, out, &why) != OK) {
        fail_msg("%s", why.text);
    }
}

static struct policy *parsed(struct span text)
{
    struct policy *policy = NULL;
    struct why why = {0};
    if (policy_parse(text, &policy, &why) != OK) {
        fail_msg("%s", why.text);
    }
    return policy;
}

static struct policy *good(const char *name)
{
    struct buf bytes = {0};
    read_vector(GOOD, name, &bytes);
    struct policy *policy = parsed(buf_as_span(&bytes));
    buf_done(&bytes);
    return policy;
}

static enum err see_good(void *arg, const char *name, int64_t size)
{
    (void)size;
    policy_free(good(name));
    ++*(int *)arg;
    return OK;
}

static void good_policies(void **state)
{
    (void)state;
    int n = 0;
    assert_int_equal(folder_walk(GOOD, see_good, &n, NULL), OK);
    assert_true(n >= 10);
}

static enum err see_hostile(void *arg, const char *name, int64_t size)
{
    struct buf bytes = {0};
    struct policy *policy = NULL;
    struct why why = {0};
    (void)size;
    read_vector(HOSTILE, name, &bytes);
    if (policy_parse(buf_as_span(&bytes), &policy, &why) == OK) {
        fail_msg("%s must be refused", name);
    }
    assert_null(policy);
    assert_true(strncmp(why.text, "policy", 6) == 0 && strchr(why.text, ':') != NULL);
    ++*(int *)arg;
    buf_done(&bytes);
    return OK;
}

static void hostile_policies(void **state)
{
    (void)state;
    int n = 0;
    assert_int_equal(folder_walk(HOSTILE, see_hostile, &n, NULL), OK);
    assert_true(n >= 40);
}

/* partidos: 2 of w1..w3, medios: any of w4 w5, universidades: both of w6 w7; all three. Every subset of the seven. */
static void a_quorum_of_sectors(void **state)
{
    (void)state;
    struct policy *policy = good("sectors");
    for (unsigned set = 0; set < 128; set++) {
        bool cosigned[POLICY_WITNESSES] = {false};
        for (unsigned i = 0; i < 7; i++) {
            cosigned[i] = (set >> i & 1) != 0;
        }
        unsigned parties = (set & 1) + (set >> 1 & 1) + (set >> 2 & 1);
        bool due = parties >= 2 && (set & 0x18) != 0 && (set & 0x60) == 0x60;
        assert_int_equal(policy_quorum(policy, cosigned), due);
    }
    policy_free(policy);
    policy = good("quorum-none");
    assert_true(policy_quorum(policy, (bool[POLICY_WITNESSES]){false}));
    policy_free(policy);
}

static void sixty_four_witnesses(void **state)
{
    (void)state;
    struct policy *policy = good("sixty-four");
    bool cosigned[POLICY_WITNESSES] = {false};
    assert_int_equal(policy->n_witnesses, 64);
    for (int i = 0; i < 64; i++) {
        assert_int_equal(policy_quorum(policy, cosigned), i >= 43);
        cosigned[63 - i] = true;
    }
    policy_free(policy);
}

/* --- a log, three witnesses, two of them needed --- */

static struct secret_key seeded(const char *name, uint8_t fill)
{
    uint8_t seed[32];
    struct secret_key key;
    memset(seed, fill, sizeof seed);
    assert_int_equal(secret_key_from_seed(span_str(name), seed, &key), OK);
    return key;
}

static void cosigner_id(const struct secret_key *key, uint8_t id[4])
{
    note_key_id(span_str(key->key.name), NOTE_COSIGNATURE, span_of((const char *)key->key.public, 32), id);
}

static void print_cosigner(const struct secret_key *key, struct buf *out)
{
    uint8_t id[4];
    uint8_t typed[33] = {NOTE_COSIGNATURE};
    char hex[9];
    cosigner_id(key, id);
    hex_print(hex, id, 4);
    memcpy(typed + 1, key->key.public, 32);
    buf_printf(out, "%s+%s+", key->key.name, hex);
    base64_print(out, typed, sizeof typed);
}

static void cosign(const struct secret_key *key, struct span text, uint64_t time_s, struct buf *note)
{
    uint8_t bytes[4 + COSIGNATURE_LEN];
    struct buf message = {0};
    cosigner_id(key, bytes);
    for (int i = 0; i < 8; i++) {
        bytes[4 + i] = (uint8_t)(time_s >> (56 - 8 * i));
    }
    cosignature_message(text, time_s, &message);
    ed25519_sign(key, buf_as_span(&message), bytes + 12);
    buf_printf(note, "\xe2\x80\x94 %s ", key->key.name);
    base64_print(note, bytes, sizeof bytes);
    buf_char(note, '\n');
    buf_done(&message);
}

static const char TEXT[] = "prep.example.mx/2027\n1\nBFOTKdt0xeToY5wKAruF4nlqzJX+N7BuuuV07caRodw=\n";

struct scene {
    struct secret_key log, w[3];
    struct policy *policy;
};

static void set(struct scene *s)
{
    struct buf text = {0};
    static const char *const names[] = {"uno.mx/w", "dos.mx/w", "tres.mx/w"};
    s->log = seeded("prep.example.mx/2027", 1);
    buf_str(&text, "log ");
    note_key_print(&s->log.key, &text);
    buf_char(&text, '\n');
    for (int i = 0; i < 3; i++) {
        s->w[i] = seeded(names[i], (uint8_t)(2 + i));
        buf_printf(&text, "witness w%d ", i);
        print_cosigner(&s->w[i], &text);
        buf_char(&text, '\n');
    }
    buf_str(&text, "group g 2 w0 w1 w2\nquorum g\n");
    s->policy = parsed(buf_as_span(&text));
    buf_done(&text);
}

static enum err look(const struct scene *s, const struct buf *note, struct policy_verdict *verdict)
{
    struct why why = {0};
    enum err err = policy_check(s->policy, buf_as_span(note), verdict, &why);
    assert_true(err == OK || why.text[0] != '\0');
    return err;
}

static void a_checkpoint_under_a_policy(void **state)
{
    (void)state;
    struct scene s;
    struct policy_verdict verdict;
    struct buf note = {0};
    set(&s);
    note_make(&s.log, span_str(TEXT), &note);
    assert_int_equal(look(&s, &note, &verdict), OK);
    assert_false(verdict.quorum);
    assert_int_equal(verdict.cosigners, 0);
    assert_true(verdict.checkpoint.size == 1);
    cosign(&s.w[2], span_str(TEXT), 1000, &note);
    cosign(&s.w[2], span_str(TEXT), 3000, &note); /* the same one again: one voice, its newest time */
    assert_int_equal(look(&s, &note, &verdict), OK);
    assert_false(verdict.quorum);
    assert_int_equal(verdict.cosigners, 1);
    assert_true(verdict.times[2] == 3000 && policy_quorum_time(s.policy, &verdict) == 0);
    cosign(&s.w[0], span_str(TEXT), 2000, &note);
    struct secret_key stranger = seeded("otro.mx", 9);
    note_sign(&stranger, SPAN("anything\n"), &note);
    assert_int_equal(look(&s, &note, &verdict), OK);
    assert_true(verdict.quorum);
    assert_int_equal(verdict.cosigners, 2);
    assert_int_equal(verdict.unknown, 1);
    assert_true(policy_quorum_time(s.policy, &verdict) == 2000); /* two had seen it by then */
    cosign(&s.w[1], span_str(TEXT), 2500, &note);
    assert_int_equal(look(&s, &note, &verdict), OK);
    assert_true(policy_quorum_time(s.policy, &verdict) == 2500);
    buf_done(&note);
    policy_free(s.policy);
}

static void what_must_be_refused(void **state)
{
    (void)state;
    struct scene s;
    struct policy_verdict verdict;
    struct buf note = {0};
    set(&s);
    buf_str(&note, TEXT);
    buf_char(&note, '\n');
    cosign(&s.w[0], span_str(TEXT), 5, &note);
    cosign(&s.w[1], span_str(TEXT), 5, &note);
    assert_int_equal(look(&s, &note, &verdict), ERR_MISSING); /* a quorum without the log */

    buf_clear(&note);
    note_make(&s.log, span_str(TEXT), &note);
    cosign(&s.w[0], SPAN("another text\n"), 5, &note); /* a known key that does not verify spoils the note */
    assert_int_equal(look(&s, &note, &verdict), ERR_FORGED);

    buf_clear(&note);
    note_make(&s.log, span_str(TEXT), &note);
    cosign(&s.w[0], span_str(TEXT), 0, &note); /* a time of nothing */
    assert_int_equal(look(&s, &note, &verdict), ERR_FORGED);

    buf_clear(&note);
    note_make(&s.log, SPAN("prep.example.mx/otra\n1\nBFOTKdt0xeToY5wKAruF4nlqzJX+N7BuuuV07caRodw=\n"), &note);
    assert_int_equal(look(&s, &note, &verdict), ERR_FORGED); /* for another origin */

    buf_clear(&note);
    note_make(&s.log, SPAN("no checkpoint\n"), &note);
    assert_int_equal(look(&s, &note, &verdict), ERR_SYNTAX);
    buf_done(&note);
    policy_free(s.policy);
}

/* Two cosignatures of two that are needed: whichever bit changes, one of the three signatures is gone. */
static void a_flipped_bit_never_helps(void **state)
{
    (void)state;
    struct scene s;
    struct policy_verdict verdict;
    struct buf note = {0};
    set(&s);
    note_make(&s.log, span_str(TEXT), &note);
    cosign(&s.w[0], span_str(TEXT), 77, &note);
    cosign(&s.w[1], span_str(TEXT), 78, &note);
    for (size_t bit = 0; bit < note.len * 8; bit++) {
        note.at[bit / 8] = (char)(note.at[bit / 8] ^ (1 << bit % 8));
        if (policy_check(s.policy, buf_as_span(&note), &verdict, NULL) == OK) {
            assert_false(verdict.quorum);
        }
        note.at[bit / 8] = (char)(note.at[bit / 8] ^ (1 << bit % 8));
    }
    buf_done(&note);
    policy_free(s.policy);
}

/* A checkpoint and a cosignature that another implementation made: the golden log of the published vectors. */
static void the_golden_checkpoint(void **state)
{
    (void)state;
    static const char policy_text[] =
        "log prep.example.mx/2027/test+1f87f1a6+AQjaM0a9Es3ZWXuroxg1jsVCjFr1CQq7c30D90rbcNRo\n"
        "witness w1 difusor.example.mx/w1+9c1b313f+BDL57f26rMuyt8S0IWvM+ynyvdMMuLsmtGZgAPxi5z+7\nquorum w1\n";
    static const char note[] =
        "prep.example.mx/2027/test\n1\nBFOTKdt0xeToY5wKAruF4nlqzJX+N7BuuuV07caRodw=\n\n"
        "\xe2\x80\x94 prep.example.mx/2027/test "
        "H4fxpvrkznHOOV/AtXT9yyULS4XkP4HS7cjtKkEqNon1uEdkXkw+GgMzjwa/WvjBc1OX79DpwzqeKwkZhmSlWkKV5Q8=\n"
        "\xe2\x80\x94 difusor.example.mx/w1 "
        "nBsxPwAAAABs5c7B86KCzgq4VLkw2JUFBb+rLpeZJAPYeDypDtxdVn547J4lZJXkP1WD1hc3R19VY9tpobhst+IvEfXtTPBNrKSgBw==\n";
    struct policy *policy = parsed(span_str(policy_text));
    struct policy_verdict verdict;
    struct why why = {0};
    assert_int_equal(policy_check(policy, span_str(note), &verdict, &why), OK);
    assert_true(verdict.quorum && policy_quorum_time(policy, &verdict) == 1827000001);
    policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_policies),
        cmocka_unit_test(hostile_policies),
        cmocka_unit_test(a_quorum_of_sectors),
        cmocka_unit_test(sixty_four_witnesses),
        cmocka_unit_test(a_checkpoint_under_a_policy),
        cmocka_unit_test(what_must_be_refused),
        cmocka_unit_test(a_flipped_bit_never_helps),
        cmocka_unit_test(the_golden_checkpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
