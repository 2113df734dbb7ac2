/* Making and reading codes. */
#include "doors/cut_code.h"

#include "seal/digest.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum { LETTERS = 16, LETTER_BITS = 5, GROUP = 4 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

void cut_proof_path(uint32_t cut, char out[CUT_PROOF_PATH_MAX])
{
    int n = snprintf(out, CUT_PROOF_PATH_MAX, "log/cut-%" PRIu32 ".tlog-proof", cut);
    assert(n > 0 && n < CUT_PROOF_PATH_MAX);
}

/* Puts letter `i` at its place among the groups. */
static void letter_put(char out[CUT_CODE_LEN + 1], int i, char letter)
{
    out[i + i / GROUP] = letter;
    if (i % GROUP == GROUP - 1) {
        out[i + i / GROUP + 1] = i == LETTERS - 1 ? '\0' : '-';
    }
}

void cut_code_print(struct span proof_file, char out[CUT_CODE_LEN + 1])
{
    uint8_t sha256[DIGEST_LEN];
    digest_of(proof_file, sha256);
    for (int i = 0; i < LETTERS; i++) {
        int bit = i * LETTER_BITS;
        unsigned two = (unsigned)sha256[bit / 8] << 8 | sha256[bit / 8 + 1];
        letter_put(out, i, alphabet[two >> (16 - LETTER_BITS - bit % 8) & 31]);
    }
}

static char letter_of(char c)
{
    switch (c) {
    case '0':
        return 'O';
    case '1':
        return 'I';
    case '8':
        return 'B';
    default:
        return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
}

bool cut_code_read(struct span heard, char out[CUT_CODE_LEN + 1])
{
    char code[CUT_CODE_LEN + 1];
    int n = 0;
    for (size_t i = 0; i < heard.len; i++) {
        char c = letter_of(heard.at[i]);
        if (c == ' ' || c == '-') {
            continue;
        }
        if (n == LETTERS || c == '\0' || strchr(alphabet, c) == NULL) {
            return false;
        }
        letter_put(code, n++, c);
    }
    if (n != LETTERS) {
        return false;
    }
    memcpy(out, code, sizeof code);
    return true;
}
