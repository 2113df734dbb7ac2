/* Reads a pair of files and signs with what it read. The low-level calls are deprecated in OpenSSL 3, but nothing else takes one
 * step of a signature apart from the rest. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tls/secret.h"

#include "tls/inside.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <time.h>

struct tls_secret {
    EVP_PKEY *key;
    struct buf chain;
    int64_t ends_s;
};

static int64_t ends_s(const X509 *cert)
{
    struct tm end = {0};
    return ASN1_TIME_to_tm(X509_get0_notAfter(cert), &end) == 1 ? (int64_t)timegm(&end) : 0;
}

static int64_t first_end_s(SSL_CTX *context)
{
    STACK_OF(X509) *chain = NULL;
    int64_t first = ends_s(SSL_CTX_get0_certificate(context));
    (void)SSL_CTX_get0_chain_certs(context, &chain);
    for (int i = 0; chain != NULL && i < sk_X509_num(chain); i++) {
        int64_t one = ends_s(sk_X509_value(chain, i));
        first = one < first ? one : first;
    }
    return first;
}

/* Only certificates are copied: a file that holds the key beside them must not give it away. */
static enum err copy_chain(SSL_CTX *context, struct buf *out)
{
    BIO *text = BIO_new(BIO_s_mem());
    STACK_OF(X509) *chain = NULL;
    bool good = text != NULL && PEM_write_bio_X509(text, SSL_CTX_get0_certificate(context)) == 1 &&
                SSL_CTX_get0_chain_certs(context, &chain) == 1;
    for (int i = 0; good && i < sk_X509_num(chain); i++) {
        good = PEM_write_bio_X509(text, sk_X509_value(chain, i)) == 1;
    }
    char *at = NULL;
    long len = good ? BIO_get_mem_data(text, &at) : 0;
    buf_add(out, at, len > 0 ? (size_t)len : 0);
    BIO_free(text);
    return len > 0 && len <= TLS_CHAIN_MAX ? OK : ERR_TOO_BIG;
}

static enum err read_pair(SSL_CTX *context, const char *cert, const char *key, struct tls_secret *secret,
                          struct why *why)
{
    if (SSL_CTX_use_certificate_chain_file(context, cert) != 1) {
        return tls_failed("certificate", cert, why);
    }
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        return tls_failed("key", key, why);
    }
    if (SSL_CTX_check_private_key(context) != 1) {
        return tls_failed("the key does not belong to the certificate", key, why);
    }
    secret->key = SSL_CTX_get0_privatekey(context);
    int kind = EVP_PKEY_base_id(secret->key);
    if (kind != EVP_PKEY_EC && kind != EVP_PKEY_RSA) {
        secret->key = NULL;
        return why_set(why, ERR_RANGE, "TLS: key %s: neither ECDSA nor RSA", key);
    }
    EVP_PKEY_up_ref(secret->key);
    secret->ends_s = first_end_s(context);
    enum err err = copy_chain(context, &secret->chain);
    return err == OK ? OK : why_set(why, err, "TLS: certificate %s: the chain is too long", cert);
}

int tls_no_passphrase(char *out, int size, int writing, void *arg)
{
    (void)out, (void)size, (void)writing, (void)arg;
    return -1;
}

enum err tls_secret_read(const char *cert, const char *key, struct tls_secret **out, struct why *why)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    struct tls_secret *secret = calloc(1, sizeof *secret);
    if (context == NULL || secret == NULL) {
        abort();
    }
    buf_init(&secret->chain, 0);
    SSL_CTX_set_default_passwd_cb(context, tls_no_passphrase);
    enum err err = read_pair(context, cert, key, secret, why);
    SSL_CTX_free(context);
    if (err != OK) {
        tls_secret_free(secret);
        return err;
    }
    *out = secret;
    return OK;
}

void tls_secret_free(struct tls_secret *secret)
{
    if (secret != NULL) {
        EVP_PKEY_free(secret->key);
        buf_done(&secret->chain);
        free(secret);
    }
}

struct span tls_secret_chain(const struct tls_secret *secret)
{
    return buf_as_span(&secret->chain);
}

int64_t tls_secret_ends_s(const struct tls_secret *secret)
{
    return secret->ends_s;
}

static int answer_ecdsa(const EVP_PKEY *key, struct span question, uint8_t *out)
{
    EC_KEY *ec = (EC_KEY *)(uintptr_t)EVP_PKEY_get0_EC_KEY(key);
    unsigned len = 0;
    if (ec == NULL || ECDSA_size(ec) > TLS_ASK_MAX || question.len > 64 ||
        ECDSA_sign(0, (const uint8_t *)question.at, (int)question.len, out, &len, ec) != 1) {
        return -1;
    }
    return (int)len;
}

static int answer_rsa(const EVP_PKEY *key, int padding, struct span question, uint8_t *out)
{
    RSA *rsa = (RSA *)(uintptr_t)EVP_PKEY_get0_RSA(key);
    if (rsa == NULL || RSA_size(rsa) > TLS_ASK_MAX ||
        (padding != RSA_PKCS1_PADDING && padding != RSA_NO_PADDING)) {
        return -1;
    }
    return RSA_private_encrypt((int)question.len, (const uint8_t *)question.at, out, rsa, padding);
}

enum err tls_secret_answer(const struct tls_secret *secret, enum tls_ask_kind kind, int padding,
                           struct span question, uint8_t out[TLS_ASK_MAX], size_t *out_len)
{
    int len = -1;
    if (question.len > 0 && question.len <= TLS_ASK_MAX) {
        len = kind == TLS_ASK_ECDSA ? answer_ecdsa(secret->key, question, out)
              : kind == TLS_ASK_RSA ? answer_rsa(secret->key, padding, question, out)
                                    : -1;
    }
    ERR_clear_error();
    *out_len = len > 0 ? (size_t)len : 0;
    return len > 0 ? OK : ERR_REFUSED;
}

enum err tls_ticket_key(uint8_t out[TLS_TICKET_KEY])
{
    return RAND_bytes(out, TLS_TICKET_KEY) == 1 ? OK : ERR_IO;
}
