/* Certificates, names, tickets, and keys that are elsewhere. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tls/house.h"

#include "tls/inside.h"

#include <openssl/async.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum { TICKET_NAME = 16, TICKET_CIPHER_KEY = 32, TICKET_IV = 16, TICKET_LIFE_S = 7200 };

struct tls_line *tls_shaking;

/* Runs on the handshake's own stack (ASYNC_pause_job(3)), which stands still until the answer is there. */
static int ask(uint32_t cert, enum tls_ask_kind kind, int padding, const uint8_t *in, int len, uint8_t *out)
{
    struct tls_line *line = tls_shaking;
    struct tls_question question = {
        .cert = cert, .kind = kind, .padding = padding, .bytes = {(const char *)in, (size_t)len}};
    if (line == NULL || ASYNC_get_current_job() == NULL || len <= 0 || len > TLS_ASK_MAX ||
        line->question == QUESTION_REFUSED) {
        return -1;
    }
    line->question = QUESTION_OUT;
    if (!line->house->ask(line->house->arg, line->owner, &question)) {
        line->question = QUESTION_REFUSED;
        return -1;
    }
    line->asked = &question;
    while (line->question == QUESTION_OUT) {
        ASYNC_pause_job();
    }
    line->asked = NULL;
    if (line->question != QUESTION_ANSWERED || line->answer == NULL) {
        return -1;
    }
    int got = (int)line->answer->len;
    memcpy(out, line->answer->bytes, line->answer->len);
    free(line->answer);
    line->answer = NULL;
    line->question = QUESTION_NONE;
    return got;
}

/* The number of a certificate travels with its key as "extra data", one more than it is, so that none is NULL. */
static void *number_of(uint32_t cert)
{
    return (void *)((uintptr_t)cert + 1);
}

static uint32_t of_number(const void *number)
{
    return (uint32_t)((uintptr_t)number - 1);
}

static int ec_slot(void)
{
    static int slot = -1;
    slot = slot >= 0 ? slot : EC_KEY_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    return slot;
}

static int rsa_slot(void)
{
    static int slot = -1;
    slot = slot >= 0 ? slot : RSA_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    return slot;
}

static int sign_ec(int type, const unsigned char *digest, int len, unsigned char *out, unsigned *out_len,
                   const BIGNUM *kinv, const BIGNUM *r, EC_KEY *key)
{
    (void)type;
    (void)kinv;
    (void)r;
    int got = ask(of_number(EC_KEY_get_ex_data(key, ec_slot())), TLS_ASK_ECDSA, 0, digest, len, out);
    *out_len = got > 0 ? (unsigned)got : 0;
    return got > 0 ? 1 : 0;
}

static int sign_rsa(int len, const unsigned char *in, unsigned char *out, RSA *key, int padding)
{
    return ask(of_number(RSA_get_ex_data(key, rsa_slot())), TLS_ASK_RSA, padding, in, len, out);
}

/* A key that knows only its public half; OpenSSL sees that its method is not its own and leaves it alone. */
static EVP_PKEY *far_ec(EVP_PKEY *public_key, uint32_t cert)
{
    static EC_KEY_METHOD *method;
    if (method == NULL) {
        int (*setup)(EC_KEY *, BN_CTX *, BIGNUM **, BIGNUM **) = NULL;
        ECDSA_SIG *(*sig)(const unsigned char *, int, const BIGNUM *, const BIGNUM *, EC_KEY *) = NULL;
        method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
        EC_KEY_METHOD_get_sign(method, NULL, &setup, &sig);
        EC_KEY_METHOD_set_sign(method, sign_ec, setup, sig);
    }
    EC_KEY *key = EC_KEY_dup(EVP_PKEY_get0_EC_KEY(public_key));
    EVP_PKEY *out = EVP_PKEY_new();
    if (key == NULL || out == NULL || EC_KEY_set_method(key, method) != 1 ||
        EC_KEY_set_ex_data(key, ec_slot(), number_of(cert)) != 1 || EVP_PKEY_assign_EC_KEY(out, key) != 1) {
        EC_KEY_free(key);
        EVP_PKEY_free(out);
        return NULL;
    }
    return out;
}

