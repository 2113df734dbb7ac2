/* The keys of the cuts read off the entries of a log, and logs that bind them as they may not. */
#include "formats/bound.h"
#include "seal/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char origin[] = "prep.example.mx/2027";

struct entries {
    struct bound bound;
    uint64_t next;
    struct why why;
};

static enum err give(struct entries *e, const char *text)
{
    e->why = (struct why){{0}};
    return bound_take(&e->bound, e->next++, span_str(text), &e->why);
}

static enum err give_entry(struct entries *e, const struct entry *entry)
{
    struct buf bytes = {0};
    entry_print(entry, &bytes);
    e->why = (struct why){{0}};
    enum err err = bound_take(&e->bound, e->next++, buf_as_span(&bytes), &e->why);
    buf_done(&bytes);
    return err;
}

static struct note_key key_of(const char *name, uint8_t seed)
{
    static const uint8_t publics[4][32] = {
        /* RFC 8032, 7.1: the public keys of tests 1, 2, 3 and 1024 */
        {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
         0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a},
        {0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a, 0xa7, 0x4d, 0x1b, 0x7e, 0xbc,
         0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4, 0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c},
        {0xfc, 0x51, 0xcd, 0x8e, 0x62, 0x18, 0xa1, 0xa3, 0x8d, 0xa4, 0x7e, 0xd0, 0x02, 0x30, 0xf0, 0x58,
         0x08, 0x16, 0xed, 0x13, 0xba, 0x33, 0x03, 0xac, 0x5d, 0xeb, 0x91, 0x15, 0x48, 0x90, 0x80, 0x25},
        {0x27, 0x81, 0x17, 0xfc, 0x14, 0x4c, 0x72, 0x34, 0x0f, 0x67, 0xd0, 0xf2, 0x31, 0x6e, 0x83, 0x86,
         0xce, 0xff, 0xbf, 0x2b, 0x24, 0x28, 0xc9, 0xc5, 0x1f, 0xef, 0x7c, 0x59, 0x7f, 0x1d, 0x42, 0x6e}};
    struct note_key key;
    assert_int_equal(note_key_make(span_str(name), publics[seed], &key), OK);
    return key;
}

static enum err give_key(struct entries *e, enum key_role role, const char *name, uint8_t seed,
                         uint64_t replaces)
{
    const struct note_key key = key_of(name, seed);
    struct buf vkey = {0};
    note_key_print(&key, &vkey);
    struct entry entry = {.type = ENTRY_KEY};
    entry.as.key = (struct entry_key){
        .role = (uint8_t)role, .vkey = buf_as_span(&vkey), .time_ms = 1000, .replaces = replaces};
    enum err err = give_entry(e, &entry);
    buf_done(&vkey);
    return err;
}

/* The opening and, unless it is left out, the one file of its definition. */
static void open_log(struct entries *e, bool whole)
{
    struct entry open = {.type = ENTRY_OPEN};
    struct entry file = {.type = ENTRY_FILE};
    *e = (struct entries){.next = 0};
    bound_init(&e->bound);
    open.as.open = (struct entry_open){.election = SPAN("simulacro"),
                                       .origin = span_str(origin),
                                       .drill = false,
                                       .n_files = 1,
                                       .time_ms = 1000};
    assert_int_equal(give_entry(e, &open), OK);
    file.as.file =
        (struct entry_file){.name = SPAN("election.ini"), .size = 3, .offset = 0, .bytes = SPAN("abc")};
    if (whole) {
        assert_int_equal(give_entry(e, &file), OK);
    }
}

static enum err give_cut(struct entries *e, uint32_t number, uint64_t log_size)
{
    char text[128];
    snprintf(text, sizeof text, "prep-cut/v1\nnumber %u\ntime x\nlog-size %llu\n", number,
             (unsigned long long)log_size);
    return give(e, text);
}

static void test_a_night_with_a_rotation(void **state)
{
    (void)state;
    struct entries e;
    open_log(&e, true);
    assert_int_equal(bound_newest(&e.bound), ENTRY_NONE);
    assert_int_equal(give_key(&e, KEY_LOG, origin, 0, ENTRY_NONE), OK);
    assert_int_equal(give_key(&e, KEY_CUT, origin, 1, ENTRY_NONE), OK);
    assert_int_equal(bound_newest(&e.bound), 3);
    assert_int_equal(give_cut(&e, 0, 4), OK);
    assert_int_equal(give(&e, "prep-acta/v1\nacta x\n"), OK);
    assert_int_equal(give_cut(&e, 1, 6), OK);
    assert_int_equal(give_key(&e, KEY_CUT, origin, 2, 3), OK);
    assert_int_equal(e.bound.keys.n, 2);
    assert_int_equal(e.bound.keys.keys[0].from, 0);
    assert_int_equal(e.bound.keys.keys[1].from, 2);
    assert_int_equal(bound_newest(&e.bound), 7);
    assert_int_equal(give_key(&e, KEY_DIFUSOR, "medio.mx/m", 3, ENTRY_NONE), OK); /* no key of the cuts */
    assert_int_equal(e.bound.keys.n, 2);
    assert_int_equal(give_cut(&e, 2, 9), OK);
}

