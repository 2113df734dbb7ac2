/* Bytes as hits: every length, sum, order and name is checked before a block is shown. */
#include "doors/hits_bytes.h"

#include "base/num.h"
#include "seal/digest.h"

bool hits_is_net(const uint8_t net[16], uint8_t bits)
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned in = bits >= 8 * (i + 1) ? 8 : bits <= 8 * i ? 0 : bits - 8 * i;
        if ((net[i] & (0xffU >> in)) != 0) {
            return false;
        }
    }
    return bits <= 128;
}

struct hits_row hits_row_at(const struct hits_view *view, uint32_t i)
{
    const char *at = view->rows.at + (size_t)i * HITS_ROW_BYTES;
    struct hits_row row = {.bits = (uint8_t)at[16], .refused = load32(at + 20)};
    memcpy(row.net, at, 16);
    row.requests = load64(at + 24);
    row.cost_ns = load64(at + 32);
    row.bytes = load64(at + 40);
    return row;
}

struct hit hits_record_at(const struct hits_view *view, uint32_t i)
{
    const char *at = view->records.at + (size_t)i * HITS_RECORD_BYTES;
    struct hit hit = {.time_ms = (int64_t)load64(at), .bytes = load64(at + 40), .cost_ns = load32(at + 48)};
    memcpy(hit.source, at + 8, 16);
    memcpy(hit.dest, at + 24, 16);
    hit.rate = load32(at + 52);
    hit.source_port = load16(at + 56);
    hit.dest_port = load16(at + 58);
    hit.status = load16(at + 60);
    hit.id[HITS_TLS] = load16(at + 62);
    hit.id[HITS_HTTP] = load16(at + 64);
    for (int kind = HITS_PLANE; kind <= HITS_REASON; kind++) {
        hit.id[kind] = (uint8_t)at[66 + kind];
    }
    hit.number = load64(at + 72);
    return hit;
}

struct span hits_name(const struct hits_reader *reader, enum hits_kind kind, uint16_t id)
{
    struct span name = id < HITS_IDS ? reader->names[kind][id] : span_of(NULL, 0);
    return name.at == NULL ? SPAN("-") : name;
}

static bool is_text(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < 0x20 || text.at[i] == 0x7f) {
            return false;
        }
    }
    return text.len > 0;
}

enum err hits_open(struct hits_reader *reader, struct span bytes, struct why *why)
{
    *reader = (struct hits_reader){.last_ms = INT64_MIN};
    if (bytes.len < HITS_HEAD_BYTES) {
        return why_set(why, ERR_AGAIN, "shorter than the head of a hits segment");
    }
    if (memcmp(bytes.at, HITS_MAGIC, 16) != 0 || load32(bytes.at + 36) != HITS_RECORD_BYTES) {
        return why_set(why, ERR_SYNTAX, "not a hits segment of version 1");
    }
    struct hits_head *head = &reader->head;
    head->opened_ms = (int64_t)load64(bytes.at + 16);
    head->offset_ms = (int64_t)load64(bytes.at + 24);
    head->error_us = load32(bytes.at + 32);
    memcpy(head->name, bytes.at + 40, sizeof head->name);
    size_t len = strnlen(head->name, sizeof head->name);
    for (size_t i = len; i < HITS_HEAD_BYTES - 40; i++) {
        if (bytes.at[40 + i] != 0) {
            return why_set(why, ERR_SYNTAX, "bytes after the name in the head");
        }
    }
    if (len == sizeof head->name || !is_text(span_of(head->name, len)) || head->opened_ms < 0) {
        return why_set(why, ERR_SYNTAX, "the head has no name of printable bytes, or no moment");
    }
    reader->bytes = span_from(bytes, HITS_HEAD_BYTES);
    reader->at = HITS_HEAD_BYTES;
    return OK;
}

