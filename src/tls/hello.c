#include "tls/hello.h"

#include "base/map.h"

#include <stdio.h>
#include <stdlib.h>

enum { CODES_MAX = 128, EXT_SNI = 0, EXT_ALPN = 16 };

/* RFC 8701: codes that a client throws in at random. */
static bool is_grease(uint16_t code)
{
    return (code & 0x0f0f) == 0x0a0a && code >> 8 == (code & 0xff);
}

static uint16_t code_at(struct span codes, size_t i)
{
    return (uint16_t)((uint8_t)codes.at[2 * i] << 8 | (uint8_t)codes.at[2 * i + 1]);
}

static int by_code(const void *a, const void *b)
{
    return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

/* Codes but GREASE, at most CODES_MAX of them. */
static size_t codes_of(struct span bytes, uint16_t out[CODES_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < bytes.len / 2 && n < CODES_MAX; i++) {
        uint16_t code = code_at(bytes, i);
        if (!is_grease(code)) {
            out[n++] = code;
        }
    }
    return n;
}

/* Never 0, which says that nothing was seen. */
static uint64_t hash_of(const uint16_t *codes, size_t n)
{
    uint64_t hash = siphash(0, 0, codes, n * sizeof *codes);
    return hash != 0 ? hash : 1;
}

static uint8_t version_of(uint16_t code)
{
    return code >= 0x0301 && code <= 0x0304 ? (uint8_t)(10 + (code - 0x0301)) : 0;
}

/* A list with its length before it, in one byte or two. */
static struct span list_of(struct span body, size_t head)
{
    size_t said = 0;
    for (size_t i = 0; i < head && i < body.len; i++) {
        said = said << 8 | (uint8_t)body.at[i];
    }
    size_t left = body.len > head ? body.len - head : 0;
    return body.len < head ? SPAN("") : span_of(body.at + head, said < left ? said : left);
}

static uint8_t highest(const struct tls_offer *offer)
{
    uint8_t version = version_of(offer->legacy_version);
    struct span list = list_of(offer->versions, 1);
    for (size_t i = 0; i < list.len / 2; i++) {
        uint8_t one = version_of(code_at(list, i));
        version = one > version ? one : version;
    }
    return version;
}

static bool is_letter(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void first_protocol(struct span body, char out[2])
{
    struct span name = list_of(list_of(body, 2), 1);
    out[0] = '0';
    out[1] = '0';
    if (name.len > 0) {
        out[0] = is_letter(name.at[0]) ? name.at[0] : '9';
        out[1] = is_letter(name.at[name.len - 1]) ? name.at[name.len - 1] : '9';
    }
}

static uint8_t two_digits(size_t n)
{
    return (uint8_t)(n < 99 ? n : 99);
}

void tls_hello_of(const struct tls_offer *offer, struct tls_hello *out)
{
    uint16_t codes[2 * CODES_MAX];
    *out = (struct tls_hello){.version = highest(offer)};
    size_t n = codes_of(offer->ciphers, codes);
    qsort(codes, n, sizeof *codes, by_code);
    out->ciphers = hash_of(codes, n);
    out->n_ciphers = two_digits(n);
    size_t kept = 0;
    size_t all = 0;
    for (size_t i = 0; i < offer->n_extensions; i++) {
        uint16_t code = (uint16_t)offer->extensions[i];
        out->named = out->named || code == EXT_SNI;
        all += !is_grease(code);
        /* Whom and what one asks for says nothing of the program. */
        if (!is_grease(code) && code != EXT_SNI && code != EXT_ALPN && kept < CODES_MAX) {
            codes[kept++] = code;
        }
    }
    qsort(codes, kept, sizeof *codes, by_code);
    kept += codes_of(list_of(offer->signatures, 2), codes + kept);
    out->extensions = hash_of(codes, kept);
    out->n_extensions = two_digits(all);
    first_protocol(offer->alpn, out->alpn);
}

size_t tls_hello_print(const struct tls_hello *hello, char out[TLS_HELLO_TEXT])
{
    const unsigned long long low = UINT64_C(0xffffffffffff);
    int n = snprintf(out, TLS_HELLO_TEXT, "t%02u%c%02u%02u%c%c_%012llx_%012llx", hello->version % 100U,
                     hello->named ? 'd' : 'i', hello->n_ciphers % 100U, hello->n_extensions % 100U,
                     is_letter(hello->alpn[0]) ? hello->alpn[0] : '9',
                     is_letter(hello->alpn[1]) ? hello->alpn[1] : '9', hello->ciphers & low,
                     hello->extensions & low);
    return (size_t)n;
}
