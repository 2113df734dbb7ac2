/* The role that holds keys: which pairs of files it takes, what it answers, and that the key has no way out. */
#include "tls/secret.h"

#include "os/file.h"
#include "pair.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static char folder[] = "/tmp/atalaya-unit-secret-XXXXXX";
static struct pair ec, rsa, other;

static int set_up(void **state)
{
    (void)state;
    pair_init(&ec, EVP_PKEY_EC, "uno.example", PAIR_YEAR_S);
    pair_init(&rsa, EVP_PKEY_RSA, "uno.example", PAIR_YEAR_S);
    pair_init(&other, EVP_PKEY_EC, "dos.example", PAIR_YEAR_S / 2);
    return mkdtemp(folder) == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    pair_done(&ec);
    pair_done(&rsa);
    pair_done(&other);
    return folder_remove(folder, NULL) != OK;
}

static struct tls_secret *take(struct span chain, struct span key)
{
    struct tls_secret *secret = NULL;
    struct why why = {""};
    const char *cert_path = pair_file(folder, "cert.pem", chain);
    assert_int_equal(tls_secret_read(cert_path, pair_file(folder, "key.pem", key), &secret, &why), OK);
    assert_string_equal(why.text, "");
    return secret;
}

/* The sentence names what is wrong and the file; what was there before is untouched. */
static void refuse(struct span chain, struct span key, enum err expected, const char *says)
{
    struct tls_secret *secret = NULL;
    struct why why = {""};
    const char *cert_path = pair_file(folder, "cert.pem", chain);
    assert_int_equal(tls_secret_read(cert_path, pair_file(folder, "key.pem", key), &secret, &why), expected);
    assert_null(secret);
    assert_non_null(strstr(why.text, says));
    assert_non_null(strstr(why.text, ".pem"));
}

static void test_signs_what_its_certificate_proves(void **state)
{
    (void)state;
    uint8_t digest[32] = {7};
    uint8_t out[TLS_ASK_MAX];
    size_t len = 0;
    struct tls_secret *secret = take(buf_as_span(&ec.pem), buf_as_span(&ec.key_pem));
    struct span question = span_of((const char *)digest, sizeof digest);
    assert_int_equal(tls_secret_answer(secret, TLS_ASK_ECDSA, 0, question, out, &len), OK);
    EVP_PKEY_CTX *check = EVP_PKEY_CTX_new(ec.key, NULL);
    assert_int_equal(EVP_PKEY_verify_init(check), 1);
    assert_int_equal(EVP_PKEY_verify(check, out, len, digest, sizeof digest), 1);
    digest[0] ^= 1;
    assert_int_not_equal(EVP_PKEY_verify(check, out, len, digest, sizeof digest), 1);
    EVP_PKEY_CTX_free(check);
    tls_secret_free(secret);
}

static void test_pads_what_rsa_signs(void **state)
{
    (void)state;
    static const char text[] = "thirty-two bytes of some digest.";
    uint8_t out[TLS_ASK_MAX];
    uint8_t back[TLS_ASK_MAX];
    size_t len = 0;
    size_t back_len = sizeof back;
    struct tls_secret *secret = take(buf_as_span(&rsa.pem), buf_as_span(&rsa.key_pem));
    assert_int_equal(tls_secret_answer(secret, TLS_ASK_RSA, RSA_PKCS1_PADDING, span_str(text), out, &len),
                     OK);
    assert_int_equal(len, 256);
    EVP_PKEY_CTX *check = EVP_PKEY_CTX_new(rsa.key, NULL);
    assert_int_equal(EVP_PKEY_verify_recover_init(check), 1);
    assert_int_equal(EVP_PKEY_verify_recover(check, back, &back_len, out, len), 1);
    assert_int_equal(back_len, sizeof text - 1);
    assert_memory_equal(back, text, sizeof text - 1);
    EVP_PKEY_CTX_free(check);
    tls_secret_free(secret);
}

static void test_refuses_what_a_handshake_never_asks(void **state)
{
    (void)state;
    static char long_text[TLS_ASK_MAX + 1];
    static const struct {
        enum tls_ask_kind kind;
        int padding;
        size_t len;
    } asked[] = {
        {TLS_ASK_ECDSA, 0, 0},
        {TLS_ASK_ECDSA, 0, 65}, /* no digest is so long */
        {TLS_ASK_ECDSA, 0, TLS_ASK_MAX + 1},
        {TLS_ASK_RSA, RSA_PKCS1_PADDING, 0},
        {TLS_ASK_RSA, RSA_PKCS1_PADDING, 246}, /* more than fits beside its padding */
        {TLS_ASK_RSA, RSA_NO_PADDING, 255},    /* no whole block */
        {TLS_ASK_RSA, RSA_NO_PADDING, 257},
        {TLS_ASK_RSA, RSA_PKCS1_OAEP_PADDING, 32},
        {TLS_ASK_RSA, RSA_PKCS1_PSS_PADDING, 32},
        {(enum tls_ask_kind)0, 0, 32},
        {(enum tls_ask_kind)9, RSA_PKCS1_PADDING, 32},
    };
    struct tls_secret *secrets[] = {take(buf_as_span(&ec.pem), buf_as_span(&ec.key_pem)),
                                    take(buf_as_span(&rsa.pem), buf_as_span(&rsa.key_pem))};
    for (size_t s = 0; s < 2; s++) {
        for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
            uint8_t out[TLS_ASK_MAX];
            size_t len = 1;
            struct span question = span_of(long_text, asked[i].len);
            assert_int_equal(
                tls_secret_answer(secrets[s], asked[i].kind, asked[i].padding, question, out, &len),
                ERR_REFUSED);
            assert_int_equal(len, 0);
        }
    }
    uint8_t out[TLS_ASK_MAX];
    size_t len = 1; /* each for the other's kind of key */
    struct span good = span_of(long_text, 32);
    assert_int_equal(tls_secret_answer(secrets[1], TLS_ASK_ECDSA, 0, good, out, &len), ERR_REFUSED);
    assert_int_equal(tls_secret_answer(secrets[0], TLS_ASK_RSA, RSA_PKCS1_PADDING, good, out, &len),
                     ERR_REFUSED);
    tls_secret_free(secrets[0]);
    tls_secret_free(secrets[1]);
}

