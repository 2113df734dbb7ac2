/* Policies: the text. Groups may only name what stands before them and nothing is in two groups, so the nodes are a
 * forest in order: one walk from the first to the last evaluates it (policy_check.c). */
#include "tlog/policy.h"

#include "base/num.h"
#include "seal/digest.h"

#include <stdlib.h>

struct parser {
    struct policy *policy;
    struct span rest; /* of the line at hand */
    unsigned line;
    bool has_quorum;
    struct why *why;
};

static enum err refuse(struct parser *p, enum err err, const char *rule)
{
    return why_set(p->why, err, "%s", rule);
}

/* The next word of the line, empty at its end. */
static struct span word(struct parser *p)
{
    size_t from = 0;
    while (from < p->rest.len && (p->rest.at[from] == ' ' || p->rest.at[from] == '\t')) {
        from++;
    }
    size_t to = from;
    while (to < p->rest.len && p->rest.at[to] != ' ' && p->rest.at[to] != '\t') {
        to++;
    }
    struct span taken = span_of(p->rest.at + from, to - from);
    p->rest = span_of(p->rest.at + to, p->rest.len - to);
    return taken;
}

static uint16_t find(const struct policy *policy, struct span name)
{
    for (uint16_t i = 0; i < policy->n_nodes; i++) {
        if (span_equal(policy->nodes[i].name, name)) {
            return i;
        }
    }
    return POLICY_NONE;
}

static enum err check_new_name(struct parser *p, struct span name)
{
    if (name.len == 0) {
        return refuse(p, ERR_SYNTAX, "a name is missing");
    }
    if (span_is(name, "none")) {
        return refuse(p, ERR_CONFLICT, "\"none\" is no name that can be given");
    }
    return find(p->policy, name) == POLICY_NONE
               ? OK
               : refuse(p, ERR_CONFLICT,
                        "this name is given already: witnesses and groups share their names");
}

/* A vkey of the type that `due` is, or of a type that we know of and cannot verify. */
static enum err take_key(struct parser *p, uint8_t due, struct policy_key *out)
{
    struct policy_key key = {.usable = false};
    struct note_vkey vkey;
    struct buf raw;
    struct span text = word(p);
    if (text.len == 0) {
        return refuse(p, ERR_SYNTAX, "a verifier key is missing");
    }
    buf_init(&raw, 0);
    enum err err = note_vkey_split(text, &vkey, &raw, p->why);
    if (err == OK) {
        key.usable = vkey.type == due && raw.len == 32;
        bool known = key.usable || (vkey.type == NOTE_ML_DSA_44 && raw.len == 1312);
        err = known ? OK
                    : refuse(p, ERR_SYNTAX,
                             due == NOTE_ED25519 ? "a log's key is of type 01 (Ed25519)"
                                                 : "a witness's key is of type 04 (cosignature, Ed25519)");
    }
    if (err == OK && key.usable && !ed25519_key_is_sound((const uint8_t *)raw.at)) {
        err = refuse(p, ERR_RANGE, "the point of this key is not a sound one");
    }
    if (err == OK) {
        span_copy(vkey.name, key.key.name, sizeof key.key.name);
        memcpy(key.key.id, vkey.id, 4);
        digest_of(buf_as_span(&raw), key.raw);
        if (key.usable) {
            memcpy(key.key.public, raw.at, 32);
        }
        key.url = word(p);
        *out = key;
    }
    buf_done(&raw);
    return err;
}

static enum err check_new_key(struct parser *p, const struct policy_key *key, const struct policy_key *keys,
                              size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (memcmp(keys[i].raw, key->raw, 32) == 0) {
            return refuse(p, ERR_CONFLICT, "this key is listed already (the same bytes, whatever its name)");
        }
    }
    return OK;
}

static enum err take_log(struct parser *p)
{
    struct policy *policy = p->policy;
    struct policy_key key;
    if (policy->n_logs == POLICY_LOGS) {
        return refuse(p, ERR_TOO_BIG, "more than 64 logs");
    }
    TRY(take_key(p, NOTE_ED25519, &key));
    TRY(check_new_key(p, &key, policy->logs, policy->n_logs));
    policy->logs[policy->n_logs++] = key;
    return OK;
}

static enum err take_witness(struct parser *p)
{
    struct policy *policy = p->policy;
    struct policy_key key;
    if (policy->n_witnesses == POLICY_WITNESSES) {
        return refuse(p, ERR_TOO_BIG, "more than 64 witnesses");
    }
    struct span name = word(p);
    TRY(check_new_name(p, name));
    TRY(take_key(p, NOTE_COSIGNATURE, &key));
    TRY(check_new_key(p, &key, policy->witnesses, policy->n_witnesses));
    policy->nodes[policy->n_nodes++] =
        (struct policy_node){.name = name, .witness = policy->n_witnesses, .parent = POLICY_NONE};
    policy->witnesses[policy->n_witnesses++] = key;
    return OK;
}

