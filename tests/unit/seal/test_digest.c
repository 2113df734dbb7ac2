/* SHA-256 against FIPS 180-4's published examples. */
#include "seal/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static void fips_examples(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char hex[DIGEST_HEX + 1];
        digest_hex(span_str(rows[i].text), hex);
        assert_string_equal(hex, rows[i].hex);
    }
}

static void in_pieces_is_the_same_and_starts_over(void **state)
{
    (void)state;
    struct digest *digest = digest_new();
    uint8_t whole[DIGEST_LEN];
    uint8_t pieces[DIGEST_LEN];
    digest_of(SPAN("one two three"), whole);
    for (int round = 0; round < 2; round++) {
        digest_add(digest, "one ", 4);
        digest_add(digest, "", 0);
        digest_add(digest, "two three", 9);
        digest_end(digest, pieces);
        assert_memory_equal(pieces, whole, DIGEST_LEN);
    }
    digest_free(digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fips_examples),
        cmocka_unit_test(in_pieces_is_the_same_and_starts_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
