#include "pair.h"

#include "os/file.h"

#include <assert.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>

static EVP_PKEY *new_key(int kind)
{
    return kind == EVP_PKEY_EC    ? EVP_EC_gen("P-256")
           : kind == EVP_PKEY_RSA ? EVP_RSA_gen(2048)
                                  : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

static void take_pem(BIO *text, struct buf *out)
{
    char *at = NULL;
    long len = BIO_get_mem_data(text, &at);
    assert(len > 0);
    buf_init(out, 0);
    buf_add(out, at, (size_t)len);
    BIO_free(text);
}

static void name_host(X509 *certificate, const char *host)
{
    X509_NAME *name = X509_NAME_new();
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *one = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    int good = X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)host, -1, -1, 0);
    good &= X509_set_subject_name(certificate, name) & X509_set_issuer_name(certificate, name);
    good &= ASN1_STRING_set(text, host, -1);
    GENERAL_NAME_set0_value(one, GEN_DNS, text);
    good &= sk_GENERAL_NAME_push(names, one) > 0;
    good &= X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0);
    assert(good == 1);
    GENERAL_NAMES_free(names);
    X509_NAME_free(name);
}

void pair_init(struct pair *pair, int kind, const char *host, long life_s)
{
    pair->key = new_key(kind);
    pair->certificate = X509_new();
    assert(pair->key != NULL && pair->certificate != NULL);
    name_host(pair->certificate, host);
    int good = X509_set_version(pair->certificate, X509_VERSION_3);
    good &= X509_gmtime_adj(X509_getm_notBefore(pair->certificate), -60) != NULL;
    good &= X509_gmtime_adj(X509_getm_notAfter(pair->certificate), life_s) != NULL;
    good &= X509_set_pubkey(pair->certificate, pair->key);
    good &= X509_sign(pair->certificate, pair->key, kind == EVP_PKEY_ED25519 ? NULL : EVP_sha256()) > 0;
    BIO *text = BIO_new(BIO_s_mem());
    good &= PEM_write_bio_X509(text, pair->certificate);
    take_pem(text, &pair->pem);
    text = BIO_new(BIO_s_mem());
    good &= PEM_write_bio_PrivateKey(text, pair->key, NULL, NULL, 0, NULL, NULL);
    take_pem(text, &pair->key_pem);
    assert(good == 1);
}

void pair_done(struct pair *pair)
{
    EVP_PKEY_free(pair->key);
    X509_free(pair->certificate);
    buf_done(&pair->pem);
    buf_done(&pair->key_pem);
}

const char *pair_file(const char *folder, const char *name, struct span bytes)
{
    static char paths[4][200];
    static unsigned turn;
    struct why why = {""};
    char *path = paths[turn++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    enum err err = file_write(path, bytes, false, &why);
    assert(err == OK);
    return path;
}
