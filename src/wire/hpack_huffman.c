/* Symbol by symbol from a window of 64 bits: the shortest length whose codes reach that far is the one. */
#include "wire/hpack.h"

#include "wire/hpack_tables.h"

enum { EOS = 256, LENGTHS = sizeof hpack_lengths / sizeof *hpack_lengths };

enum err hpack_huffman(struct span coded, char *out, size_t max, size_t *len)
{
    uint64_t window = 0; /* left-aligned */
    unsigned bits = 0;
    size_t at = 0;
    size_t n = 0;
    for (;;) {
        while (bits <= 56 && at < coded.len) {
            window |= (uint64_t)(uint8_t)coded.at[at++] << (56 - bits);
            bits += 8;
        }
        unsigned symbols = 0;
        unsigned i = 0;
        uint32_t code = 0;
        for (; i < LENGTHS && hpack_lengths[i].bits <= bits; i++) {
            code = (uint32_t)(window >> (64 - hpack_lengths[i].bits));
            if (code - hpack_lengths[i].first < hpack_lengths[i].n) {
                break;
            }
            symbols += hpack_lengths[i].n;
        }
        if (i == LENGTHS || hpack_lengths[i].bits > bits) {
            break;
        }
        unsigned symbol = hpack_symbols[symbols + code - hpack_lengths[i].first];
        if (symbol == EOS) {
            return ERR_SYNTAX;
        }
        if (n == max) {
            return ERR_TOO_BIG;
        }
        out[n++] = (char)symbol;
        window <<= hpack_lengths[i].bits;
        bits -= hpack_lengths[i].bits;
    }
    /* What is left pads the last byte, with ones (RFC 7541 §5.2). */
    if (at < coded.len || bits > 7 || (bits > 0 && window >> (64 - bits) != (1U << bits) - 1)) {
        return ERR_SYNTAX;
    }
    *len = n;
    return OK;
}
