/* Versions of the policy: head lines, and which root keys have signed. */
#include "tlog/policy_note.h"

#include "base/codec.h"
#include "seal/digest.h"
#include "tally/election.h"
#include "tlog/lines.h"

#include <assert.h>
#include <stdlib.h>

bool origin_holds(struct span origin, struct span log)
{
    return span_starts(log, origin) && (log.len == origin.len || log.at[origin.len] == '/');
}

static bool head_is_sound(const struct policy_head *head)
{
    return head->version > 0 && head->threshold > 0 && head->threshold <= head->n_roots &&
           head->n_roots <= POLICY_ROOTS && head->has_previous == (head->version > 1);
}

void policy_head_print(const struct policy_head *head, struct buf *out)
{
    assert(head_is_sound(head));
    buf_str(out, "# prep-policy/v1\n");
    print_line(out, "# origin", head->origin);
    print_flag(out, "# drill", head->drill);
    print_u64(out, "# version", head->version);
    print_time(out, "# time", head->time_ms);
    if (head->has_previous) {
        print_digest(out, "# previous", head->previous);
    } else {
        print_line(out, "# previous", SPAN(""));
    }
    struct buf base64 = {0};
    base64_print(&base64, head->continues.at, head->continues.len);
    print_line(out, "# continues", buf_as_span(&base64));
    buf_done(&base64);
    print_u64(out, "# threshold", head->threshold);
    print_u64(out, "# roots", head->n_roots);
    for (uint32_t i = 0; i < head->n_roots; i++) {
        buf_str(out, "# root ");
        note_key_print(&head->roots[i], out);
        buf_char(out, '\n');
    }
}

/* What the printing half writes of a key: the only spelling that is read. */
static bool is_spelling_of(struct span text, const struct note_key *key)
{
    struct buf spelling = {0};
    note_key_print(key, &spelling);
    bool same = span_equal(text, buf_as_span(&spelling));
    buf_done(&spelling);
    return same;
}

static void parse_roots(struct lines *lines, struct policy_head *head)
{
    head->n_roots = (uint32_t)lines_u64(lines, "# roots", POLICY_ROOTS);
    for (uint32_t i = 0; i < head->n_roots && lines->err == OK; i++) {
        struct why why = {""};
        struct note_key *key = &head->roots[i];
        struct span vkey = lines_value(lines, "# root");
        if (note_key_parse(vkey, key, &why) != OK) {
            lines_fail(lines, ERR_SYNTAX, "a root key is no verifier key (Ed25519)");
        } else if (!is_spelling_of(vkey, key)) {
            lines_fail(lines, ERR_SYNTAX, "a root key has blanks about it, or its id capital letters");
        }
        for (uint32_t j = 0; j < i && lines->err == OK; j++) {
            lines_expect(lines, memcmp(head->roots[j].public, key->public, 32) != 0,
                         "a root key stands twice");
        }
    }
}

static void parse_continues(struct lines *lines, struct policy_head *head, struct buf *scratch)
{
    struct span value = lines_value(lines, "# continues");
    if (lines->err != OK || span_is(value, "-")) {
        return;
    }
    struct span text, signatures;
    struct checkpoint checkpoint;
    lines_expect(lines, value.len < POLICY_NOTE_MAX && base64_parse(value, scratch) == OK,
                 "the checkpoint is no base64");
    head->continues = buf_as_span(scratch);
    lines_expect(lines,
                 note_split(head->continues, &text, &signatures) == OK &&
                     checkpoint_parse(text, &checkpoint, NULL) == OK,
                 "what it continues is no checkpoint");
}

static enum err parse_head(struct policy_note *note, struct why *why)
{
    struct policy_head *head = &note->head;
    struct lines lines;
    lines_init(&lines, note->text, why);
    lines_literal(&lines, "# prep-policy/v1");
    head->origin = lines_value(&lines, "# origin");
    lines_expect(&lines, text_is_visible(head->origin, 1, ORIGIN_MAX), "an origin is visible ASCII");
    head->drill = lines_flag(&lines, "# drill");
    head->version = (uint32_t)lines_u64(&lines, "# version", UINT32_MAX);
    head->time_ms = lines_time(&lines, "# time", false);
    struct span previous = lines_value(&lines, "# previous");
    head->has_previous = !span_is(previous, "-");
    if (head->has_previous) {
        lines_hex(&lines, previous, head->previous);
    }
    parse_continues(&lines, head, &note->scratch);
    head->threshold = (uint32_t)lines_u64(&lines, "# threshold", POLICY_ROOTS);
    parse_roots(&lines, head);
    lines_expect(
        &lines, head_is_sound(head),
        "the version is from 1, only version 1 has none before it, and the threshold is from 1 to the roots");
    return lines.err;
}

/* A drill's origin is told by its name, and so is the real one's. */
static enum err check_drill(const struct policy_head *head, struct why *why)
{
    if (head->drill == origin_is_drill(head->origin)) {
        return OK;
    }
    return why_set(
        why, ERR_REFUSED,
        head->drill ? "policy: %.*s is not the origin of a drill: a drill has an origin and keys of its own"
                    : "policy: %.*s is the origin of a drill: the night itself never uses one",
        SPAN_ARG(head->origin));
}