static enum err take_members(struct parser *p, uint16_t group, uint16_t *n)
{
    struct policy *policy = p->policy;
    *n = 0;
    for (struct span name = word(p); name.len > 0; name = word(p)) {
        uint16_t member = find(policy, name);
        if (member == POLICY_NONE) {
            return refuse(p, ERR_MISSING, "a member is not defined on a line before");
        }
        if (policy->nodes[member].parent != POLICY_NONE) {
            return refuse(p, ERR_CONFLICT, "a member is in a group already: each may count only once");
        }
        policy->nodes[member].parent = group;
        (*n)++;
    }
    return *n > 0 ? OK : refuse(p, ERR_SYNTAX, "a group has at least one member");
}

static enum err take_threshold(struct parser *p, struct span text, uint16_t members, uint16_t *out)
{
    uint32_t k = 0;
    if (span_is(text, "all")) {
        k = members;
    } else if (span_is(text, "any")) {
        k = 1;
    } else if (num_parse_u32(text, &k) != OK || k < 1 || k > members) {
        return refuse(p, ERR_RANGE, "a group needs all, any, or a number from 1 to that of its members");
    }
    *out = (uint16_t)k;
    return OK;
}

static enum err take_group(struct parser *p)
{
    struct policy *policy = p->policy;
    if (policy->n_nodes - policy->n_witnesses == POLICY_GROUPS) {
        return refuse(p, ERR_TOO_BIG, "more than 64 groups");
    }
    struct policy_node group = {.name = word(p), .is_group = true, .parent = POLICY_NONE};
    TRY(check_new_name(p, group.name));
    struct span threshold = word(p);
    TRY(take_members(p, policy->n_nodes, &group.members));
    TRY(take_threshold(p, threshold, group.members, &group.threshold));
    policy->nodes[policy->n_nodes++] = group;
    return OK;
}

static enum err take_quorum(struct parser *p)
{
    struct span name = word(p);
    if (p->has_quorum) {
        return refuse(p, ERR_CONFLICT, "there is a quorum line already");
    }
    if (name.len == 0) {
        return refuse(p, ERR_SYNTAX, "a name is missing");
    }
    p->has_quorum = true;
    p->policy->quorum = find(p->policy, name);
    if (p->policy->quorum == POLICY_NONE && !span_is(name, "none")) {
        return refuse(p, ERR_MISSING, "the quorum is not defined on a line before");
    }
    return OK;
}

static enum err take_line(struct parser *p)
{
    static const struct {
        const char *word;
        enum err (*take)(struct parser *p);
    } kinds[] = {
        {"log", take_log}, {"witness", take_witness}, {"group", take_group}, {"quorum", take_quorum}};
    struct span first = word(p);
    if (first.len == 0 || first.at[0] == '#') {
        return OK;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (span_is(first, kinds[i].word)) {
            TRY(kinds[i].take(p));
            return word(p).len == 0 ? OK : refuse(p, ERR_SYNTAX, "there is a word too many");
        }
    }
    return refuse(p, ERR_SYNTAX, "a line begins with log, witness, group, quorum or #");
}

/* Tab, newline, visible ASCII, blank, and any byte of the upper half. */
static bool octets_are_allowed(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if ((c < ' ' && c != '\t' && c != '\n') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static enum err parse_lines(struct policy *policy, struct span text, struct why *why)
{
    struct parser p = {.policy = policy, .why = why};
    while (span_line(&text, &p.rest)) {
        p.line++;
        enum err err = take_line(&p);
        if (err != OK) {
            return why_prefix(why, err, "policy, line %u", p.line);
        }
    }
    return p.has_quorum ? OK : why_set(why, ERR_MISSING, "policy: there is no quorum line");
}

enum err policy_parse(struct span text, struct policy **out, struct why *why)
{
    if (text.len > POLICY_BYTES) {
        return why_set(why, ERR_TOO_BIG, "policy: longer than %d bytes", POLICY_BYTES);
    }
    if (text.len == 0 || text.at[text.len - 1] != '\n') {
        return why_set(why, ERR_SYNTAX,
                       "policy: its last line does not end: it was cut off"); /* "quorum a|b" */
    }
    if (!octets_are_allowed(text)) {
        return why_set(why, ERR_SYNTAX, "policy: a control character other than tab and newline");
    }
    struct policy *policy = calloc(1, sizeof *policy);
    char *copy = malloc(text.len);
    if (policy == NULL || copy == NULL) {
        abort();
    }
    memcpy(copy, text.at, text.len);
    policy->text = copy;
    policy->quorum = POLICY_NONE;
    enum err err = parse_lines(policy, span_of(copy, text.len), why);
    if (err != OK) {
        policy_free(policy);
        return err;
    }
    *out = policy;
    return OK;
}

void policy_free(struct policy *policy)
{
    if (policy != NULL) {
        free(policy->text);
        free(policy);
    }
}
