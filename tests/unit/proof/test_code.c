/* The code of a cut: said for a proof that holds, and told from one that belongs to another cut, another manifest, another tree or
 * another log, each of them a file that somebody could publish. */
#include "folder.h"

#include "doors/cut_code.h"
#include "proof/code.h"
#include "seal_secret/sign.h"
#include "tlog/checkpoint.h"
#include "tlog/entry.h"

#include <stdio.h>

enum { LEAVES = 6, AT = 4, CUT = 12 };

#define ORIGIN "prep.example.mx/2027"

/* What a test changes of a proof that holds. */
struct wrong {
    uint32_t number;   /* the entry's, 0: CUT */
    uint8_t manifest;  /* its first byte */
    uint64_t index;    /* 0: AT */
    bool no_extra;     /* the entry is not in the file */
    bool other_entry;  /* not a cut's */
    bool other_root;   /* the checkpoint is of another tree */
    bool other_signer; /* of somebody who is not in the policy */
};

static void print_entry(const struct wrong *wrong, struct buf *out)
{
    struct entry entry = {.type = ENTRY_CUT};
    entry.as.cut = (struct entry_cut){.number = wrong->number != 0 ? wrong->number : CUT,
                                      .time_ms = INT64_C(1812334800000),
                                      .next_ms = -1,
                                      .package_ms = -1,
                                      .log_size = AT,
                                      .previous = ENTRY_NONE,
                                      .last = true,
                                      .n_figures = 1,
                                      .figures = {{SPAN("jg"), 9, 8, 7, 6}}};
    entry.as.cut.manifest[0] = wrong->manifest;
    if (wrong->other_entry) {
        entry = (struct entry){.type = ENTRY_NOTICE};
        entry.as.notice = (struct entry_notice){.time_ms = 0, .text = SPAN("aviso")};
    }
    entry_print(&entry, out);
}

static void sign_checkpoint(const struct wrong *wrong, const struct hash *root, struct buf *out)
{
    struct secret_key key;
    struct checkpoint checkpoint = {.origin = SPAN(ORIGIN), .size = LEAVES, .root = *root};
    uint8_t seed[32] = {wrong->other_signer ? 2 : 1};
    struct buf text = {0};
    checkpoint.root.bytes[0] ^= wrong->other_root;
    assert_int_equal(secret_key_from_seed(SPAN(ORIGIN), seed, &key), OK);
    checkpoint_print(&checkpoint, &text);
    note_make(&key, buf_as_span(&text), out);
    buf_done(&text);
}

static struct hash leaves[LEAVES];

static enum err read_node(void *arg, unsigned level, uint64_t index, struct hash *out)
{
    uint64_t first = index << level;
    (void)arg;
    *out = leaves[first];
    if (level > 0) {
        struct merkle_edge edge;
        merkle_edge_init(&edge);
        for (uint64_t i = first; i < first + (UINT64_C(1) << level); i++) {
            merkle_edge_add(&edge, &leaves[i]);
        }
        merkle_edge_root(&edge, out);
    }
    return OK;
}

static void print_proof(const struct wrong *wrong, struct buf *out)
{
    struct buf entry = {0};
    struct buf note = {0};
    struct hash root;
    struct tlog_proof proof = {.has_extra = !wrong->no_extra};
    print_entry(wrong, &entry);
    for (uint64_t i = 0; i < LEAVES; i++) {
        char text[16];
        merkle_leaf(span_of(text, (size_t)snprintf(text, sizeof text, "leaf %d", (int)i)), &leaves[i]);
    }
    merkle_leaf(buf_as_span(&entry), &leaves[AT]);
    assert_int_equal(merkle_root_of(LEAVES, read_node, NULL, &root), OK);
    assert_int_equal(merkle_prove_inclusion(AT, LEAVES, read_node, NULL, &proof.proof), OK);
    sign_checkpoint(wrong, &root, &note);
    proof.extra = buf_as_span(&entry);
    proof.index = wrong->index != 0 ? wrong->index : AT;
    proof.checkpoint = buf_as_span(&note);
    tlog_proof_print(&proof, out);
    buf_done(&entry);
    buf_done(&note);
}

static void put_pointer(const struct folder *folder)
{
    char text[1024];
    int len = snprintf(
        text, sizeof text,
        "{\"format\":1,\"cut\":%d,\"path\":\"cut/%d/\",\"time\":\"2027-06-07T02:20:00Z\",\"next\":null,"
        "\"last\":true,\"drill\":false,\"log_size\":4,\"manifest_sha256\":\"%064d\",\"package\":null,"
        "\"contests\":{\"jg\":{\"expected\":9,\"captured\":8,\"counted\":7,\"votes\":6}}}",
        CUT, CUT, 0);
    folder_put(folder, "latest.json", span_of(text, (size_t)len));
}

static void put_proof(const struct folder *folder, uint32_t cut, const struct wrong *wrong,
                      char code[CUT_CODE_LEN + 1])
{
    char path[CUT_PROOF_PATH_MAX];
    struct buf bytes = {0};
    print_proof(wrong, &bytes);
    cut_proof_path(cut, path);
    folder_put(folder, path, buf_as_span(&bytes));
    cut_code_print(buf_as_span(&bytes), code);
    buf_done(&bytes);
}

static const char *put_policy(const struct folder *folder)
{
    static char path[FILE_PATH_MAX];
    struct secret_key key;
    struct buf text = {0};
    uint8_t seed[32] = {1};
    assert_int_equal(secret_key_from_seed(SPAN(ORIGIN), seed, &key), OK);
    buf_str(&text, "log ");
    note_key_print(&key.key, &text);
    buf_str(&text, "\nquorum none\n");
    folder_put(folder, "policy", buf_as_span(&text));
    buf_done(&text);
    return path_join(path, folder->path, "policy");
}

