/* The published vectors of the log's formats, where they are at hand (../shared or ATALAYA_SHARED): 98 + 98
 * Merkle cases, tile paths, proof files, and a golden log of 70,000 leaves whose every tile, root and proof
 * must come out byte for byte. Without them the tests skip with a word; the other units stand on their own.
 */
#include "base/codec.h"
#include "os/file.h"
#include "seal/digest.h"
#include "seal_secret/sign.h"
#include "tlog/checkpoint.h"
#include "tlog/tiles.h"

#include <dirent.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static char base[FILE_PATH_MAX];

static int find_vectors(void **state)
{
    (void)state;
    const char *given = getenv("ATALAYA_SHARED");
    snprintf(base, sizeof base, "%s/vectors/tlog", given != NULL ? given : "../shared");
    return 0;
}

static void need_vectors(void)
{
    if (!file_exists(base)) {
        print_message("skipped: %s is not here\n", base);
        skip();
    }
}

static json_t *load(const char *name)
{
    char path[FILE_PATH_MAX];
    json_error_t error;
    json_t *json = json_load_file(path_join(path, base, name), 0, &error);
    if (json == NULL) { /* some cases hold 2^64 - 1, which only fits a real */
        json = json_load_file(path, JSON_DECODE_INT_AS_REAL, &error);
    }
    if (json == NULL) {
        fail_msg("%s: %s", path, error.text);
    }
    return json;
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static uint64_t number_of(const json_t *object, const char *key)
{
    const json_t *number = json_object_get(object, key);
    if (json_is_real(number)) {
        return json_real_value(number) >= 18446744073709551615.0 ? UINT64_MAX
                                                                 : (uint64_t)json_real_value(number);
    }
    return (uint64_t)json_integer_value(number);
}

/* False when it is no base64 or longer than a hash: then the case is a refusal by shape. One case that must
 * check has placeholders of 12 bytes: shorter ones are filled up with zeros. */
static bool hash_of(const char *text, struct hash *out)
{
    struct buf bytes;
    buf_init(&bytes, 0);
    bool good =
        text != NULL && base64_parse(span_str(text), &bytes) == OK && bytes.len > 0 && bytes.len <= HASH_LEN;
    *out = (struct hash){{0}};
    if (good) {
        memcpy(out->bytes, bytes.at, bytes.len);
    }
    buf_done(&bytes);
    return good;
}

static bool proof_of(const json_t *list, struct merkle_proof *out)
{
    out->len = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (out->len == PROOF_MAX ||
            !hash_of(json_string_value(json_array_get(list, i)), &out->path[out->len])) {
            return false;
        }
        out->len++;
    }
    return true;
}

static bool inclusion_case(const json_t *c)
{
    struct hash root;
    struct hash leaf;
    struct merkle_proof proof;
    return hash_of(text_of(c, "root"), &root) && hash_of(text_of(c, "leafHash"), &leaf) &&
           proof_of(json_object_get(c, "proof"), &proof) &&
           merkle_check_inclusion(&leaf, number_of(c, "leafIdx"), number_of(c, "treeSize"), &proof, &root);
}

static bool consistency_case(const json_t *c)
{
    struct hash old_root;
    struct hash new_root;
    struct merkle_proof proof;
    return hash_of(text_of(c, "root1"), &old_root) && hash_of(text_of(c, "root2"), &new_root) &&
           proof_of(json_object_get(c, "proof"), &proof) &&
           merkle_check_consistency(number_of(c, "size1"), number_of(c, "size2"), &proof, &old_root,
                                    &new_root);
}

struct cases {
    const char *folder;
    bool (*check)(const json_t *);
    unsigned n;
};

static enum err run_case(void *arg, const char *relative, int64_t size)
{
    struct cases *cases = arg;
    (void)size;
    char name[FILE_PATH_MAX];
    json_t *c = load(path_join(name, cases->folder, relative));
    bool wanted = !json_is_true(json_object_get(c, "wantErr"));
    if (cases->check(c) != wanted) {
        fail_msg("%s: %s", relative, wanted ? "must check" : "must be refused");
    }
    json_decref(c);
    cases->n++;
    return OK;
}

static void run_cases(const char *folder, bool (*check)(const json_t *))
{
    need_vectors();
    struct cases cases = {folder, check, 0};
    char path[FILE_PATH_MAX];
    struct why why = {""};
    assert_int_equal(folder_walk(path_join(path, base, folder), run_case, &cases, &why), OK);
    assert_int_equal(cases.n, 98);
}

