/* What the files of this module share: the one hash that minisign needs and libsodium gives. */
#ifndef SEAL_SECRET_SECRET_H
#define SEAL_SECRET_SECRET_H

#include "base/span.h"

#include <stdint.h>

void blake2b_512(struct span bytes, uint8_t out[64]);

#endif
