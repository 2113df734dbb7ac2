/* A queue in one buffer, moved down when half of it is done. */
#include "proof/lag.h"

#include <assert.h>
#include <stdlib.h>

void lag_init(struct lag *lag)
{
    *lag = (struct lag){.entries = calloc(LAG_MAX, sizeof *lag->entries)};
    assert(lag->entries != NULL);
}

void lag_done(struct lag *lag)
{
    buf_done(&lag->bytes);
    free(lag->entries);
    *lag = (struct lag){0};
}

void lag_push(struct lag *lag, const struct entry_seen *seen)
{
    assert(lag->n < LAG_MAX);
    struct lag_entry *entry = &lag->entries[lag->n++];
    *entry = (struct lag_entry){.at = lag->bytes.len, .leaf = seen->leaf, .is_ready = seen->ready != NULL};
    if (entry->is_ready) {
        entry->ready = *seen->ready;
    } else {
        entry->len = seen->bytes.len;
        buf_span(&lag->bytes, seen->bytes);
    }
}

bool lag_pass(struct lag *lag)
{
    if (lag->n > lag->done) {
        return false;
    }
    lag->next++;
    return true;
}

/* What is done makes room. */
static void settle(struct lag *lag)
{
    if (lag->done < lag->n && lag->done < LAG_MAX / 2) {
        return;
    }
    size_t gone = lag->done == lag->n ? lag->bytes.len : lag->entries[lag->done].at;
    size_t left = lag->bytes.len - gone;
    if (left > 0) {
        memmove(lag->bytes.at, lag->bytes.at + gone, left);
    }
    buf_truncate(&lag->bytes, left);
    for (uint32_t i = lag->done; i < lag->n; i++) {
        lag->entries[i - lag->done] = lag->entries[i];
        lag->entries[i - lag->done].at -= gone;
    }
    lag->n -= lag->done;
    lag->done = 0;
}

enum err lag_release(struct lag *lag, uint64_t index, entry_visit visit, void *arg, struct why *why)
{
    while (lag->done < lag->n && lag->next < index) {
        const struct lag_entry *entry = &lag->entries[lag->done];
        struct span bytes = entry->len == 0 ? SPAN("") : span_of(lag->bytes.at + entry->at, entry->len);
        struct entry_seen seen = {lag->next, bytes, entry->leaf, entry->is_ready ? &entry->ready : NULL};
        TRY(visit(arg, &seen, why));
        lag->done++;
        lag->next++;
    }
    settle(lag);
    return OK;
}
