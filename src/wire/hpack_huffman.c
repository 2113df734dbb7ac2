/* Symbol by symbol from a window of 64 bits: codes of up to eight bits, which are all that fields usually hold, from a table; of longer ones
 * the shortest length whose codes reach that far is the one. */
#include "wire/hpack.h"

#include "wire/hpack_tables.h"

enum { EOS = 256, LENGTHS = sizeof hpack_lengths / sizeof *hpack_lengths, QUICK_BITS = 8 };

/* Made from the canonical lists when first asked for. */
static struct {
    bool made;
    uint8_t symbol[1 << QUICK_BITS], bits[1 << QUICK_BITS]; /* by what comes first; 0 bits: a longer code */
    uint32_t code[EOS + 1];
    uint8_t code_bits[EOS + 1];
} table;

static void make_table(void)
{
    unsigned at = 0;
    for (unsigned i = 0; i < LENGTHS; i++) {
        for (unsigned k = 0; k < hpack_lengths[i].n; k++, at++) {
            uint32_t code = hpack_lengths[i].first + k;
            unsigned bits = hpack_lengths[i].bits;
            table.code[hpack_symbols[at]] = code;
            table.code_bits[hpack_symbols[at]] = (uint8_t)bits;
            for (unsigned tail = 0; bits <= QUICK_BITS && tail < 1U << (QUICK_BITS - bits); tail++) {
                unsigned window = code << (QUICK_BITS - bits) | tail;
                table.symbol[window] = (uint8_t)hpack_symbols[at];
                table.bits[window] = (uint8_t)bits;
            }
        }
    }
    table.made = true;
}

size_t hpack_huffman_len(struct span text)
{
    size_t bits = 0;
    if (!table.made) {
        make_table();
    }
    for (size_t i = 0; i < text.len; i++) {
        bits += table.code_bits[(uint8_t)text.at[i]];
    }
    return (bits + 7) / 8;
}

void hpack_huffman_put(struct buf *out, struct span text)
{
    uint64_t window = 0;
    unsigned bits = 0;
    if (!table.made) {
        make_table();
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned symbol = (uint8_t)text.at[i];
        window = window << table.code_bits[symbol] | table.code[symbol];
        for (bits += table.code_bits[symbol]; bits >= 8; bits -= 8) {
            buf_char(out, (char)(window >> (bits - 8)));
        }
    }
    if (bits > 0) { /* ones pad the last byte */
        buf_char(out, (char)(window << (8 - bits) | ((1U << (8 - bits)) - 1)));
    }
}

/* A code of more than eight bits at the front of the window; 0: there is none. */
static unsigned long_code(uint64_t window, unsigned most, unsigned *symbol)
{
    unsigned before = 0;
    for (unsigned i = 0; i < LENGTHS && hpack_lengths[i].bits <= most; i++) {
        uint32_t code = (uint32_t)(window >> (64 - hpack_lengths[i].bits));
        if (code - hpack_lengths[i].first < hpack_lengths[i].n) {
            *symbol = hpack_symbols[before + code - hpack_lengths[i].first];
            return hpack_lengths[i].bits;
        }
        before += hpack_lengths[i].n;
    }
    return 0;
}

enum err hpack_huffman(struct span coded, char *out, size_t max, size_t *len)
{
    uint64_t window = 0; /* left-aligned */
    unsigned bits = 0;
    size_t at = 0;
    size_t n = 0;
    if (!table.made) {
        make_table();
    }
    for (;;) {
        while (bits <= 56 && at < coded.len) {
            window |= (uint64_t)(uint8_t)coded.at[at++] << (56 - bits);
            bits += 8;
        }
        unsigned symbol = table.symbol[window >> (64 - QUICK_BITS)];
        unsigned used = table.bits[window >> (64 - QUICK_BITS)];
        if (used == 0) {
            used = long_code(window, bits, &symbol);
        }
        if (used == 0 || used > bits) {
            break;
        }
        if (symbol == EOS) {
            return ERR_SYNTAX;
        }
        if (n == max) {
            return ERR_TOO_BIG;
        }
        out[n++] = (char)symbol;
        window <<= used;
        bits -= used;
    }
    /* What is left pads the last byte, with ones (RFC 7541 §5.2). */
    if (at < coded.len || bits > 7 || (bits > 0 && window >> (64 - bits) != (1U << bits) - 1)) {
        return ERR_SYNTAX;
    }
    *len = n;
    return OK;
}
