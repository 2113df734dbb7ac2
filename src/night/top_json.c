/* The board for machines: every status pair as it was written, and the alarms. */
#include "night/top.h"

#include "base/date.h"
#include "base/num.h"
#include "wire/text.h"

static void value(struct json *json, struct span text)
{
    uint64_t number = 0;
    if (span_is(text, "-")) {
        json_null(json);
    } else if (num_parse_u64(text, &number) == OK) {
        json_u64(json, number);
    } else {
        json_span(json, text);
    }
}

static void program(struct json *json, const struct board_program *seat)
{
    json_key(json, seat->name);
    json_open(json, '{');
    json_key(json, "state");
    json_span(json, seat->gone ? SPAN("gone") : seat->status.state);
    json_key(json, "age_ms");
    json_i64(json, seat->age_ms);
    json_key(json, "alarm");
    if (seat->status.alarm.len == 0) {
        json_null(json);
    } else {
        json_span(json, seat->status.alarm);
    }
    for (uint32_t i = 0; i < seat->status.n_pairs; i++) {
        char name[STATUS_NAME_MAX + 1];
        (void)span_copy(seat->status.pairs[i].name, name, sizeof name);
        json_key(json, name);
        value(json, seat->status.pairs[i].value);
    }
    json_close(json);
}

void top_json(const struct board *board, const struct alarm_set *alarms, struct span hits, struct buf *out)
{
    struct json json;
    char iso[DATE_ISO_LEN + 1];
    json_init(&json, out);
    json_open(&json, '{');
    json_key(&json, "format");
    json_u64(&json, 1);
    date_print_iso(iso, board->now_ms);
    json_key(&json, "time");
    json_str(&json, iso);
    json_key(&json, "speed");
    json_u64(&json, board->speed);
    json_key(&json, "code");
    board->code[0] != '\0' ? json_str(&json, board->code) : json_null(&json);
    json_key(&json, "code_cut");
    board->code[0] != '\0' ? json_u64(&json, board->code_cut) : json_null(&json);
    json_key(&json, "programs");
    json_open(&json, '{');
    for (int i = 0; i < SEATS; i++) {
        if (board->seats[i].present) {
            program(&json, &board->seats[i]);
        }
    }
    json_close(&json);
    json_key(&json, "alarms");
    json_open(&json, '[');
    for (uint32_t i = 0; i < alarms->n; i++) {
        json_open(&json, '{');
        json_key(&json, "name");
        json_str(&json, alarms->alarms[i].name);
        json_key(&json, "sentence");
        json_str(&json, alarms->alarms[i].sentence);
        json_close(&json);
    }
    json_close(&json);
    if (hits.len > 0) {
        json_key(&json, "hits");
        json_raw(&json, hits);
    }
    json_close(&json);
    buf_char(out, '\n');
}
