/* One place a head, chosen by its length and a few of its bytes; the bytes themselves decide. */
#include "edge/memo.h"

#include <string.h>

static uint64_t word_at(struct span bytes, size_t at)
{
    uint64_t word;
    memcpy(&word, bytes.at + at, sizeof word);
    return word;
}

/* Target, middle and end; a method of three letters and a space stand before. */
static uint64_t mark_of(struct span bytes)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mark = (word_at(bytes, 4) ^ bytes.len) * odd;
    mark = (mark ^ mark >> 32 ^ word_at(bytes, bytes.len / 2)) * odd;
    return (mark ^ mark >> 32 ^ word_at(bytes, bytes.len - 12)) * odd;
}

static uint32_t place_of(uint64_t mark)
{
    return (uint32_t)(mark >> 32) % MEMO_PLACES;
}

static bool may_know(const struct view_map *view, struct span bytes)
{
    return view != NULL && bytes.len >= MEMO_HEAD_MIN && bytes.len <= MEMO_HEAD_MAX;
}

struct memo_entry *memo_find(struct memo *memo, const struct view_map *view, struct span bytes)
{
    if (!may_know(view, bytes)) {
        return NULL;
    }
    struct memo_entry *entry = &memo->entries[place_of(mark_of(bytes))];
    bool same = entry->len == bytes.len && entry->view == view->top->key[0] &&
                memcmp(entry->head, bytes.at, bytes.len) == 0;
    return same ? entry : NULL;
}

void memo_keep(struct memo *memo, const struct view_map *view, struct span head,
               const struct http1_request *request, const struct reply *reply)
{
    /* In origin form the target is the second word of these bytes; otherwise it may lie elsewhere. */
    bool in_place = request->target.at == head.at + 4 || request->target.at == head.at + 5;
    if (reply->formed.at == NULL || !in_place || !may_know(view, head)) {
        return;
    }
    uint64_t mark = mark_of(head);
    struct memo_entry *entry = &memo->entries[place_of(mark)];
    if (entry->mark != mark) { /* heads that come once leave what comes often alone */
        entry->mark = mark;
        return;
    }
    entry->whole.len = 0;
    entry->view = view->top->key[0];
    entry->formed = reply->formed;
    entry->object = reply->object;
    entry->offset = reply->offset;
    entry->body_len = reply->len;
    entry->names = request->names;
    entry->n_fields = request->n_fields;
    entry->minor = request->minor;
    entry->status = (uint16_t)reply->status;
    entry->method = (uint8_t)request->method;
    entry->target_at = (uint16_t)(request->target.at - head.at);
    entry->target_len = (uint16_t)request->target.len;
    entry->len = (uint16_t)head.len;
    memcpy(entry->head, head.at, head.len);
}
