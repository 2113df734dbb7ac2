#include "edge/feed_state.h"

#include "base/date.h"

void feed_state_parse(struct span text, int64_t now_ms, enum feed_state *state, int64_t *age_s)
{
    struct span rest = text;
    struct span line = {NULL, 0};
    int64_t answered_ms = 0;
    *state = FEED_LOST;
    *age_s = 0;
    if (!span_line(&rest, &line)) {
        return;
    }
    struct span word = span_cut(&line, ' ');
    *state = span_is(word, "ok") ? FEED_OK : span_is(word, "conflict") ? FEED_CONFLICT : FEED_LOST;
    if (line.at != NULL && date_parse_iso(line, &answered_ms) == OK && answered_ms < now_ms) {
        *age_s = (now_ms - answered_ms) / 1000;
    }
}
