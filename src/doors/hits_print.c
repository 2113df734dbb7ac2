/* Hits as bytes. What is printed here is what hits_next accepts, nothing else. */
#include "doors/hits_bytes.h"

#include "seal/digest.h"

#include <assert.h>

void hits_head_print(const struct hits_head *head, struct buf *out)
{
    char bytes[HITS_HEAD_BYTES] = HITS_MAGIC;
    store64(bytes + 16, (uint64_t)head->opened_ms);
    store64(bytes + 24, (uint64_t)head->offset_ms);
    store32(bytes + 32, head->error_us);
    store32(bytes + 36, HITS_RECORD_BYTES);
    memcpy(bytes + 40, head->name, strnlen(head->name, sizeof head->name - 1));
    buf_add(out, bytes, sizeof bytes);
}

static void print_word(const struct hits_word *word, struct buf *out)
{
    char head[4] = {(char)word->kind, (char)word->text.len};
    assert(word->text.len > 0 && word->text.len <= HITS_WORD_MAX && word->id < HITS_IDS);
    store16(head + 2, word->id);
    buf_add(out, head, sizeof head);
    buf_span(out, word->text);
}

static void print_row(const struct hits_row *row, struct buf *out)
{
    char bytes[HITS_ROW_BYTES] = {0};
    assert(hits_is_net(row->net, row->bits));
    memcpy(bytes, row->net, 16);
    bytes[16] = (char)row->bits;
    store32(bytes + 20, row->refused);
    store64(bytes + 24, row->requests);
    store64(bytes + 32, row->cost_ns);
    store64(bytes + 40, row->bytes);
    buf_add(out, bytes, sizeof bytes);
}

static void print_record(const struct hit *hit, struct buf *out)
{
    char bytes[HITS_RECORD_BYTES];
    store64(bytes, (uint64_t)hit->time_ms);
    memcpy(bytes + 8, hit->source, 16);
    memcpy(bytes + 24, hit->dest, 16);
    store64(bytes + 40, hit->bytes);
    store32(bytes + 48, hit->cost_ns);
    store32(bytes + 52, hit->rate);
    store16(bytes + 56, hit->source_port);
    store16(bytes + 58, hit->dest_port);
    store16(bytes + 60, hit->status);
    store16(bytes + 62, hit->id[HITS_TLS]);
    store16(bytes + 64, hit->id[HITS_HTTP]);
    for (int kind = HITS_PLANE; kind <= HITS_REASON; kind++) {
        assert(hit->id[kind] <= UINT8_MAX);
        bytes[66 + kind] = (char)hit->id[kind];
    }
    store64(bytes + 72, hit->number);
    buf_add(out, bytes, sizeof bytes);
}

static void print_totals(const struct hits_totals *totals, char *bytes)
{
    const uint64_t numbers[] = {totals->seen, totals->lost, totals->cost_ns, totals->bytes};
    for (size_t i = 0; i < 4; i++) {
        store64(bytes + AT_SEEN + 8 * i, numbers[i]);
    }
    for (size_t i = 0; i < HITS_DECISIONS; i++) {
        store64(bytes + AT_DECISIONS + 8 * i, totals->by_decision[i]);
    }
    for (size_t i = 0; i < HITS_STATUSES; i++) {
        store64(bytes + AT_STATUSES + 8 * i, totals->by_status[i]);
    }
    for (size_t i = 0; i < HITS_COSTS; i++) {
        store32(bytes + AT_COSTS + 4 * i, totals->by_cost[i]);
    }
}

void hits_block_print(const struct hits_block *block, struct buf *out)
{
    size_t begin = out->len;
    char head[BLOCK_HEAD];
    assert(block->rate != 0 && (block->rate & (block->rate - 1)) == 0);
    assert(block->n_records == (block->totals.seen + block->rate - 1) / block->rate);
    store32(head, BLOCK_MAGIC);
    store32(head + 4, 0);
    store64(head + 8, (uint64_t)block->from_ms);
    store64(head + 16, (uint64_t)block->to_ms);
    print_totals(&block->totals, head);
    store32(head + AT_N_WORDS, block->n_words);
    store32(head + AT_N_WORDS + 4, block->n_rows);
    store32(head + AT_N_WORDS + 8, block->n_records);
    store32(head + AT_N_WORDS + 12, block->rate);
    buf_add(out, head, sizeof head);
    for (uint32_t i = 0; i < block->n_words; i++) {
        print_word(&block->words[i], out);
    }
    for (uint32_t i = 0; i < block->n_rows; i++) {
        print_row(&block->rows[i], out);
    }
    for (uint32_t i = 0; i < block->n_records; i++) {
        assert(block->records[i].rate == block->rate);
        print_record(&block->records[i], out);
    }
    size_t len = out->len - begin + BLOCK_CHECK;
    assert(len <= HITS_BLOCK_MAX);
    store32(out->at + begin + 4, (uint32_t)len);
    uint8_t check[DIGEST_LEN];
    digest_of(span_of(out->at + begin, out->len - begin), check);
    buf_add(out, check, BLOCK_CHECK);
}