static void test_key_beside_its_certificate_stays_in(void **state)
{
    (void)state;
    struct buf both;
    buf_init(&both, 0);
    buf_span(&both, buf_as_span(&ec.pem));
    buf_span(&both, buf_as_span(&ec.key_pem));
    buf_span(&both, buf_as_span(&other.pem));
    struct tls_secret *secret = take(buf_as_span(&both), buf_as_span(&both));
    struct span chain = tls_secret_chain(secret);
    assert_null(memmem(chain.at, chain.len, "PRIVATE", 7));
    assert_true(span_starts(chain, buf_as_span(&ec.pem)));
    assert_int_equal(chain.len, ec.pem.len + other.pem.len);
    int64_t left_s = tls_secret_ends_s(secret) - (int64_t)time(NULL);
    assert_in_range(left_s, PAIR_YEAR_S / 2 - 600, PAIR_YEAR_S / 2); /* the one that ends first counts */
    tls_secret_free(secret);
    buf_done(&both);
}

static void test_hostile_files(void **state)
{
    (void)state;
    struct span cert = buf_as_span(&ec.pem);
    struct span key = buf_as_span(&ec.key_pem);
    struct buf cut;
    buf_init(&cut, 0);
    refuse(SPAN(""), key, ERR_SYNTAX, "certificate");
    refuse(key, key, ERR_SYNTAX, "certificate");
    refuse(span_of(cert.at, cert.len / 2), key, ERR_SYNTAX, "certificate");
    refuse(cert, SPAN("nothing of the kind\n"), ERR_SYNTAX, "key");
    refuse(cert, cert, ERR_SYNTAX, "key");
    refuse(cert, span_of(key.at, key.len / 2), ERR_SYNTAX, "key");
    refuse(cert, buf_as_span(&other.key_pem), ERR_SYNTAX, "key");
    refuse(cert, buf_as_span(&rsa.key_pem), ERR_SYNTAX, "key");
    buf_span(&cut, cert);
    buf_str(&cut, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    refuse(buf_as_span(&cut), key, ERR_SYNTAX, "certificate"); /* the first is good, its chain is not */
    buf_done(&cut);
    struct why why = {""};
    struct tls_secret *secret = NULL;
    assert_int_equal(tls_secret_read("/nowhere/cert.pem", "/nowhere/key.pem", &secret, &why), ERR_SYNTAX);
    assert_non_null(strstr(why.text, "/nowhere/cert.pem"));
}

static void test_other_kinds_of_key(void **state)
{
    (void)state;
    struct pair ed;
    pair_init(&ed, EVP_PKEY_ED25519, "uno.example", PAIR_YEAR_S);
    refuse(buf_as_span(&ed.pem), buf_as_span(&ed.key_pem), ERR_RANGE, "neither ECDSA nor RSA");
    pair_done(&ed);
}

static void test_chain_without_end(void **state)
{
    (void)state;
    struct buf chain;
    buf_init(&chain, 0);
    while (chain.len <= TLS_CHAIN_MAX) {
        buf_span(&chain, buf_as_span(&ec.pem));
    }
    refuse(buf_as_span(&chain), buf_as_span(&ec.key_pem), ERR_TOO_BIG, "too long");
    buf_done(&chain);
}

/* Nobody sits before a role that holds keys: a key under a passphrase is refused, and no terminal is asked for it. */
static void test_locked_key(void **state)
{
    (void)state;
    struct buf locked;
    char *at = NULL;
    BIO *text = BIO_new(BIO_s_mem());
    unsigned char words[] = "palabras";
    assert_int_equal(PEM_write_bio_PrivateKey(text, ec.key, EVP_aes_128_cbc(), words, 8, NULL, NULL), 1);
    long len = BIO_get_mem_data(text, &at);
    buf_init(&locked, 0);
    buf_add(&locked, at, (size_t)len);
    refuse(buf_as_span(&ec.pem), buf_as_span(&locked), ERR_SYNTAX, "key");
    buf_done(&locked);
    BIO_free(text);
}

static void test_ticket_keys_are_fresh(void **state)
{
    (void)state;
    uint8_t one[TLS_TICKET_KEY] = {0};
    uint8_t two[TLS_TICKET_KEY] = {0};
    assert_int_equal(tls_ticket_key(one), OK);
    assert_int_equal(tls_ticket_key(two), OK);
    assert_memory_not_equal(one, two, sizeof one);
    assert_memory_not_equal(one + 64, two + 64, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signs_what_its_certificate_proves),
        cmocka_unit_test(test_pads_what_rsa_signs),
        cmocka_unit_test(test_refuses_what_a_handshake_never_asks),
        cmocka_unit_test(test_key_beside_its_certificate_stays_in),
        cmocka_unit_test(test_hostile_files),
        cmocka_unit_test(test_other_kinds_of_key),
        cmocka_unit_test(test_chain_without_end),
        cmocka_unit_test(test_locked_key),
        cmocka_unit_test(test_ticket_keys_are_fresh),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
