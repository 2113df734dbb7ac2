/* The spelling of tile paths, both ways. */
#include "base/num.h"
#include "tlog/tiles.h"

#include <assert.h>
#include <stdio.h>

static int print_number(uint64_t tile, char *out, size_t size)
{
    uint64_t groups[7];
    int n = 0;
    do {
        groups[n++] = tile % 1000;
        tile /= 1000;
    } while (tile != 0);
    int len = 0;
    while (n-- > 0) {
        len += snprintf(out + len, size - (size_t)len, n > 0 ? "/x%03u" : "/%03u", (unsigned)groups[n]);
    }
    return len;
}

static void print_path(const char *level, uint64_t tile, unsigned width, char out[TILE_PATH_MAX])
{
    assert(width >= 1 && width <= TILE_HASHES);
    int len = snprintf(out, TILE_PATH_MAX, "tile/%s", level);
    len += print_number(tile, out + len, TILE_PATH_MAX - (size_t)len);
    if (width < TILE_HASHES) {
        len += snprintf(out + len, TILE_PATH_MAX - (size_t)len, ".p/%u", width);
    }
    assert(len < TILE_PATH_MAX);
}

void tile_path(unsigned level, uint64_t tile, unsigned width, char out[TILE_PATH_MAX])
{
    char text[16];
    snprintf(text, sizeof text, "%u", level);
    print_path(text, tile, width, out);
}

void tile_entries_path(uint64_t bundle, unsigned width, char out[TILE_PATH_MAX])
{
    print_path("entries", bundle, width, out);
}

/* "x001/x234/067": three digits a group, all but the last with an x. */
static enum err parse_number(struct span text, uint64_t *out)
{
    uint64_t number = 0;
    for (int group = 0;; group++) {
        struct span digits = span_cut(&text, '/');
        bool more = text.at != NULL;
        uint32_t value = 0;
        if (group == 6 || (more && (digits.len == 0 || digits.at[0] != 'x'))) {
            return ERR_SYNTAX;
        }
        digits = more ? span_from(digits, 1) : digits;
        if (digits.len != 3 || num_parse_padded(digits, &value) != OK ||
            (group == 0 && more && value == 0)) { /* a leading group of zeros would be a second spelling */
            return ERR_SYNTAX;
        }
        number = number * 1000 + value;
        if (!more) {
            *out = number;
            return OK;
        }
    }
}

static enum err parse_width(struct span *text, unsigned *width)
{
    for (size_t i = 0; i + 3 <= text->len; i++) {
        if (memcmp(text->at + i, ".p/", 3) == 0) {
            uint32_t value = 0;
            TRY(num_parse_u32(span_from(*text, i + 3), &value));
            if (value == 0 || value >= TILE_HASHES) {
                return ERR_RANGE;
            }
            *text = span_of(text->at, i);
            *width = value;
            return OK;
        }
    }
    *width = TILE_HASHES;
    return OK;
}

enum err tile_path_parse(struct span path, int *level, uint64_t *tile, unsigned *width)
{
    struct span rest = path;
    struct span first = span_cut(&rest, '/');
    uint32_t number = 0;
    bool entries = span_is(first, "entries");
    if (rest.at == NULL || (!entries && (num_parse_u32(first, &number) != OK || number > 63))) {
        return ERR_SYNTAX;
    }
    unsigned parsed_width = 0;
    uint64_t parsed_tile = 0;
    TRY(parse_width(&rest, &parsed_width));
    TRY(parse_number(rest, &parsed_tile));
    *level = entries ? -1 : (int)number;
    *tile = parsed_tile;
    *width = parsed_width;
    return OK;
}
