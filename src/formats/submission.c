/* Submissions as text. The sheet's lines are the ledger's own (tlog/sheet_lines), so what a centre signs and
 * what is published are spelled alike. */
#include "formats/submission.h"

#include "tlog/sheet_lines.h"

#include <assert.h>

static bool version_ok(const struct submission *s)
{
    return s->version == 1 ? s->reason.len == 0 : s->version > 1 && text_is_id(s->reason, 1, 40);
}

static bool centre_ok(struct span centre)
{
    return text_is_visible(centre, 1, 127) && memchr(centre.at, '+', centre.len) == NULL;
}

void submission_print(const struct submission *submission, struct buf *out)
{
    assert(text_is_id(submission->election, 1, 32) && centre_ok(submission->centre) &&
           version_ok(submission));
    assert(text_is_key(submission->acta, 0, ACTA_KEY_MAX) && text_is_id(submission->contest, 1, 8));
    buf_str(out, "prep-submission/v1\n");
    print_line(out, "election", submission->election);
    print_line(out, "centre", submission->centre);
    print_line(out, "acta", submission->acta);
    print_line(out, "contest", submission->contest);
    print_u64(out, "version", submission->version);
    print_line(out, "reason", submission->reason);
    sheet_print(&submission->sheet, out);
}

static struct span or_none(struct span value)
{
    return span_is(value, "-") ? SPAN("") : value;
}

enum err submission_parse(struct span text, struct submission *out, struct why *why)
{
    struct submission s = {0};
    struct lines lines;
    lines_init(&lines, text, why);
    lines_literal(&lines, "prep-submission/v1");
    s.election = lines_value(&lines, "election");
    lines_expect(&lines, text_is_id(s.election, 1, 32), "an election is named by 1 to 32 of a-z0-9-");
    s.centre = lines_value(&lines, "centre");
    lines_expect(&lines, centre_ok(s.centre), "a centre is 1 to 127 visible ASCII characters, no +");
    s.acta = or_none(lines_value(&lines, "acta"));
    lines_expect(&lines, text_is_key(s.acta, 0, ACTA_KEY_MAX), "an acta is - or up to 20 of 0-9A-Z");
    s.contest = lines_value(&lines, "contest");
    lines_expect(&lines, text_is_id(s.contest, 1, 8), "a contest is named by 1 to 8 of a-z0-9-");
    s.version = (uint32_t)lines_u64(&lines, "version", UINT32_MAX);
    s.reason = or_none(lines_value(&lines, "reason"));
    lines_expect(&lines, version_ok(&s),
                 "version 1 has the reason -, later ones have one of 1 to 40 of a-z0-9-");
    sheet_parse(&lines, &s.sheet);
    TRY(lines_end(&lines));
    *out = s;
    return OK;
}

/* Signature lines begin with an em dash and a blank; no image does. */
static struct span after_signatures(struct span rest)
{
    static const struct span dash = {"\xe2\x80\x94 ", 4};
    while (span_starts(rest, dash)) {
        const char *end = memchr(rest.at, '\n', rest.len);
        if (end == NULL) {
            break;
        }
        rest = span_from(rest, (size_t)(end - rest.at) + 1);
    }
    return rest;
}

enum err submission_split(struct span body, struct span *note, struct span *image, struct why *why)
{
    struct span head = span_of(body.at, body.len < SUBMISSION_NOTE_MAX ? body.len : SUBMISSION_NOTE_MAX);
    const char *blank = head.len == 0 ? NULL : memmem(head.at, head.len, "\n\n", 2);
    if (blank == NULL) {
        if (body.len > SUBMISSION_NOTE_MAX) {
            return why_set(why, ERR_TOO_BIG, "the note's text does not end within %d bytes",
                           SUBMISSION_NOTE_MAX);
        }
        return why_set(why, ERR_SYNTAX, "the body is no signed note: text, an empty line, signature lines");
    }
    struct span signatures = span_from(body, (size_t)(blank - body.at) + 2);
    struct span rest = after_signatures(signatures);
    size_t len = body.len - rest.len;
    if (len > SUBMISSION_NOTE_MAX) {
        return why_set(why, ERR_TOO_BIG, "the note is longer than %d bytes", SUBMISSION_NOTE_MAX);
    }
    *note = span_of(body.at, len);
    *image = rest;
    return OK;
}