static EVP_PKEY *far_rsa(EVP_PKEY *public_key, uint32_t cert)
{
    static RSA_METHOD *method;
    if (method == NULL) {
        method = RSA_meth_dup(RSA_PKCS1_OpenSSL());
        RSA_meth_set_priv_enc(method, sign_rsa);
        RSA_meth_set_flags(method, RSA_METHOD_FLAG_NO_CHECK);
    }
    RSA *key = RSAPublicKey_dup(EVP_PKEY_get0_RSA(public_key));
    EVP_PKEY *out = EVP_PKEY_new();
    if (key == NULL || out == NULL || RSA_set_method(key, method) != 1 ||
        RSA_set_ex_data(key, rsa_slot(), number_of(cert)) != 1 || EVP_PKEY_assign_RSA(out, key) != 1) {
        RSA_free(key);
        EVP_PKEY_free(out);
        return NULL;
    }
    RSA_set_flags(key, RSA_FLAG_EXT_PKEY);
    return out;
}

/* HTTP/2 when the client offers it; a client that offers neither is told so. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *arg)
{
    static const unsigned char ours[] = "\x02h2\x08http/1.1";
    unsigned char *chosen = NULL;
    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static int choose_face(SSL *ssl, int *alert, void *arg)
{
    const struct tls_house *house = arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    (void)alert;
    for (int i = 0; name != NULL && i < house->now.n; i++) {
        const struct face *face = &house->now.all[i];
        if (X509_check_host(face->certificate, name, 0, 0, NULL) == 1) {
            if (i > 0) {
                SSL_set_SSL_CTX(ssl, face->context);
            }
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_OK;
}

static int ticket_keys(const uint8_t *key, uint8_t *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, bool seals,
                       const EVP_CIPHER *with)
{
    char digest[] = "SHA256";
    OSSL_PARAM with_key[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
                                          (void *)(uintptr_t)(key + TICKET_NAME + TICKET_CIPHER_KEY), 32),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    if (EVP_MAC_CTX_set_params(mac, with_key) != 1) {
        return -1;
    }
    const uint8_t *secret = key + TICKET_NAME;
    int done = seals ? EVP_EncryptInit_ex2(cipher, with, secret, iv, NULL)
                     : EVP_DecryptInit_ex2(cipher, with, secret, iv, NULL);
    return done == 1 ? 1 : -1;
}

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int seals)
{
    const struct tls_house *house = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    if (!house->has_tickets) {
        return 0;
    }
    if (seals != 0) {
        memcpy(name, house->tickets[0], TICKET_NAME);
        if (RAND_bytes(iv, TICKET_IV) != 1) {
            return -1;
        }
        return ticket_keys(house->tickets[0], iv, cipher, mac, true, house->ticket_cipher);
    }
    for (int i = 0; i < TLS_TICKET_KEYS; i++) {
        if (memcmp(name, house->tickets[i], TICKET_NAME) == 0) {
            int done = ticket_keys(house->tickets[i], iv, cipher, mac, false, house->ticket_cipher);
            return done == 1 && i > 0 ? 2 : done; /* an older key: the client gets a new ticket */
        }
    }
    return 0;
}

static struct span extension_of(SSL *ssl, unsigned type)
{
    const unsigned char *at = NULL;
    size_t len = 0;
    return SSL_client_hello_get0_ext(ssl, type, &at, &len) == 1 ? span_of((const char *)at, len) : SPAN("");
}

/* Nothing is decided here: who asks is written down beside what he asked for. */
static int on_hello(SSL *ssl, int *alert, void *arg)
{
    int *extensions = NULL;
    const unsigned char *ciphers = NULL;
    struct tls_offer offer = {.legacy_version = (uint16_t)SSL_client_hello_get0_legacy_version(ssl)};
    (void)alert;
    (void)arg;
    offer.ciphers.len = SSL_client_hello_get0_ciphers(ssl, &ciphers);
    offer.ciphers.at = (const char *)ciphers;
    if (tls_shaking != NULL &&
        SSL_client_hello_get1_extensions_present(ssl, &extensions, &offer.n_extensions) == 1) {
        offer.extensions = extensions;
        offer.versions = extension_of(ssl, TLSEXT_TYPE_supported_versions);
        offer.signatures = extension_of(ssl, TLSEXT_TYPE_signature_algorithms);
        offer.alpn = extension_of(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation);
        tls_hello_of(&offer, &tls_shaking->hello);
        OPENSSL_free(extensions);
    }
    return SSL_CLIENT_HELLO_SUCCESS;
}

static bool set_up(SSL_CTX *context, struct tls_house *house)
{
    static char groups[] = "X25519:P-256:P-384"; /* OpenSSL takes it as char *, and reads it only */
    static const unsigned char same_everywhere[] = "atalaya-edge";
    SSL_CTX_set_options(context,
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(context, TICKET_LIFE_S);
    SSL_CTX_set_app_data(context, house);
    SSL_CTX_set_client_hello_cb(context, on_hello, NULL);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    SSL_CTX_set_tlsext_servername_callback(context, choose_face);
    SSL_CTX_set_tlsext_servername_arg(context, house);
    return SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket) == 1 &&
           SSL_CTX_set_num_tickets(context, 1) == 1 &&
           SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_session_id_context(context, same_everywhere, sizeof same_everywhere - 1) == 1 &&
           SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                             "TLS_CHACHA20_POLY1305_SHA256") == 1 &&
           SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM+AES128:ECDHE+AESGCM+AES256:ECDHE+CHACHA20") == 1 &&
           SSL_CTX_set1_groups_list(context, groups) == 1;
}