static void inclusion_cases(void **state)
{
    (void)state;
    run_cases("transparency-dev_merkle/testdata/inclusion", inclusion_case);
}

static void consistency_cases(void **state)
{
    (void)state;
    run_cases("transparency-dev_merkle/testdata/consistency", consistency_case);
}

static void tile_paths(void **state)
{
    (void)state;
    need_vectors();
    json_t *vectors = load("extracted/tlog-tiles-paths.json");
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(vectors, "tile"), i, row)
    {
        char path[TILE_PATH_MAX];
        unsigned width = (unsigned)json_integer_value(json_array_get(row, 2));
        tile_path((unsigned)json_integer_value(json_array_get(row, 0)),
                  (uint64_t)json_integer_value(json_array_get(row, 1)), width == 0 ? TILE_HASHES : width,
                  path);
        assert_string_equal(path, json_string_value(json_array_get(row, 3)));
    }
    static const struct {
        const char *list;
        bool good;
    } lists[] = {{"parse_ok", true}, {"parse_bad", false}};
    for (size_t l = 0; l < 2; l++) {
        json_array_foreach(json_object_get(vectors, lists[l].list), i, row)
        {
            char path[256];
            int level = 0;
            uint64_t tile = 0;
            unsigned width = 0;
            snprintf(path, sizeof path, "%s/%s", json_string_value(json_array_get(row, 0)),
                     json_string_value(json_array_get(row, 1)));
            if ((tile_path_parse(span_str(path), &level, &tile, &width) == OK) != lists[l].good) {
                fail_msg("%s: %s", path, lists[l].good ? "must parse" : "must be refused");
            }
            if (lists[l].good) {
                assert_true(tile == (uint64_t)json_integer_value(json_array_get(row, 3)));
            }
        }
    }
    json_decref(vectors);
}

static void proof_files(void **state)
{
    (void)state;
    need_vectors();
    json_t *vectors = load("extracted/tlog-proof.json");
    struct buf scratch;
    buf_init(&scratch, 0);
    struct buf printed;
    buf_init(&printed, 0);
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(vectors, "marshal"), i, row)
    {
        struct tlog_proof proof;
        struct why why = {""};
        const char *want = text_of(row, "want");
        assert_int_equal(tlog_proof_parse(span_str(want), &proof, &scratch, &why), OK);
        assert_true(proof.index == number_of(row, "index"));
        assert_true(span_is(proof.checkpoint, text_of(row, "checkpoint")));
        buf_clear(&printed);
        tlog_proof_print(&proof, &printed);
        assert_string_equal(buf_cstr(&printed), want);
    }
    json_array_foreach(json_object_get(vectors, "bad"), i, row)
    {
        struct tlog_proof proof;
        struct why why = {""};
        assert_int_not_equal(tlog_proof_parse(span_str(json_string_value(row)), &proof, &scratch, &why), OK);
        assert_int_not_equal(why.text[0], '\0');
    }
    buf_done(&printed);
    buf_done(&scratch);
    json_decref(vectors);
}

/* --- the golden log --- */

static void golden_leaf(uint64_t i, struct hash *out)
{
    char text[40];
    int n = snprintf(text, sizeof text, "prep-test-leaf/%llu\n", (unsigned long long)i);
    merkle_leaf(span_of(text, (size_t)n), out);
}

static void check_root(const json_t *row, const struct tiles *tiles)
{
    struct hash want;
    struct hash root;
    assert_true(hash_of(text_of(row, "root"), &want));
    tiles_root(tiles, &root);
    assert_true(hash_equal(&root, &want));
}

static void check_files(const json_t *golden, const char *dir)
{
    size_t i;
    json_t *row;
    unsigned hash_tiles = 0;
    json_array_foreach(json_object_get(golden, "tiles_at_70000"), i, row)
    {
        const char *path = text_of(row, "path");
        if (strstr(path, "tile/entries") == path) {
            continue; /* bundles are the ledger's */
        }
        struct buf bytes;
        buf_init(&bytes, 0);
        struct why why = {""};
        char copy[FILE_PATH_MAX];
        snprintf(copy, sizeof copy, "%s", dir);
        if (tiles_fetch_folder(copy, path, &bytes, &why) != OK) {
            fail_msg("%s", why.text);
        }
        char hex[DIGEST_HEX + 1];
        digest_hex(buf_as_span(&bytes), hex);
        assert_string_equal(hex, text_of(row, "sha256"));
        buf_done(&bytes);
        hash_tiles++;
    }
    assert_int_equal(hash_tiles, 277);
}