static enum err read_words(struct hits_reader *reader, struct hits_view *view, struct span *rest,
                           struct why *why)
{
    const char *begin = rest->at;
    uint32_t last = 0;
    for (uint32_t i = 0; i < view->n_words; i++) {
        if (rest->len < 4 || rest->len < 4U + (uint8_t)rest->at[1]) {
            return why_set(why, ERR_SYNTAX, "the dictionary is longer than its block");
        }
        uint8_t kind = (uint8_t)rest->at[0];
        uint16_t id = load16(rest->at + 2);
        struct span text = span_of(rest->at + 4, (uint8_t)rest->at[1]);
        uint32_t order = ((uint32_t)kind << 16 | id) + 1;
        if (kind >= HITS_KINDS || id >= HITS_IDS || text.len > HITS_WORD_MAX || !is_text(text)) {
            return why_set(why, ERR_SYNTAX, "dictionary: a kind, id or text that cannot be");
        }
        if (order <= last || reader->names[kind][id].at != NULL) {
            return why_set(why, ERR_SYNTAX, "dictionary: ids out of order or said twice");
        }
        last = order;
        reader->names[kind][id] = text;
        *rest = span_from(*rest, 4 + text.len);
    }
    view->words = span_of(begin, (size_t)(rest->at - begin));
    return OK;
}

static enum err check_rows(const struct hits_view *view, struct why *why)
{
    uint64_t requests = 0, cost = 0, bytes = 0;
    for (uint32_t i = 0; i < view->n_rows; i++) {
        const char *at = view->rows.at + (size_t)i * HITS_ROW_BYTES;
        struct hits_row row = hits_row_at(view, i);
        if (i > 0 && memcmp(at - HITS_ROW_BYTES, at, 17) >= 0) {
            return why_set(why, ERR_SYNTAX, "row %u: networks are out of order", i);
        }
        if (!hits_is_net(row.net, row.bits) || memcmp(at + 17, "\0\0", 3) != 0) {
            return why_set(why, ERR_SYNTAX, "row %u: bits after the network", i);
        }
        if (row.requests == 0 || row.refused > row.requests) {
            return why_set(why, ERR_SYNTAX, "row %u: counts nobody, or refuses more than came", i);
        }
        if (!num_add_u64(&requests, row.requests) || !num_add_u64(&cost, row.cost_ns) ||
            !num_add_u64(&bytes, row.bytes)) {
            return why_set(why, ERR_RANGE, "row %u: a sum past 64 bits", i);
        }
    }
    const struct hits_totals *totals = &view->totals;
    return requests == totals->seen && cost == totals->cost_ns && bytes == totals->bytes
               ? OK
               : why_set(why, ERR_CONFLICT, "the rows do not add up to the block's totals");
}

static bool sum_is(const uint64_t *numbers, size_t n, uint64_t wanted)
{
    uint64_t sum = 0;
    bool fits = true;
    for (size_t i = 0; i < n; i++) {
        fits = fits && num_add_u64(&sum, numbers[i]);
    }
    return fits && sum == wanted;
}

static enum err check_totals(const struct hits_view *view, struct why *why)
{
    const struct hits_totals *totals = &view->totals;
    uint64_t costs[HITS_COSTS];
    for (size_t i = 0; i < HITS_COSTS; i++) {
        costs[i] = totals->by_cost[i];
    }
    bool agree = sum_is(totals->by_decision, HITS_DECISIONS, totals->seen) &&
                 sum_is(totals->by_status, HITS_STATUSES, totals->seen) &&
                 sum_is(costs, HITS_COSTS, totals->seen);
    return agree ? OK : why_set(why, ERR_CONFLICT, "counts by decision, status or cost do not add up");
}

static enum err check_records(const struct hits_reader *reader, const struct hits_view *view, struct why *why)
{
    for (uint32_t i = 0; i < view->n_records; i++) {
        struct hit hit = hits_record_at(view, i);
        if (hit.rate != view->rate) {
            return why_set(why, ERR_SYNTAX, "record %u: another rate than its block's", i);
        }
        if (hit.status != 0 && hits_status_class(hit.status) == 0) {
            return why_set(why, ERR_RANGE, "record %u: status %u", i, hit.status);
        }
        for (int kind = 0; kind < HITS_KINDS; kind++) {
            bool none = hit.id[kind] == 0 && (kind == HITS_HTTP || kind == HITS_TLS);
            if (!none && (hit.id[kind] >= HITS_IDS || reader->names[kind][hit.id[kind]].at == NULL)) {
                return why_set(why, ERR_SYNTAX, "record %u: an id that the dictionary does not have", i);
            }
        }
    }
    return OK;
}