static void drop_faces(struct faces *faces)
{
    for (int i = 0; i < faces->n; i++) {
        SSL_CTX_free(faces->all[i].context);
        X509_free(faces->all[i].certificate);
    }
    faces->n = 0;
}

struct tls_house *tls_house_new(tls_ask on_ask, void *arg)
{
    struct tls_house *house = calloc(1, sizeof *house);
    if (house == NULL) {
        abort();
    }
    house->ask = on_ask;
    house->arg = arg;
    house->ticket_cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    return house;
}

void tls_house_begin(struct tls_house *house)
{
    drop_faces(&house->coming);
}

/* A face of the same first name that still lacks this kind of key, or a new one. */
static struct face *face_for(struct tls_house *house, X509 *certificate, bool is_ec)
{
    struct faces *faces = &house->coming;
    for (int i = 0; i < faces->n; i++) {
        struct face *face = &faces->all[i];
        bool lacks = is_ec ? !face->has_ec : !face->has_rsa;
        if (lacks && X509_NAME_cmp(X509_get_subject_name(face->certificate),
                                   X509_get_subject_name(certificate)) == 0) {
            return face;
        }
    }
    if (faces->n == CERTS_MAX) {
        return NULL;
    }
    struct face *face = &faces->all[faces->n];
    *face = (struct face){.context = SSL_CTX_new(TLS_server_method())};
    if (face->context == NULL || !set_up(face->context, house)) {
        SSL_CTX_free(face->context);
        return NULL;
    }
    X509_up_ref(certificate);
    face->certificate = certificate;
    faces->n++;
    return face;
}

static bool add_to(struct face *face, X509 *leaf, EVP_PKEY *far, BIO *rest)
{
    bool good = SSL_CTX_use_certificate(face->context, leaf) == 1 &&
                SSL_CTX_use_PrivateKey(face->context, far) == 1 &&
                SSL_CTX_clear_chain_certs(face->context) == 1;
    X509 *next = good ? PEM_read_bio_X509(rest, NULL, NULL, NULL) : NULL;
    while (next != NULL) {
        good = good && SSL_CTX_add1_chain_cert(face->context, next) == 1;
        X509_free(next);
        next = PEM_read_bio_X509(rest, NULL, NULL, NULL);
    }
    ERR_clear_error(); /* the end of the text is one */
    return good;
}

enum err tls_house_add(struct tls_house *house, uint32_t cert, struct span chain, struct why *why)
{
    BIO *text = BIO_new_mem_buf(chain.at, (int)chain.len);
    X509 *leaf = text == NULL ? NULL : PEM_read_bio_X509(text, NULL, NULL, NULL);
    EVP_PKEY *public_key = leaf == NULL ? NULL : X509_get0_pubkey(leaf);
    bool is_ec = public_key != NULL && EVP_PKEY_base_id(public_key) == EVP_PKEY_EC;
    EVP_PKEY *far = public_key == NULL ? NULL : is_ec ? far_ec(public_key, cert) : far_rsa(public_key, cert);
    struct face *face = far == NULL ? NULL : face_for(house, leaf, is_ec);
    bool good = face != NULL && add_to(face, leaf, far, text);
    if (good) {
        face->has_ec = face->has_ec || is_ec;
        face->has_rsa = face->has_rsa || !is_ec;
    }
    EVP_PKEY_free(far);
    X509_free(leaf);
    BIO_free(text);
    return good ? OK : tls_failed("a certificate cannot be used", NULL, why);
}

enum err tls_house_ready(struct tls_house *house, struct why *why)
{
    if (house->coming.n == 0) {
        return why_set(why, ERR_MISSING, "TLS: no certificate");
    }
    drop_faces(&house->now); /* connections keep theirs */
    house->now = house->coming;
    house->coming.n = 0;
    return OK;
}

bool tls_house_is_ready(const struct tls_house *house)
{
    return house->now.n > 0;
}

void tls_house_tickets(struct tls_house *house, const uint8_t keys[TLS_TICKET_KEYS][TLS_TICKET_KEY])
{
    memcpy(house->tickets, keys, sizeof house->tickets);
    house->has_tickets = true;
}
