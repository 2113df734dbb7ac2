/* Reading, and looking up. Ranges are sorted and do not overlap, or the file is refused. */
#include "geo/geo.h"

#include "base/num.h"
#include "os/file.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdlib.h>

enum { FILE_MAX = 64 << 20, ROWS_MAX = 4 << 20 };

static bool is_country(struct span text)
{
    return text.len == 2 &&
           ((text.at[0] >= 'A' && text.at[0] <= 'Z' && text.at[1] >= 'A' && text.at[1] <= 'Z') ||
            span_is(text, "??"));
}

/* Fields of the next line that is no comment; false at the end. */
static bool next_row(struct span *rest, struct span row[3], unsigned *line)
{
    struct span text;
    while (span_line(rest, &text)) {
        (*line)++;
        text = span_trim(text);
        if (text.len > 0 && text.at[0] != '#') {
            row[0] = span_cut(&text, ',');
            row[1] = span_cut(&text, ',');
            row[2] = text;
            return true;
        }
    }
    return false;
}

static size_t count_lines(struct span text)
{
    size_t n = 1;
    for (size_t i = 0; i < text.len; i++) {
        n += text.at[i] == '\n';
    }
    return n;
}

/* A table: how a row of it is laid down, and whether it may follow the one before. */
struct table {
    const char *name;
    size_t row_size;
    bool (*parse)(const struct span row[3], void *out); /* its ends, not its country */
    bool (*follows)(const void *row, const void *before);
    size_t country_at;
};

/* Every line, or none of them: `*all` is then the caller's, in the place of what stood there. */
static enum err read_table(const struct table *table, struct span text, void **all, uint32_t *n,
                           struct why *why)
{
    struct span row[3];
    unsigned line = 0;
    size_t most = count_lines(text);
    char *rows = most > ROWS_MAX ? NULL : calloc(most, table->row_size);
    uint32_t got = 0;
    if (rows == NULL) {
        return why_set(why, ERR_TOO_BIG, "%s: more than %d lines", table->name, ROWS_MAX);
    }
    while (next_row(&text, row, &line)) {
        char *now = rows + got * table->row_size;
        if (!table->parse(row, now) || !is_country(row[2]) ||
            (got > 0 && !table->follows(now, now - table->row_size))) {
            free(rows);
            return why_set(why, ERR_SYNTAX, "%s, line %u: not \"lo,hi,CC\" after the line before it",
                           table->name, line);
        }
        memcpy(now + table->country_at, row[2].at, 2);
        got++;
    }
    free(*all);
    *all = rows;
    *n = got;
    return OK;
}

static bool parse_v4(const struct span row[3], void *out)
{
    struct geo_range4 *range = out;
    return num_parse_u32(row[0], &range->lo) == OK && num_parse_u32(row[1], &range->hi) == OK &&
           range->lo <= range->hi;
}

static bool follows_v4(const void *row, const void *before)
{
    return ((const struct geo_range4 *)row)->lo > ((const struct geo_range4 *)before)->hi;
}

static bool address_v6(struct span text, uint8_t out[16])
{
    char address[INET6_ADDRSTRLEN];
    return span_copy(text, address, sizeof address) && inet_pton(AF_INET6, address, out) == 1;
}

static bool parse_v6(const struct span row[3], void *out)
{
    struct geo_range6 *range = out;
    return address_v6(row[0], range->lo) && address_v6(row[1], range->hi) &&
           memcmp(range->lo, range->hi, 16) <= 0;
}

static bool follows_v6(const void *row, const void *before)
{
    return memcmp(((const struct geo_range6 *)row)->lo, ((const struct geo_range6 *)before)->hi, 16) > 0;
}

enum err geo_add_v4(struct geo *geo, struct span text, struct why *why)
{
    static const struct table table = {"countries, IPv4", sizeof(struct geo_range4), parse_v4, follows_v4,
                                       offsetof(struct geo_range4, country)};
    void *all = geo->v4;
    TRY(read_table(&table, text, &all, &geo->n4, why));
    geo->v4 = all;
    return OK;
}

enum err geo_add_v6(struct geo *geo, struct span text, struct why *why)
{
    static const struct table table = {"countries, IPv6", sizeof(struct geo_range6), parse_v6, follows_v6,
                                       offsetof(struct geo_range6, country)};
    void *all = geo->v6;
    TRY(read_table(&table, text, &all, &geo->n6, why));
    geo->v6 = all;
    return OK;
}

static enum err load_file(struct geo *geo, const char *path,
                          enum err (*add)(struct geo *, struct span, struct why *), struct why *why)
{
    struct buf text;
    if (path == NULL) {
        return OK;
    }
    buf_init(&text, 0);
    enum err err = file_read(path, FILE_MAX, &text, why);
    err = err == OK ? add(geo, buf_as_span(&text), why) : err;
    buf_done(&text);
    return err == OK ? OK : why_prefix(why, err, "%s", path);
}

enum err geo_load(struct geo *geo, const char *v4_path, const char *v6_path, struct why *why)
{
    *geo = (struct geo){0};
    enum err err = load_file(geo, v4_path, geo_add_v4, why);
    err = err == OK ? load_file(geo, v6_path, geo_add_v6, why) : err;
    if (err != OK) {
        geo_done(geo);
    }
    return err;
}

void geo_done(struct geo *geo)
{
    free(geo->v4);
    free(geo->v6);
    *geo = (struct geo){0};
}

static struct geo_country answer(const char *country)
{
    struct geo_country out = {"??"};
    if (country != NULL) {
        memcpy(out.code, country, 2);
    }
    return out;
}

static const char *find_v4(const struct geo *geo, const uint8_t at[4])
{
    uint32_t address = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    uint32_t low = 0;
    uint32_t high = geo->n4;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (geo->v4[middle].hi < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < geo->n4 && geo->v4[low].lo <= address ? geo->v4[low].country : NULL;
}

static const char *find_v6(const struct geo *geo, const uint8_t address[16])
{
    uint32_t low = 0;
    uint32_t high = geo->n6;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(geo->v6[middle].hi, address, 16) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < geo->n6 && memcmp(geo->v6[low].lo, address, 16) <= 0 ? geo->v6[low].country : NULL;
}

struct geo_country geo_find(const struct geo *geo, const uint8_t address[16])
{
    static const uint8_t v4[12] = {[10] = 0xff, [11] = 0xff};
    return answer(memcmp(address, v4, 12) == 0 ? find_v4(geo, address + 12) : find_v6(geo, address));
}
