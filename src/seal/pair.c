/* The padding and the two lanes; then the rounds, as the instructions' own description has them. */
#include "seal/pair.h"

#include "base/cpu.h"

#include <assert.h>
#include <string.h>

#if defined(CPU_ASKS_SHA)
#include <immintrin.h>

/* Of a message's 64 bytes to the state: rounds four by four, in both lanes. */
#define WITH_SHA __attribute__((target("sha,sse4.1")))

/* FIPS 180-4, 4.2.2 */
static const uint32_t constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* FIPS 180-4, 5.3.3, as the instructions keep it: F E B A, H G D C. */
static const uint32_t beginning[8] = {
    0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667, 0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372,
};

struct working {
    __m128i feba, hgdc;
    __m128i words[4]; /* the sixteen newest of the message's schedule */
};

bool pair_is_known(void)
{
    return cpu_has_sha();
}

static inline WITH_SHA __m128i load(const void *at)
{
    return _mm_loadu_si128((const __m128i *)at);
}

static inline WITH_SHA void load_words(struct working *w, const uint8_t block[PAIR_BLOCK])
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    for (int i = 0; i < 4; i++) {
        w->words[i] = _mm_shuffle_epi8(load(block + (size_t)16 * (size_t)i), swap);
    }
}

/* Rounds 4i to 4i + 3. */
static inline WITH_SHA __attribute__((always_inline)) void rounds(struct working *w, int i)
{
    __m128i sum = _mm_add_epi32(w->words[i & 3], load(&constants[(size_t)4 * (size_t)i]));
    w->hgdc = _mm_sha256rnds2_epu32(w->hgdc, w->feba, sum);
    w->feba = _mm_sha256rnds2_epu32(w->feba, w->hgdc, _mm_shuffle_epi32(sum, 0x0e));
}

/* The next four words take the place of the oldest. */
static inline WITH_SHA __attribute__((always_inline)) void extend(struct working *w, int i)
{
    __m128i *oldest = &w->words[i & 3];
    __m128i newest = w->words[(i + 3) & 3];
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(*oldest, w->words[(i + 1) & 3]),
                                _mm_alignr_epi8(newest, w->words[(i + 2) & 3], 4));
    *oldest = _mm_sha256msg2_epu32(sum, newest);
}

static WITH_SHA void compress(uint32_t one[8], const uint8_t *at, uint32_t other[8], const uint8_t *other_at,
                              size_t blocks)
{
    struct working a = {.feba = load(one), .hgdc = load(one + 4)};
    struct working b = {.feba = load(other), .hgdc = load(other + 4)};
    for (; blocks > 0; blocks--, at += PAIR_BLOCK, other_at += PAIR_BLOCK) {
        const __m128i before[4] = {a.feba, a.hgdc, b.feba, b.hgdc};
        load_words(&a, at);
        load_words(&b, other_at);
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            if (i >= 4) {
                extend(&a, i);
                extend(&b, i);
            }
            rounds(&a, i);
            rounds(&b, i);
        }
        a.feba = _mm_add_epi32(a.feba, before[0]);
        a.hgdc = _mm_add_epi32(a.hgdc, before[1]);
        b.feba = _mm_add_epi32(b.feba, before[2]);
        b.hgdc = _mm_add_epi32(b.hgdc, before[3]);
    }
    _mm_storeu_si128((__m128i *)one, a.feba);
    _mm_storeu_si128((__m128i *)(one + 4), a.hgdc);
    _mm_storeu_si128((__m128i *)other, b.feba);
    _mm_storeu_si128((__m128i *)(other + 4), b.hgdc);
}
#else
static const uint32_t beginning[8];

bool pair_is_known(void)
{
    return false;
}

static void compress(uint32_t one[8], const uint8_t *at, uint32_t other[8], const uint8_t *other_at,
                     size_t blocks)
{
    (void)one, (void)at, (void)other, (void)other_at, (void)blocks;
    assert(!"no instructions for it");
}
#endif

static void put_be32(uint8_t *at, uint32_t word)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(word >> (24 - 8 * i));
    }
}

static void lane_begin(struct pair_lane *lane, uint8_t first, struct span text, uint8_t *out)
{
    size_t len = 1 + text.len;
    lane->blocks = (len + 9 + PAIR_BLOCK - 1) / PAIR_BLOCK;
    size_t padded = lane->blocks * PAIR_BLOCK;
    lane->message[0] = first;
    if (text.len > 0) {
        memcpy(lane->message + 1, text.at, text.len);
    }
    lane->message[len] = 0x80;
    memset(lane->message + len + 1, 0, padded - len - 1 - 4);
    put_be32(lane->message + padded - 4, (uint32_t)(8 * len));
    memcpy(lane->state, beginning, sizeof lane->state);
    lane->at = lane->message;
    lane->out = out;
}

static void lane_end(const struct pair_lane *lane)
{
    static const uint8_t places[8] = {3, 2, 7, 6, 1, 0, 5, 4}; /* of A to H */
    for (int i = 0; i < 8; i++) {
        put_be32(lane->out + (size_t)4 * (size_t)i, lane->state[places[i]]);
    }
}

/* As many blocks as both have; a message alone takes as long as two. */
static void advance(struct pair *pair)
{
    struct pair_lane *one = &pair->lanes[0];
    struct pair_lane *other = &pair->lanes[1];
    struct pair_lane *alone = one->blocks == 0 ? other : other->blocks == 0 ? one : NULL;
    if (alone != NULL) {
        uint32_t unused[8] = {0};
        compress(alone->state, alone->at, unused, alone->at, alone->blocks);
        alone->blocks = 0;
        lane_end(alone);
        return;
    }
    size_t blocks = one->blocks < other->blocks ? one->blocks : other->blocks;
    compress(one->state, one->at, other->state, other->at, blocks);
    for (int i = 0; i < 2; i++) {
        struct pair_lane *lane = &pair->lanes[i];
        lane->at += blocks * PAIR_BLOCK;
        lane->blocks -= blocks;
        if (lane->blocks == 0) {
            lane_end(lane);
        }
    }
}

void pair_give(struct pair *pair, uint8_t first, struct span text, uint8_t out[PAIR_LEN])
{
    assert(text.len <= PAIR_TEXT_MAX);
    bool taken = pair->lanes[0].blocks > 0;
    lane_begin(&pair->lanes[taken], first, text, out);
    if (pair->lanes[0].blocks > 0 && pair->lanes[1].blocks > 0) {
        advance(pair);
    }
}

void pair_finish(struct pair *pair)
{
    if (pair->lanes[0].blocks > 0 || pair->lanes[1].blocks > 0) {
        advance(pair);
    }
}