static enum err ask(const struct code_options *options, struct buf *out)
{
    struct why why = {""};
    buf_clear(out);
    enum err err = proof_code(options, out, &why);
    assert_true(err == OK || err == ERR_CONFLICT || why.text[0] != '\0');
    (void)buf_cstr(out);
    return err;
}

static void a_proof_that_holds(void **state)
{
    (void)state;
    struct folder folder;
    struct buf out = {0};
    char code[CUT_CODE_LEN + 1];
    folder_begin(&folder);
    put_pointer(&folder);
    put_proof(&folder, CUT, &(struct wrong){0}, code);
    struct code_options options = {.where = folder.path, .heard = code, .cut = -1};
    assert_int_equal(ask(&options, &out), OK);
    assert_non_null(strstr(buf_cstr(&out), code));
    assert_non_null(strstr(buf_cstr(&out), "nobody knows who signed it"));
    options.policy = put_policy(&folder);
    options.json = true;
    assert_int_equal(ask(&options, &out), OK);
    assert_non_null(strstr(buf_cstr(&out), "\"proof\":\"holds\",\"pinned\":true"));
    assert_non_null(strstr(buf_cstr(&out), "\"same\":true"));
    buf_done(&out);
    folder_end(&folder);
}

static void proofs_of_something_else(void **state)
{
    (void)state;
    static const struct {
        struct wrong wrong;
        const char *says;
        bool by_policy; /* only who pins a policy can tell */
    } cases[] = {
        {{.number = CUT - 1}, "the proof is of another cut", false},
        {{.manifest = 9}, "another manifest than the one that latest.json shows", false},
        {{.index = AT - 1}, "not in the tree that the checkpoint signs", false},
        {{.other_root = true}, "not in the tree that the checkpoint signs", false},
        {{.no_extra = true}, "does not hold the cut's entry", false},
        {{.other_entry = true}, "no entry of a cut", false},
        {{.other_signer = true}, "", true},
    };
    struct folder folder;
    struct buf out = {0};
    char code[CUT_CODE_LEN + 1];
    folder_begin(&folder);
    put_pointer(&folder);
    const char *policy = put_policy(&folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_proof(&folder, CUT, &cases[i].wrong, code);
        struct code_options options = {.where = folder.path, .heard = code, .cut = -1};
        assert_int_equal(ask(&options, &out), cases[i].by_policy ? OK : ERR_CONFLICT);
        assert_non_null(strstr(buf_cstr(&out), cases[i].says));
        options.policy = policy;
        assert_int_equal(ask(&options, &out), ERR_CONFLICT);
        assert_non_null(strstr(buf_cstr(&out), "no vale / the proof does not hold"));
    }
    buf_done(&out);
    folder_end(&folder);
}

/* Bytes that are no proof have a code too, and nobody is told that it is worth anything. */
static void files_that_are_no_proof(void **state)
{
    (void)state;
    static const char *const texts[] = {"x", "\n", "c2sp.org/tlog-proof@v1\n",
                                        "c2sp.org/tlog-proof@v1\nindex 4\n\n"};
    struct folder folder;
    struct buf out = {0};
    folder_begin(&folder);
    put_pointer(&folder);
    const char *policy = put_policy(&folder);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct code_options options = {.where = folder.path, .cut = CUT};
        folder_put(&folder, "log/cut-12.tlog-proof", span_str(texts[i]));
        assert_int_equal(ask(&options, &out), ERR_CONFLICT);
        options.policy = policy;
        assert_int_equal(ask(&options, &out), ERR_CONFLICT);
    }
    struct code_options options = {.where = folder.path, .cut = CUT};
    folder_put(&folder, "log/cut-12.tlog-proof", SPAN(""));
    assert_int_equal(ask(&options, &out), ERR_SYNTAX);
    options.cut = CUT + 1;
    assert_int_equal(ask(&options, &out), ERR_MISSING);
    buf_done(&out);
    folder_end(&folder);
}

static void what_was_heard(void **state)
{
    (void)state;
    struct folder folder;
    struct buf out = {0};
    char code[CUT_CODE_LEN + 1];
    char before[CUT_CODE_LEN + 1];
    folder_begin(&folder);
    put_pointer(&folder);
    put_proof(&folder, CUT - 3, &(struct wrong){.number = CUT - 3}, before);
    put_proof(&folder, CUT, &(struct wrong){0}, code);
    struct code_options options = {.where = folder.path, .heard = before, .cut = -1};
    assert_int_equal(ask(&options, &out), ERR_CONFLICT);
    assert_non_null(strstr(buf_cstr(&out), "is the code of cut 9"));
    options.json = true;
    assert_int_equal(ask(&options, &out), ERR_CONFLICT);
    assert_non_null(strstr(buf_cstr(&out), "\"heard_cut\":9,\"same\":false"));
    options.json = false;
    options.heard = "AAAA-BBBB-CCCC-DDDD";
    assert_int_equal(ask(&options, &out), ERR_CONFLICT);
    assert_non_null(strstr(buf_cstr(&out), "is the code of no cut here"));
    options.heard = "AAAA-BBBB";
    assert_int_equal(ask(&options, &out), ERR_SYNTAX);
    buf_done(&out);
    folder_end(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proof_that_holds),
        cmocka_unit_test(proofs_of_something_else),
        cmocka_unit_test(files_that_are_no_proof),
        cmocka_unit_test(what_was_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
