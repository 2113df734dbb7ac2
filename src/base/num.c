/* Numbers as text, checked digit by digit. */
#include "base/num.h"

/* Digits that fit any of the numbers here. */
enum { SURELY_FITS = 9 };

static enum err parse_digits(struct span text, uint64_t max, uint64_t *out)
{
    if (text.len == 0) {
        return ERR_SYNTAX;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)(unsigned char)text.at[i] - '0';
        if (digit > 9) {
            return ERR_SYNTAX;
        }
        if (i >= SURELY_FITS && value > (max - digit) / 10) {
            return ERR_RANGE;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return OK;
}

enum err num_parse_u64(struct span text, uint64_t *out)
{
    if (text.len > 1 && text.at[0] == '0') {
        return ERR_SYNTAX;
    }
    return parse_digits(text, UINT64_MAX, out);
}

enum err num_parse_u32(struct span text, uint32_t *out)
{
    uint64_t value = 0;
    TRY(num_parse_u64(text, &value));
    if (value > UINT32_MAX) {
        return ERR_RANGE;
    }
    *out = (uint32_t)value;
    return OK;
}

enum err num_parse_padded(struct span text, uint32_t *out)
{
    uint64_t value = 0;
    TRY(parse_digits(text, UINT32_MAX, &value));
    *out = (uint32_t)value;
    return OK;
}

enum err num_parse_i64(struct span text, int64_t *out)
{
    bool negative = text.len > 0 && text.at[0] == '-';
    uint64_t value = 0;
    TRY(num_parse_u64(negative ? span_from(text, 1) : text, &value));
    if (negative) {
        if (value == 0) {
            return ERR_SYNTAX;
        }
        if (value > (uint64_t)INT64_MAX + 1) {
            return ERR_RANGE;
        }
        *out = (int64_t)((uint64_t)0 - value);
        return OK;
    }
    if (value > INT64_MAX) {
        return ERR_RANGE;
    }
    *out = (int64_t)value;
    return OK;
}

size_t num_print_u64(char *out, uint64_t number)
{
    char digits[NUM_U64_MAX];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    for (size_t i = 0; i < n; i++) {
        out[i] = digits[n - 1 - i];
    }
    return n;
}
