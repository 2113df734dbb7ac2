/* SHA-256 against FIPS 180-4's published examples, and many hashes at once against one by one. */
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

/* Every number of texts, so that any two meet, of every length about the ends of blocks and beyond what two at once take. */
static void many_are_as_each_alone(void **state)
{
    (void)state;
    enum { TEXTS = 300, LONGEST = 5000 };
    static char bytes[TEXTS + LONGEST];
    struct span texts[TEXTS];
    static uint8_t each[TEXTS + 1][DIGEST_LEN];
    struct digest *digest = digest_new();
    uint32_t dice = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        dice = dice * 1664525 + 1013904223;
        bytes[i] = (char)(dice >> 24);
    }
    for (size_t n = 0; n <= TEXTS; n += n < 6 ? 1 : 49) {
        for (size_t i = 0; i < n; i++) {
            dice = dice * 1664525 + 1013904223;
            texts[i] = span_of(bytes + i, n == TEXTS ? i : (dice >> 8) % (n < 100 ? LONGEST : 200));
        }
        memset(each, 0xee, sizeof each);
        digest_each(digest, (uint8_t)n, texts, n, each[0]);
        for (size_t i = 0; i < n; i++) {
            uint8_t alone[DIGEST_LEN];
            digest_add(digest, &(uint8_t){(uint8_t)n}, 1);
            digest_add(digest, texts[i].at, texts[i].len);
            digest_end(digest, alone);
            assert_memory_equal(each[i], alone, DIGEST_LEN);
        }
        assert_int_equal(each[n][0], 0xee);
    }
    digest_free(digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fips_examples),
        cmocka_unit_test(in_pieces_is_the_same_and_starts_over),
        cmocka_unit_test(many_are_as_each_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
