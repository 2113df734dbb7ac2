/* The event as text, and a sequence lock with one writer. */
#include "edge/flow_note.h"

#include "base/codec.h"
#include "base/date.h"
#include "doors/status.h"
#include "seal/digest.h"
#include "wire/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static void key_u64(struct json *json, const char *key, bool known, uint64_t value)
{
    json_key(json, key);
    known ? json_u64(json, value) : json_null(json);
}

static void key_time(struct json *json, const char *key, bool known, int64_t ms)
{
    char text[DATE_ISO_LEN + 1];
    json_key(json, key);
    if (!known) {
        json_null(json);
        return;
    }
    date_print_iso(text, ms);
    json_str(json, text);
}

static void key_bool(struct json *json, const char *key, bool value)
{
    json_key(json, key);
    json_bool(json, value);
}

static void cut_keys(struct json *json, const struct view_facts *cut)
{
    char path[32];
    bool known = cut->has_cut != 0;
    key_u64(json, "cut", known, cut->cut);
    json_key(json, "path");
    if (known) {
        (void)snprintf(path, sizeof path, "cut/%u/", cut->cut);
        json_str(json, path);
    } else {
        json_null(json);
    }
    key_time(json, "cut_time", known, cut->time_ms);
    key_time(json, "next", known && cut->next_ms >= 0, cut->next_ms);
    key_bool(json, "last", known && cut->last != 0);
    key_bool(json, "drill", known && cut->drill != 0);
}

/* Nothing of the ingest is told before the first cut after the opening is out. A stage never shows more than the one before it: the
 * numbers come from one file, but what is counted may be put right while it is written. */
static void stages_key(struct json *json, const struct flow_facts *facts)
{
    const struct flow_stages *stages = &facts->stages;
    json_key(json, "stages");
    if (!stages->known || facts->cut.has_cut == 0 || facts->cut.cut == 0) {
        json_null(json);
        return;
    }
    uint64_t captured = stages->captured < stages->received ? stages->captured : stages->received;
    json_open(json, '{');
    key_u64(json, "expected", true, stages->expected);
    key_u64(json, "received", true, stages->received);
    key_u64(json, "captured", true, captured);
    key_u64(json, "verified", true, stages->verified < captured ? stages->verified : captured);
    key_bool(json, "fresh", stages->fresh);
    json_close(json);
}

static void print_data(const struct flow_facts *facts, struct buf *out)
{
    static const char *const feeds[] = {
        [FEED_NONE] = NULL, [FEED_OK] = "ok", [FEED_LOST] = "lost", [FEED_CONFLICT] = "conflict"};
    struct json json;
    json_init(&json, out);
    json_open(&json, '{');
    key_u64(&json, "format", true, 1);
    cut_keys(&json, &facts->cut);
    json_key(&json, "mode");
    json_str(&json, facts->mode);
    json_key(&json, "code");
    facts->code[0] != '\0' ? json_str(&json, facts->code) : json_null(&json);
    json_key(&json, "feed");
    feeds[facts->feed] != NULL ? json_str(&json, feeds[facts->feed]) : json_null(&json);
    key_time(&json, "notice", facts->notice_ms >= 0, facts->notice_ms);
    stages_key(&json, facts);
    json_close(&json);
}

void flow_event_print(const struct flow_facts *facts, struct flow_event *out)
{
    struct buf data;
    uint8_t digest[DIGEST_LEN];
    char id[FLOW_ID_LEN + 1];
    buf_init(&data, 0);
    print_data(facts, &data);
    digest_of(buf_as_span(&data), digest);
    hex_print(id, digest, FLOW_ID_LEN / 2);
    memset(out, 0, sizeof *out);
    out->has_cut = facts->cut.has_cut;
    out->cut = facts->cut.cut;
    memcpy(out->id, id, FLOW_ID_LEN);
    int len =
        snprintf(out->text, sizeof out->text, "id: %s\ndata: %.*s\n\n", id, SPAN_ARG(buf_as_span(&data)));
    assert(len > 0 && (size_t)len < sizeof out->text); /* every part is bounded */
    out->len = (uint32_t)len;
    buf_done(&data);
}

void flow_note_write(struct flow_note *note, const struct flow_event *event)
{
    /* A loader that died while it wrote left the round odd. */
    uint32_t round = atomic_load(&note->round) | 1U;
    atomic_store(&note->round, round);
    atomic_thread_fence(memory_order_seq_cst);
    memcpy(&note->event, event, sizeof *event);
    atomic_thread_fence(memory_order_seq_cst);
    atomic_store(&note->round, round + 1);
}

bool flow_note_read(const struct flow_note *note, struct flow_event *out)
{
    uint32_t before = atomic_load(&note->round);
    if ((before & 1U) != 0) {
        return false;
    }
    memcpy(out, &note->event, sizeof *out);
    atomic_thread_fence(memory_order_seq_cst);
    return before == atomic_load(&note->round) && out->len < sizeof out->text;
}

void flow_stages_parse(struct span text, bool fresh, struct flow_stages *out)
{
    static struct status status; /* large, and this role has one thread */
    *out = (struct flow_stages){0};
    if (status_parse(text, &status, NULL) != OK || status_value(&status, "received_total").len == 0) {
        return;
    }
    *out = (struct flow_stages){.known = true,
                                .fresh = fresh,
                                .expected = status_number(&status, "expected"),
                                .received = status_number(&status, "received_total"),
                                .captured = status_number(&status, "captured_total"),
                                .verified = status_number(&status, "verified_total")};
}
