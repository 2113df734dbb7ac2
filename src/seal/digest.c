/* SHA-256 with one algorithm object fetched for the life of the process. */
#include "seal/digest.h"

#include "base/codec.h"
#include "seal/pair.h"

#include <assert.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

struct digest {
    EVP_MD_CTX *context;
};

static const EVP_MD *sha256(void)
{
    static _Thread_local EVP_MD *fetched = NULL; /* of each thread, so that none waits for another */
    if (fetched == NULL) {
        fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
        assert(fetched != NULL);
    }
    return fetched;
}

static void start(EVP_MD_CTX *context)
{
    int ok = EVP_DigestInit_ex2(context, sha256(), NULL);
    assert(ok == 1);
}

struct digest *digest_new(void)
{
    struct digest *digest = malloc(sizeof *digest);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (digest == NULL || context == NULL) {
        abort();
    }
    digest->context = context;
    start(context);
    return digest;
}

void digest_free(struct digest *digest)
{
    if (digest != NULL) {
        EVP_MD_CTX_free(digest->context);
        free(digest);
    }
}

void digest_add(struct digest *digest, const void *bytes, size_t len)
{
    int ok = EVP_DigestUpdate(digest->context, bytes, len);
    assert(ok == 1);
}

void digest_end(struct digest *digest, uint8_t out[DIGEST_LEN])
{
    unsigned len = 0;
    int ok = EVP_DigestFinal_ex(digest->context, out, &len);
    assert(ok == 1 && len == DIGEST_LEN);
    start(digest->context);
}

void digest_each(struct digest *digest, uint8_t first, const struct span *texts, size_t n, uint8_t *out)
{
    struct pair pair;
    bool pairs = pair_is_known();
    pair_init(&pair);
    for (size_t i = 0; i < n; i++, out += DIGEST_LEN) {
        if (pairs && texts[i].len <= PAIR_TEXT_MAX) {
            pair_give(&pair, first, texts[i], out);
        } else {
            digest_add(digest, &first, 1);
            digest_add(digest, texts[i].at, texts[i].len);
            digest_end(digest, out);
        }
    }
    pair_finish(&pair);
}

static pthread_key_t shared_key; /* its destructor takes a thread's hash back when the thread ends */
static pthread_once_t shared_once = PTHREAD_ONCE_INIT;

static void shared_free(void *digest)
{
    digest_free(digest);
}

static void shared_begin(void)
{
    int failed = pthread_key_create(&shared_key, shared_free);
    assert(failed == 0);
}

static struct digest *shared_new(void)
{
    struct digest *digest = digest_new();
    pthread_once(&shared_once, shared_begin);
    int failed = pthread_setspecific(shared_key, digest);
    assert(failed == 0);
    return digest;
}

void digest_of(struct span bytes, uint8_t out[DIGEST_LEN])
{
    static _Thread_local struct digest *shared = NULL; /* lives as long as the thread, or the process */
    if (shared == NULL) {
        shared = shared_new();
    }
    digest_add(shared, bytes.at, bytes.len);
    digest_end(shared, out);
}

void digest_hex(struct span bytes, char out[DIGEST_HEX + 1])
{
    uint8_t hash[DIGEST_LEN];
    digest_of(bytes, hash);
    hex_print(out, hash, DIGEST_LEN);
}
