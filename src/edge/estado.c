#include "edge/estado.h"

#include "base/date.h"
#include "edge/flow_source.h"
#include "wire/text.h"

static void key_time(struct json *json, const char *key, bool known, int64_t ms)
{
    char text[DATE_ISO_LEN + 1];
    json_key(json, key);
    if (known) {
        date_print_iso(text, ms);
        json_str(json, text);
    } else {
        json_null(json);
    }
}

static void cut_keys(struct json *json, const struct view_facts *facts, int64_t now_ms)
{
    bool known = facts != NULL && facts->has_cut;
    int64_t age_ms = known ? now_ms - facts->time_ms : 0;
    json_key(json, "cut");
    known ? json_u64(json, facts->cut) : json_null(json);
    key_time(json, "cut_time", known, known ? facts->time_ms : 0);
    json_key(json, "age_s");
    known ? json_i64(json, age_ms > 0 ? age_ms / 1000 : 0) : json_null(json);
    key_time(json, "next", known && facts->next_ms >= 0, known ? facts->next_ms : 0);
    json_key(json, "last");
    json_bool(json, known && facts->last);
}

static void feed_keys(struct json *json, enum feed_state feed, int64_t feed_age_s)
{
    json_key(json, "feed");
    if (feed == FEED_NONE) {
        json_null(json);
    } else {
        json_str(json, feed == FEED_OK ? "ok" : feed == FEED_CONFLICT ? "conflict" : "lost");
    }
    json_key(json, "feed_age_s");
    feed == FEED_NONE ? json_null(json) : json_i64(json, feed_age_s);
}

static void link_keys(struct json *json, const struct edge_options *options)
{
    json_key(json, "mirrors");
    json_open(json, '[');
    for (uint32_t i = 0; i < options->n_mirrors; i++) {
        json_open(json, '{');
        json_key(json, "name");
        json_str(json, options->mirrors[i].name);
        json_key(json, "url");
        json_str(json, options->mirrors[i].url);
        json_close(json);
    }
    json_close(json);
    json_key(json, "results");
    options->results != NULL ? json_str(json, options->results) : json_null(json);
}

static void notice_key(struct json *json, const struct notice_text *notice)
{
    json_key(json, "notice");
    if (notice->len == 0) {
        json_null(json);
        return;
    }
    json_open(json, '{');
    key_time(json, "time", true, notice->time_ms);
    json_key(json, "text");
    json_span(json, span_of(notice->text, notice->len));
    json_close(json);
}

const char *estado_mode(enum edge_kind kind, const struct view_facts *facts, enum feed_state feed,
                        const struct loader_notice *notice)
{
    if (kind == EDGE_SITE) {
        return notice->site_down != 0 ? "down" : notice->has_view == 0 ? "waiting" : "normal";
    }
    if (facts == NULL || facts->has_cut == 0) {
        return "waiting";
    }
    /* What is newer cannot be had, or was refused: what is served was verified all the same. */
    return feed == FEED_LOST || feed == FEED_CONFLICT || notice->alarm[0] != '\0' ? "stale" : "normal";
}

void estado_print(const struct edge_options *options, const struct view_facts *facts, enum feed_state feed,
                  int64_t feed_age_s, const char *code, const struct loader_notice *notice, int64_t now_ms,
                  struct buf *out)
{
    struct json json;
    json_init(&json, out);
    json_open(&json, '{');
    json_key(&json, "format");
    json_u64(&json, 1);
    json_key(&json, "role");
    json_str(&json, edge_kind_name(options->kind));
    json_key(&json, "name");
    json_str(&json, options->name);
    key_time(&json, "time", true, now_ms);
    cut_keys(&json, facts, now_ms);
    json_key(&json, "mode");
    json_str(&json, estado_mode(options->kind, facts, feed, notice));
    json_key(&json, "drill");
    json_bool(&json, facts != NULL && facts->has_cut != 0 && facts->drill != 0);
    json_key(&json, "sealed");
    notice->sealed_version > 0 ? json_u64(&json, notice->sealed_version) : json_null(&json);
    json_key(&json, "flow");
    json_bool(&json, flow_is_here(options->kind));
    feed_keys(&json, feed, feed_age_s);
    json_key(&json, "code");
    code[0] != '\0' ? json_str(&json, code) : json_null(&json);
    notice_key(&json, &notice->public_notice);
    link_keys(&json, options);
    json_close(&json);
    buf_char(out, '\n');
}
