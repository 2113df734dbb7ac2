/* prep-acta/v1: one version of one acta's record. */
#include "tally/rules.h"
#include "tlog/entry_kinds.h"
#include "tlog/sheet_lines.h"

#include <assert.h>

static const struct {
    uint8_t bit;
    const char *word;
} observations[] = {
    {OBS_EXCEEDS, "exceeds"}, {OBS_ALL_EMPTY, "all-empty"}, {OBS_ILLEGIBLE, "illegible"},
    {OBS_BLANK, "blank"},     {OBS_NO_ACTA, "no-acta"},     {OBS_OUT_OF_CATALOGUE, "out-of-catalogue"},
};
enum { OBSERVATIONS = sizeof observations / sizeof observations[0] };

bool acta_centre_ok(struct span centre)
{
    return text_is_visible(centre, 1, 127) && memchr(centre.at, '+', centre.len) == NULL;
}

/* Words in table order, parted by commas. `word` gives the i-th word, or NULL where the table has none. */
static void print_set(struct buf *out, const char *name, uint32_t set, uint32_t n,
                      const char *(*word)(uint32_t))
{
    buf_printf(out, "%s ", name);
    if (set == 0) {
        buf_char(out, '-');
    }
    bool any = false;
    for (uint32_t i = 0; i < n; i++) {
        if ((set >> i & 1) != 0) {
            buf_str(out, any ? "," : "");
            buf_str(out, word(i));
            any = true;
        }
    }
    buf_char(out, '\n');
}

static bool parse_set(struct span value, uint32_t n, const char *(*word)(uint32_t), uint32_t *out)
{
    uint32_t set = 0;
    uint32_t at = 0;
    if (span_is(value, "-")) {
        value.at = NULL;
    }
    while (value.at != NULL) {
        struct span one = span_cut(&value, ',');
        while (at < n && (word(at) == NULL || !span_is(one, word(at)))) {
            at++;
        }
        if (at == n) {
            return false;
        }
        set |= (uint32_t)1 << at++;
    }
    *out = set;
    return true;
}

static const char *observation_word(uint32_t i)
{
    return observations[i].word;
}

static const char *finding_word(uint32_t i)
{
    return i == FINDING_NONE ? NULL : finding_texts[i].id;
}

static uint32_t observation_set(uint8_t bits)
{
    uint32_t set = 0;
    for (uint32_t i = 0; i < OBSERVATIONS; i++) {
        set |= (bits & observations[i].bit) != 0 ? (uint32_t)1 << i : 0;
    }
    return set;
}

static uint8_t observation_bits(uint32_t set)
{
    uint8_t bits = 0;
    for (uint32_t i = 0; i < OBSERVATIONS; i++) {
        bits |= (set >> i & 1) != 0 ? observations[i].bit : 0;
    }
    return bits;
}

bool observations_parse(struct span value, uint8_t *out)
{
    uint32_t set = 0;
    if (!parse_set(value, OBSERVATIONS, observation_word, &set)) {
        return false;
    }
    *out = observation_bits(set);
    return true;
}

bool findings_parse(struct span value, uint32_t *out)
{
    return parse_set(value, FINDING_RULES, finding_word, out);
}

static const char set_rule[] = "a word is unknown, repeated or out of order";

static bool version_ok(const struct entry_acta *acta)
{
    bool first = acta->version == 1;
    return acta->version > 0 && first == (acta->previous == ENTRY_NONE) && first == (acta->reason.len == 0) &&
           (first || text_is_id(acta->reason, 1, 40));
}

static bool stated_ok(const struct entry_acta *acta)
{
    bool outside = acta->key[0] == 'F' && acta->key[1] == 'C' && acta->key[2] == '-';
    return acta->stated.len == 0 || (outside && text_is_key(acta->stated, 1, ACTA_KEY_MAX));
}

void acta_print(const struct entry *entry, struct buf *out)
{
    const struct entry_acta *acta = &entry->as.acta;
    assert(acta_key_ok(span_str(acta->key)) && stated_ok(acta) && version_ok(acta) &&
           acta_centre_ok(acta->centre));
    assert(text_is_id(acta->contest, 1, 8) && acta->judgement.counted <= COUNTED_OUT_OF_CATALOGUE);
    assert((acta->findings & 1u << FINDING_NONE) == 0 && acta->findings >> FINDING_RULES == 0);
    print_line(out, "acta", span_str(acta->key));
    print_line(out, "stated", acta->stated);
    print_line(out, "contest", acta->contest);
    print_u64(out, "version", acta->version);
    print_index(out, "previous", acta->previous);
    print_line(out, "centre", acta->centre);
    print_line(out, "reason", acta->reason);
    print_u64(out, "status", acta->judgement.counted);
    print_set(out, "observations", observation_set(acta->judgement.observations), OBSERVATIONS,
              observation_word);
    print_u64(out, "computed", acta->judgement.computed);
    sheet_print(&acta->sheet, out);
    print_set(out, "findings", acta->findings, FINDING_RULES, finding_word);
}

static struct span or_none(struct span value)
{
    return span_is(value, "-") ? SPAN("") : value;
}

void acta_parse(struct lines *lines, struct entry *out, struct buf *scratch)
{
    (void)scratch;
    struct entry_acta *acta = &out->as.acta;
    acta_key_parse(lines, acta->key);
    acta->stated = or_none(lines_value(lines, "stated"));
    lines_expect(lines, stated_ok(acta), "only an acta out of catalogue states a key, of up to 20 of 0-9A-Z");
    acta->contest = lines_value(lines, "contest");
    lines_expect(lines, text_is_id(acta->contest, 1, 8), "a contest is named by 1 to 8 of a-z0-9-");
    acta->version = (uint32_t)lines_u64(lines, "version", UINT32_MAX);
    acta->previous = lines_index(lines, "previous");
    acta->centre = lines_value(lines, "centre");
    lines_expect(lines, acta_centre_ok(acta->centre), "a centre is 1 to 127 visible ASCII characters, no +");
    acta->reason = or_none(lines_value(lines, "reason"));
    lines_expect(lines, version_ok(acta), "version 1 has no previous and no reason, later ones have both");
    acta->judgement.counted = (uint8_t)lines_u64(lines, "status", COUNTED_OUT_OF_CATALOGUE);
    struct span set = lines_value(lines, "observations");
    lines_expect(lines, observations_parse(set, &acta->judgement.observations), set_rule);
    acta->judgement.computed = lines_u64(lines, "computed", UINT64_MAX);
    sheet_parse(lines, &acta->sheet);
    set = lines_value(lines, "findings");
    lines_expect(lines, findings_parse(set, &acta->findings), set_rule);
}
