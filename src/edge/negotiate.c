/* Accept-Encoding, If-None-Match and Range. Nothing here fails: a field that makes no sense is as if it were not there. */
#include "edge/negotiate.h"

#include "base/num.h"

#include <strings.h>

static bool same(struct span a, const char *b)
{
    return a.len == strlen(b) && strncasecmp(a.at, b, a.len) == 0;
}

void accept_init(struct accept *accept)
{
    *accept = (struct accept){.weight = {-1, -1, -1}, .any = -1};
}

/* "1", "0.5", "0.123" in thousandths; -1 when it is no weight. */
static int weight_read(struct span text)
{
    if (text.len == 0 || text.len > 5 || (text.at[0] != '0' && text.at[0] != '1')) {
        return -1;
    }
    int weight = (text.at[0] - '0') * 1000;
    if (text.len > 1 && text.at[1] != '.') {
        return -1;
    }
    int unit = 100;
    for (size_t i = 2; i < text.len; i++, unit /= 10) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return -1;
        }
        weight += (text.at[i] - '0') * unit;
    }
    return weight > 1000 ? -1 : weight;
}

/* The weight of one element's parameters; none means full. A broken weight is as good as a refusal. */
static int weight_of(struct span parameters)
{
    while (parameters.at != NULL) {
        struct span value = span_trim(span_cut(&parameters, ';'));
        struct span name = span_trim(span_cut(&value, '='));
        if (same(name, "q")) {
            int weight = value.at == NULL ? -1 : weight_read(span_trim(value));
            return weight < 0 ? 0 : weight;
        }
    }
    return 1000;
}

void accept_add(struct accept *accept, struct span value)
{
    static const struct {
        const char *name;
        enum encoding encoding;
    } names[] = {{"br", ENC_BR}, {"gzip", ENC_GZIP}, {"x-gzip", ENC_GZIP}, {"identity", ENC_IDENTITY}};
    while (value.at != NULL) {
        struct span parameters = span_cut(&value, ',');
        struct span coding = span_trim(span_cut(&parameters, ';'));
        if (same(coding, "*")) {
            accept->any = weight_of(parameters);
        }
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            if (same(coding, names[i].name)) {
                accept->weight[names[i].encoding] = weight_of(parameters);
            }
        }
    }
}

enum encoding accept_choose(const struct accept *accept, unsigned there)
{
    enum encoding best = ENC_IDENTITY;
    int best_weight = accept->weight[ENC_IDENTITY];
    /* Identity is welcome even when it is not named, but then anything named is better. */
    if (best_weight < 0) {
        best_weight = accept->any > 0 ? accept->any : 0;
    }
    static const enum encoding smaller[] = {ENC_GZIP, ENC_BR};
    for (size_t i = 0; i < 2; i++) {
        int weight = accept->weight[smaller[i]] >= 0 ? accept->weight[smaller[i]] : accept->any;
        if ((there & (1U << smaller[i])) != 0 && weight > 0 && weight >= best_weight) {
            best = smaller[i];
            best_weight = weight;
        }
    }
    return best;
}

bool etag_listed(struct span list, struct span etag)
{
    while (list.at != NULL) {
        struct span item = span_trim(span_cut(&list, ','));
        if (span_starts(item, SPAN("W/"))) {
            item = span_from(item, 2);
        }
        if (span_is(item, "*") || (etag.len > 0 && span_equal(item, etag))) {
            return true;
        }
    }
    return false;
}

/* "-500": the last bytes. */
static enum range_verdict last_bytes(struct span text, uint64_t size, uint64_t *first, uint64_t *len)
{
    uint64_t n = 0;
    if (num_parse_u64(text, &n) != OK) {
        return RANGE_WHOLE;
    }
    if (n == 0 || size == 0) {
        return RANGE_OUTSIDE;
    }
    *len = n < size ? n : size;
    *first = size - *len;
    return RANGE_PART;
}

enum range_verdict range_read(struct span value, uint64_t size, uint64_t *first, uint64_t *len)
{
    struct span unit = span_cut(&value, '=');
    if (!same(unit, "bytes") || value.at == NULL || memchr(value.at, ',', value.len) != NULL) {
        return RANGE_WHOLE;
    }
    struct span from = span_cut(&value, '-');
    if (value.at == NULL) {
        return RANGE_WHOLE;
    }
    if (from.len == 0) {
        return last_bytes(value, size, first, len);
    }
    uint64_t begin = 0;
    uint64_t end = UINT64_MAX;
    if (num_parse_u64(from, &begin) != OK || (value.len > 0 && num_parse_u64(value, &end) != OK) ||
        end < begin) {
        return RANGE_WHOLE;
    }
    if (begin >= size) {
        return RANGE_OUTSIDE;
    }
    *first = begin;
    *len = (end < size ? end : size - 1) - begin + 1;
    return RANGE_PART;
}
