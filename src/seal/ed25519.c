/* libsodium's Ed25519, public half. */
#include "seal/ed25519.h"

#include <sodium.h>

bool ed25519_verify(const uint8_t public[32], struct span message, const uint8_t signature[64])
{
    return crypto_sign_ed25519_verify_detached(signature, (const unsigned char *)message.at, message.len,
                                               public) == 0;
}

bool ed25519_key_is_sound(const uint8_t public[32])
{
    return crypto_core_ed25519_is_valid_point(public) == 1;
}

void blake2b_512_of(struct span bytes, uint8_t out[64])
{
    /* fails only for lengths that are not ours */
    (void)crypto_generichash(out, 64, (const unsigned char *)bytes.at, bytes.len, NULL, 0);
}