static void load_totals(const char *at, struct hits_totals *out)
{
    *out = (struct hits_totals){.seen = load64(at + AT_SEEN), .lost = load64(at + AT_SEEN + 8)};
    out->cost_ns = load64(at + AT_SEEN + 16);
    out->bytes = load64(at + AT_SEEN + 24);
    for (size_t i = 0; i < HITS_DECISIONS; i++) {
        out->by_decision[i] = load64(at + AT_DECISIONS + 8 * i);
    }
    for (size_t i = 0; i < HITS_STATUSES; i++) {
        out->by_status[i] = load64(at + AT_STATUSES + 8 * i);
    }
    for (size_t i = 0; i < HITS_COSTS; i++) {
        out->by_cost[i] = load32(at + AT_COSTS + 4 * i);
    }
}

static enum err load_head(const struct hits_reader *reader, const char *at, struct hits_view *out,
                          struct why *why)
{
    *out = (struct hits_view){.from_ms = (int64_t)load64(at + 8), .to_ms = (int64_t)load64(at + 16)};
    load_totals(at, &out->totals);
    out->n_words = load32(at + AT_N_WORDS);
    out->n_rows = load32(at + AT_N_WORDS + 4);
    out->n_records = load32(at + AT_N_WORDS + 8);
    out->rate = load32(at + AT_N_WORDS + 12);
    if (out->from_ms < 0 || out->to_ms < out->from_ms || out->from_ms < reader->last_ms) {
        return why_set(why, ERR_SYNTAX, "a block that begins before the one before it ended");
    }
    uint64_t rate = out->rate;
    if (rate == 0 || (rate & (rate - 1)) != 0 ||
        out->n_records != out->totals.seen / rate + (out->totals.seen % rate != 0)) {
        return why_set(why, ERR_SYNTAX, "another number of records than the rate says");
    }
    return OK;
}

static enum err check_block(struct hits_reader *reader, struct span block, struct hits_view *out,
                            struct why *why)
{
    uint8_t check[DIGEST_LEN];
    digest_of(span_of(block.at, block.len - BLOCK_CHECK), check);
    if (memcmp(check, block.at + block.len - BLOCK_CHECK, BLOCK_CHECK) != 0) {
        return why_set(why, ERR_FORGED, "the check of the block does not match its bytes");
    }
    TRY(load_head(reader, block.at, out, why));
    struct span rest = span_of(block.at + BLOCK_HEAD, block.len - HITS_BLOCK_BYTES);
    TRY(read_words(reader, out, &rest, why));
    uint64_t rows = (uint64_t)out->n_rows * HITS_ROW_BYTES;
    uint64_t records = (uint64_t)out->n_records * HITS_RECORD_BYTES;
    if (rows + records != rest.len) {
        return why_set(why, ERR_SYNTAX, "the block is longer or shorter than what it counts");
    }
    out->rows = span_of(rest.at, (size_t)rows);
    out->records = span_of(rest.at + rows, (size_t)records);
    TRY(check_totals(out, why));
    TRY(check_rows(out, why));
    return check_records(reader, out, why);
}

enum err hits_next(struct hits_reader *reader, struct hits_view *out, struct why *why)
{
    struct span bytes = reader->bytes;
    struct hits_view view;
    if (bytes.len == 0) {
        return ERR_MISSING;
    }
    if (bytes.len < 8) {
        return ERR_AGAIN;
    }
    uint32_t len = load32(bytes.at + 4);
    if (load32(bytes.at) != BLOCK_MAGIC || len < HITS_BLOCK_BYTES || len > HITS_BLOCK_MAX) {
        return why_set(why, ERR_SYNTAX, "byte %llu: no block begins here", (unsigned long long)reader->at);
    }
    if (bytes.len < len) {
        return ERR_AGAIN;
    }
    enum err err = check_block(reader, span_of(bytes.at, len), &view, why);
    if (err != OK) {
        return why_prefix(why, err, "block at byte %llu", (unsigned long long)reader->at);
    }
    reader->bytes = span_from(bytes, len);
    reader->at += len;
    reader->last_ms = view.to_ms;
    *out = view;
    return OK;
}
