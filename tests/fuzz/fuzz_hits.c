/* Hits: whatever is accepted prints again to the same bytes. The check of each block is put right first, so that the rules
 * behind it are reached. */
#include "doors/hits.h"

#include "seal/digest.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void repair(char *bytes, size_t size)
{
    for (size_t at = HITS_HEAD_BYTES; size - at >= HITS_BLOCK_BYTES && at < size;) {
        uint32_t len = 0;
        uint8_t check[DIGEST_LEN];
        memcpy(&len, bytes + at + 4, 4);
        if (len < HITS_BLOCK_BYTES || len > size - at) {
            return;
        }
        digest_of(span_of(bytes + at, len - 8), check);
        memcpy(bytes + at + len - 8, check, 8);
        at += len;
    }
}

static void again(const struct hits_view *view, struct buf *out)
{
    struct hits_word *words = calloc(view->n_words + 1U, sizeof *words);
    struct hits_row *rows = calloc(view->n_rows + 1U, sizeof *rows);
    struct hit *records = calloc(view->n_records + 1U, sizeof *records);
    struct hits_block block = {.from_ms = view->from_ms, .to_ms = view->to_ms, .totals = view->totals};
    const char *word = view->words.at;
    assert(words != NULL && rows != NULL && records != NULL);
    for (uint32_t i = 0; i < view->n_words; i++) {
        uint8_t len = (uint8_t)word[1];
        words[i] = (struct hits_word){(enum hits_kind)word[0], 0, span_of(word + 4, len)};
        memcpy(&words[i].id, word + 2, 2);
        word += 4 + len;
    }
    for (uint32_t i = 0; i < view->n_rows; i++) {
        rows[i] = hits_row_at(view, i);
    }
    for (uint32_t i = 0; i < view->n_records; i++) {
        records[i] = hits_record_at(view, i);
    }
    block.rate = view->rate;
    block.words = words;
    block.rows = rows;
    block.records = records;
    block.n_words = view->n_words;
    block.n_rows = view->n_rows;
    block.n_records = view->n_records;
    hits_block_print(&block, out);
    free(words);
    free(rows);
    free(records);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hits_reader reader;
    struct hits_view view;
    struct buf out;
    char *bytes = malloc(size + 1);
    assert(bytes != NULL);
    memcpy(bytes, data, size);
    if (size > HITS_HEAD_BYTES) {
        repair(bytes, size);
    }
    buf_init(&out, 0);
    if (hits_open(&reader, span_of(bytes, size), NULL) == OK) {
        hits_head_print(&reader.head, &out);
        while (hits_next(&reader, &view, NULL) == OK) {
            again(&view, &out);
        }
        assert(out.len == reader.at && memcmp(out.at, bytes, out.len) == 0);
    }
    buf_done(&out);
    free(bytes);
    return 0;
}
