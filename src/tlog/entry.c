/* Entries: the table of types, and what they share. Each type's lines are in a file of their own. */
#include "tlog/entry.h"

#include "base/codec.h"
#include "seal/digest.h"
#include "tally/rules.h"
#include "tlog/entry_kinds.h"

#include <assert.h>

static const struct {
    const char *line;
    void (*print)(const struct entry *entry, struct buf *out);
    void (*parse)(struct lines *lines, struct entry *out, struct buf *scratch);
} kinds[ENTRY_TYPES] = {
    [ENTRY_OPEN] = {"prep-open/v1", open_print, open_parse},
    [ENTRY_FILE] = {"prep-file/v1", piece_print, piece_parse},
    [ENTRY_ACTA] = {"prep-acta/v1", acta_print, acta_parse},
    [ENTRY_REVIEW] = {"prep-review/v1", review_print, review_parse},
    [ENTRY_CUT] = {"prep-cut/v1", cut_print, cut_parse},
    [ENTRY_NOTICE] = {"prep-notice/v1", notice_print, notice_parse},
    [ENTRY_CLOSE] = {"prep-close/v1", close_print, close_parse},
    [ENTRY_KEY] = {"prep-key/v1", key_print, key_parse},
    [ENTRY_POLICY] = {"prep-policy/v1", policy_entry_print, policy_entry_parse},
    [ENTRY_EVIDENCE] = {"prep-evidence/v1", evidence_print, evidence_parse},
};

void entry_print(const struct entry *entry, struct buf *out)
{
    assert(entry->type < ENTRY_TYPES);
    buf_str(out, kinds[entry->type].line);
    buf_char(out, '\n');
    kinds[entry->type].print(entry, out);
}

static enum err parse_kind(struct span bytes, struct entry *out, struct buf *scratch, struct why *why)
{
    struct span rest = bytes;
    struct span type = span_cut(&rest, '\n');
    for (int i = 0; i < ENTRY_TYPES; i++) {
        if (span_is(type, kinds[i].line)) {
            struct lines lines;
            lines_init(&lines, bytes, why);
            lines_literal(&lines, kinds[i].line);
            out->type = (enum entry_type)i;
            kinds[i].parse(&lines, out, scratch);
            return lines_end(&lines);
        }
    }
    return why_set(why, ERR_SYNTAX, "line 1: no known type of entry");
}

enum err entry_parse(struct span bytes, struct entry *out, struct buf *scratch, struct why *why)
{
    if (bytes.len > ENTRY_MAX) {
        return why_set(why, ERR_TOO_BIG, "an entry has at most %d bytes", ENTRY_MAX);
    }
    struct entry entry = {.type = ENTRY_ACTA};
    if (entry_acta_first(bytes, &entry.as.acta)) {
        *out = entry;
        return OK;
    }
    entry = (struct entry){0};
    TRY(parse_kind(bytes, &entry, scratch, why));
    *out = entry;
    return OK;
}

bool acta_key_ok(struct span key)
{
    if (!span_starts(key, SPAN("FC-"))) {
        return text_is_key(key, 1, ACTA_KEY_MAX);
    }
    for (size_t i = 3; i < key.len; i++) {
        char c = key.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return key.len == 3 + 16;
}

void acta_key_parse(struct lines *lines, char out[ACTA_KEY_MAX + 1])
{
    struct span key = lines_value(lines, "acta");
    if (lines->err == OK && (!acta_key_ok(key) || !span_copy(key, out, ACTA_KEY_MAX + 1))) {
        lines_fail(lines, ERR_SYNTAX, "an acta is named by 1 to 20 of 0-9A-Z, or FC- and 16 hex digits");
    }
}

struct span base64_value(struct lines *lines, struct span value, size_t most, struct buf *scratch)
{
    if (lines->err != OK || span_is(value, "-")) {
        return SPAN("");
    }
    size_t start = scratch->len;
    if (value.len > (most + 2) / 3 * 4 || base64_parse(value, scratch) != OK) {
        lines_fail(lines, ERR_SYNTAX, "the value is no base64 of the length allowed");
        return SPAN("");
    }
    lines_expect(lines, scratch->len - start <= most, "the value is longer than allowed");
    return span_of(scratch->at + start, scratch->len - start);
}

void rules_digest(uint8_t out[32])
{
    digest_of(rules_identity(), out);
}
