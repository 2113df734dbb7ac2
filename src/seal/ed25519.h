/* Ed25519 verification by libsodium, the library's only door in this half of the seal. */
#ifndef SEAL_ED25519_H
#define SEAL_ED25519_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* RFC 8032; strict (libsodium refuses low-order and non-canonical points). */
bool ed25519_verify(const uint8_t public[32], struct span message, const uint8_t signature[64]);

/* A point that may be registered as a key: canonical, on the curve, in the main subgroup. With it all common
 * verifiers agree on every signature. */
bool ed25519_key_is_sound(const uint8_t public[32]);

/* BLAKE2b with 64 bytes, which minisign signs. */
void blake2b_512_of(struct span bytes, uint8_t out[64]);

#endif