static bool holds_key(const struct policy_key *keys, uint16_t n, const struct note_key *root)
{
    for (uint16_t i = 0; i < n; i++) {
        if (keys[i].usable && memcmp(keys[i].key.public, root->public, 32) == 0) {
            return true;
        }
    }
    return false;
}

static enum err check_together(const struct policy_note *note, struct why *why)
{
    const struct policy *policy = note->policy;
    TRY(check_drill(&note->head, why));
    if (policy->n_logs == 0) {
        return why_set(why, ERR_MISSING, "policy: it names no log");
    }
    for (uint16_t i = 0; i < policy->n_logs; i++) {
        if (!origin_holds(note->head.origin, span_str(policy->logs[i].key.name))) {
            return why_set(why, ERR_CONFLICT, "policy: the log %s is not of the origin %.*s",
                           policy->logs[i].key.name, SPAN_ARG(note->head.origin));
        }
    }
    for (uint32_t i = 0; i < note->head.n_roots; i++) {
        if (holds_key(policy->logs, policy->n_logs, &note->head.roots[i]) ||
            holds_key(policy->witnesses, policy->n_witnesses, &note->head.roots[i])) {
            return why_set(why, ERR_CONFLICT, "policy: the root key %s is a log's or a witness's as well",
                           note->head.roots[i].name);
        }
    }
    return OK;
}

static enum err parse(struct span bytes, bool has_signatures, struct policy_note **out, struct why *why)
{
    struct span signatures;
    if (bytes.len == 0 || bytes.len > POLICY_NOTE_MAX) {
        return why_set(why, ERR_TOO_BIG, "policy: a version has 1 to %d bytes", POLICY_NOTE_MAX);
    }
    struct policy_note *note = calloc(1, sizeof *note);
    char *copy = malloc(bytes.len);
    if (note == NULL || copy == NULL) {
        abort();
    }
    memcpy(copy, bytes.at, bytes.len);
    note->bytes = copy;
    note->note = note->text = span_of(copy, bytes.len);
    buf_init(&note->scratch, 0);
    enum err err = OK;
    if (has_signatures && note_split(note->note, &note->text, &signatures) != OK) {
        err = why_set(why, ERR_SYNTAX, "policy: no signed note: text, an empty line, signature lines");
    }
    err = err != OK ? err : parse_head(note, why);
    err = err != OK ? err : policy_parse(note->text, &note->policy, why);
    err = err != OK ? err : check_together(note, why);
    if (err != OK) {
        policy_note_free(note);
        return err;
    }
    *out = note;
    return OK;
}

enum err policy_note_parse(struct span note, struct policy_note **out, struct why *why)
{
    return parse(note, true, out, why);
}

enum err policy_text_parse(struct span text, struct policy_note **out, struct why *why)
{
    return parse(text, false, out, why);
}

void policy_note_free(struct policy_note *note)
{
    if (note != NULL) {
        policy_free(note->policy);
        buf_done(&note->scratch);
        free(note->bytes);
        free(note);
    }
}

enum err policy_note_signatures(const struct policy_note *note, const struct policy_head *head, uint32_t *n,
                                struct why *why)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < head->n_roots; i++) {
        struct span text;
        size_t by = 0;
        struct why said = {""};
        enum err err = note_verify(note->note, &head->roots[i], 1, &text, &by, &said);
        if (err != OK && err != ERR_MISSING) {
            return why_set(why, err, "policy, version %u: %s", note->head.version, said.text);
        }
        count += err == OK ? 1 : 0;
    }
    *n = count;
    return OK;
}

static enum err enough(const struct policy_note *note, const struct policy_head *head, struct why *why)
{
    uint32_t n = 0;
    TRY(policy_note_signatures(note, head, &n, why));
    return n >= head->threshold
               ? OK
               : why_set(
                     why, ERR_MISSING,
                     "policy, version %u: %u of the %u root keys of version %u have signed, %u are needed",
                     note->head.version, n, head->n_roots, head->version, head->threshold);
}

enum err policy_note_verify(const struct policy_note *note, struct why *why)
{
    return enough(note, &note->head, why);
}

enum err policy_note_follows(const struct policy_note *note, const struct policy_note *before,
                             struct why *why)
{
    uint8_t digest[DIGEST_LEN];
    const struct policy_head *head = &note->head;
    if (!span_equal(head->origin, before->head.origin) || head->drill != before->head.drill) {
        return why_set(why, ERR_CONFLICT, "policy: version %u is of %.*s, the one before of %.*s",
                       head->version, SPAN_ARG(head->origin), SPAN_ARG(before->head.origin));
    }
    if (head->version != before->head.version + 1) {
        return why_set(why, ERR_CONFLICT, "policy: version %u does not follow version %u", head->version,
                       before->head.version);
    }
    digest_of(before->text, digest);
    if (!head->has_previous || memcmp(digest, head->previous, sizeof digest) != 0) {
        return why_set(why, ERR_CONFLICT, "policy: version %u names another version %u than this one",
                       head->version, before->head.version);
    }
    TRY(enough(note, &before->head, why));
    return policy_note_verify(note, why);
}