static void test_keys_out_of_place(void **state)
{
    (void)state;
    struct entries e = {.next = 0};
    bound_init(&e.bound);
    assert_int_equal(give_key(&e, KEY_CUT, origin, 1, ENTRY_NONE), ERR_CONFLICT); /* before the opening */
    open_log(&e, false);
    assert_int_equal(give_key(&e, KEY_CUT, origin, 1, ENTRY_NONE), ERR_CONFLICT); /* before the definition */
    assert_non_null(strstr(e.why.text, "entry 1: a key before the definition is whole"));
    open_log(&e, true);
    assert_int_equal(give_key(&e, KEY_CUT, "prep.example.mx/otra", 1, ENTRY_NONE), ERR_CONFLICT);
    open_log(&e, true);
    assert_int_equal(give_key(&e, KEY_CUT, origin, 1, 0), ERR_CONFLICT); /* replaces what is no key */
    open_log(&e, true);
    assert_int_equal(give_key(&e, KEY_CUT, origin, 1, ENTRY_NONE), OK);
    assert_int_equal(give_key(&e, KEY_CUT, origin, 2, ENTRY_NONE), ERR_CONFLICT); /* a second first one */
    assert_int_equal(give_key(&e, KEY_CUT, origin, 1, 2), ERR_CONFLICT);          /* the same again */
    assert_int_equal(give_key(&e, KEY_CUT, origin, 2, 2), OK);
    assert_int_equal(give_key(&e, KEY_CUT, origin, 1, 5), ERR_CONFLICT); /* one that has ended */
    assert_int_equal(e.bound.keys.n, 2);
}

static void test_the_policy_comes_first(void **state)
{
    (void)state;
    struct entries e;
    struct entry policy = {.type = ENTRY_POLICY, .as.policy = {.version = 1, .note = SPAN("una nota")}};
    digest_of(policy.as.policy.note, policy.as.policy.sha256);
    open_log(&e, true);
    assert_int_equal(give_entry(&e, &policy), OK);
    assert_int_equal(give_key(&e, KEY_CUT, origin, 1, ENTRY_NONE), OK);
    policy.as.policy.version = 2;
    assert_int_equal(give_entry(&e, &policy), OK);
    policy.as.policy.version = 1;
    open_log(&e, true);
    assert_int_equal(give_key(&e, KEY_LOG, origin, 1, ENTRY_NONE), OK);
    assert_int_equal(give_entry(&e, &policy), ERR_CONFLICT);
    assert_non_null(strstr(e.why.text, "before the policy"));
    open_log(&e, true); /* a night without a ceremony has one later */
    assert_int_equal(give_key(&e, KEY_CUT, origin, 1, ENTRY_NONE), OK);
    assert_int_equal(give_cut(&e, 0, 3), OK);
    assert_int_equal(give_entry(&e, &policy), OK);
}

static void test_a_cut_covers_its_key(void **state)
{
    (void)state;
    struct entries e;
    open_log(&e, true);
    assert_int_equal(give_key(&e, KEY_CUT, origin, 1, ENTRY_NONE), OK);
    assert_int_equal(give_cut(&e, 0, 2), ERR_CONFLICT);
    assert_non_null(strstr(e.why.text, "does not cover the key"));
    assert_int_equal(give_cut(&e, 0, 3), OK);
    static const char *const broken[] = {"prep-cut/v1\n", "prep-cut/v1\nnumber\n", "prep-cut/v1\nnumber -1\n",
                                         "prep-cut/v1\nnumber 4294967295\n",
                                         "prep-cut/v1\nnumber 1\nlog-size x\n"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        assert_int_equal(give(&e, broken[i]), ERR_CONFLICT);
    }
    assert_int_equal(give(&e, "prep-key/v1\nrole cut\n"), ERR_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_night_with_a_rotation),
        cmocka_unit_test(test_keys_out_of_place),
        cmocka_unit_test(test_the_policy_comes_first),
        cmocka_unit_test(test_a_cut_covers_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