static void check_proofs(const json_t *golden, char *dir)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(golden, "inclusion"), i, row)
    {
        uint64_t size = number_of(row, "size");
        struct tiles_reader *reader = tiles_reader_new(size, tiles_fetch_folder, dir);
        struct merkle_proof want;
        struct merkle_proof got;
        assert_true(proof_of(json_object_get(row, "proof"), &want));
        assert_int_equal(merkle_prove_inclusion(number_of(row, "index"), size, tiles_read, reader, &got), OK);
        assert_int_equal(got.len, want.len);
        assert_memory_equal(got.path, want.path, got.len * sizeof got.path[0]);
        tiles_reader_free(reader);
    }
    json_array_foreach(json_object_get(golden, "consistency"), i, row)
    {
        uint64_t size = number_of(row, "new");
        struct tiles_reader *reader = tiles_reader_new(size, tiles_fetch_folder, dir);
        struct merkle_proof want;
        struct merkle_proof got;
        assert_true(proof_of(json_object_get(row, "proof"), &want));
        assert_int_equal(merkle_prove_consistency(number_of(row, "old"), size, tiles_read, reader, &got), OK);
        assert_int_equal(got.len, want.len);
        assert_memory_equal(got.path, want.path, got.len * sizeof got.path[0]);
        tiles_reader_free(reader);
    }
}

static void check_checkpoints(const json_t *golden)
{
    const json_t *keys = json_object_get(golden, "keys");
    struct note_key key;
    struct why why = {""};
    assert_int_equal(note_key_parse(span_str(text_of(keys, "log_vkey")), &key, &why), OK);
    uint8_t seed[32];
    struct secret_key secret;
    assert_int_equal(hex_parse(span_str(text_of(keys, "log_seed_hex")), seed, 32), OK);
    assert_int_equal(secret_key_from_seed(span_str(text_of(keys, "origin")), seed, &secret), OK);
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(golden, "checkpoints"), i, row)
    {
        struct span text;
        size_t by = 9;
        struct checkpoint checkpoint;
        const char *note = text_of(row, "checkpoint");
        assert_int_equal(note_verify(span_str(note), &key, 1, &text, &by, &why), OK);
        assert_int_equal(checkpoint_parse(text, &checkpoint, &why), OK);
        assert_true(checkpoint.size == number_of(row, "size"));
        struct buf made;
        buf_init(&made, 0);
        checkpoint_print(&checkpoint, &made);
        assert_true(span_equal(buf_as_span(&made), text));
        buf_clear(&made);
        note_make(&secret, text, &made); /* Ed25519 is deterministic: our signature is theirs */
        assert_true(span_starts(span_str(note), buf_as_span(&made)));
        buf_done(&made);
    }
}

static void the_golden_log(void **state)
{
    (void)state;
    need_vectors();
    json_t *golden = load("generated/prep-tlog-golden.json");
    const json_t *roots = json_object_get(golden, "roots");
    char dir[] = "/tmp/atalaya-tiles-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct why why = {""};
    struct tiles *tiles = NULL;
    assert_int_equal(tiles_open(dir, 0, &tiles, &why), OK);
    size_t next = 0;
    for (uint64_t i = 0; i < 70000; i++) {
        struct hash leaf;
        golden_leaf(i, &leaf);
        tiles_add(tiles, &leaf);
        const json_t *row = json_array_get(roots, next);
        if (row != NULL && number_of(row, "size") == i + 1) {
            check_root(row, tiles);
            /* Published, closed and opened again from its tiles at every such size. */
            assert_int_equal(tiles_publish(tiles, &why), OK);
            tiles_close(tiles);
            assert_int_equal(tiles_open(dir, i + 1, &tiles, &why), OK);
            check_root(row, tiles);
            next++;
        }
    }
    assert_int_equal(next, json_array_size(roots));
    tiles_close(tiles);
    check_files(golden, dir);
    check_proofs(golden, dir);
    check_checkpoints(golden);
    assert_int_equal(folder_remove(dir, &why), OK);
    json_decref(golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inclusion_cases), cmocka_unit_test(consistency_cases), cmocka_unit_test(tile_paths),
        cmocka_unit_test(proof_files),     cmocka_unit_test(the_golden_log),
    };
    return cmocka_run_group_tests(tests, find_vectors, NULL);
}
