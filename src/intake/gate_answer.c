/* Answers: JSON over HTTP/1.1. */
#include "base/date.h"
#include "intake/gate_parts.h"
#include "os/clock.h"
#include "tally/rules.h"
#include "wire/http1.h"
#include "wire/text.h"

static void put(struct buf *out, int status, const struct buf *body, bool close)
{
    http1_status_line(out, status);
    buf_str(out, "Date: ");
    http1_date(out, clock_now_ms(NULL));
    buf_str(out, "\r\nContent-Type: application/json; charset=utf-8\r\nCache-Control: no-store\r\n");
    buf_printf(out, "Content-Length: %zu\r\n", body->len);
    if (status == 405) {
        buf_str(out, "Allow: POST\r\n");
    }
    if (status == 401) {
        buf_str(out, "WWW-Authenticate: Prep-Submission\r\n");
    }
    if (status == 503) {
        buf_str(out, "Retry-After: 5\r\n");
    }
    buf_str(out, close ? "Connection: close\r\n\r\n" : "\r\n");
    buf_span(out, buf_as_span(body));
}

static void put_findings(struct json *json, uint32_t findings)
{
    json_key(json, "findings");
    json_open(json, '[');
    for (int i = 0; i < FINDING_RULES; i++) {
        if ((findings >> i & 1) != 0) {
            json_str(json, finding_texts[i].id);
        }
    }
    json_close(json);
}

void answer_stored(struct buf *out, const struct frame_answer *answer, bool close)
{
    struct buf body = {0};
    struct json json;
    json_init(&json, &body);
    json_open(&json, '{');
    json_key(&json, "result");
    json_str(&json, "stored");
    json_key(&json, "acta");
    json_str(&json, answer->key);
    json_key(&json, "entry");
    json_u64(&json, answer->entry);
    json_key(&json, "version");
    json_u64(&json, answer->version);
    put_findings(&json, answer->findings);
    json_close(&json);
    buf_char(&body, '\n');
    put(out, answer->repeated ? 200 : 201, &body, close);
    buf_done(&body);
}

void answer_refused(struct buf *out, enum refusal refusal, int status, const char *detail,
                    uint32_t version_now, bool close)
{
    const struct refusal_text *text = &refusal_texts[refusal];
    struct buf body = {0};
    struct json json;
    json_init(&json, &body);
    json_open(&json, '{');
    json_key(&json, "result");
    json_str(&json, "refused");
    json_key(&json, "rule");
    json_str(&json, text->rule);
    json_key(&json, "sentence");
    json_str(&json, text->es);
    json_key(&json, "sentence_en");
    json_str(&json, text->en);
    json_key(&json, "detail");
    json_str(&json, detail);
    if (refusal == REFUSED_VERSION) {
        json_key(&json, "version_now");
        json_u64(&json, version_now);
    }
    json_close(&json);
    buf_char(&body, '\n');
    put(out, text->status != 0 ? text->status : status, &body, close);
    buf_done(&body);
}
