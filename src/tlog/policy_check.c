/* What a policy says of a checkpoint: the log's signature, the cosignatures, the quorum. */
#include "tlog/cosignature.h"
#include "tlog/policy.h"

bool policy_quorum(const struct policy *policy, const bool cosigned[POLICY_WITNESSES])
{
    uint16_t seen[POLICY_WITNESSES + POLICY_GROUPS] = {0};
    bool holds[POLICY_WITNESSES + POLICY_GROUPS] = {false};
    for (uint16_t i = 0; i < policy->n_nodes; i++) { /* members stand before their group */
        const struct policy_node *node = &policy->nodes[i];
        holds[i] = node->is_group ? seen[i] >= node->threshold : cosigned[node->witness];
        if (holds[i] && node->parent != POLICY_NONE) {
            seen[node->parent]++;
        }
    }
    return policy->quorum == POLICY_NONE || holds[policy->quorum];
}

static uint16_t find_key(const struct policy_key *keys, uint16_t n, struct span name, const uint8_t id[4])
{
    for (uint16_t i = 0; i < n; i++) {
        if (keys[i].usable && span_is(name, keys[i].key.name) && memcmp(keys[i].key.id, id, 4) == 0) {
            return i;
        }
    }
    return POLICY_NONE;
}

/* A log speaks for the origin that its key is named after, for no other. */
static enum err take_log_signature(const struct policy *policy, uint16_t log, struct span signature,
                                   struct policy_verdict *out, struct why *why)
{
    const struct note_key *key = &policy->logs[log].key;
    if (signature.len != 64 || !ed25519_verify(key->public, out->text, (const uint8_t *)signature.at)) {
        return why_set(why, ERR_FORGED, "checkpoint: the signature of the log %s does not verify", key->name);
    }
    if (!span_is(out->checkpoint.origin, key->name)) {
        return why_set(why, ERR_FORGED, "checkpoint: %s signed for another origin than its own", key->name);
    }
    if (out->log == POLICY_NONE) {
        out->log = log;
    }
    return OK;
}

static enum err take_cosignature(const struct policy *policy, uint16_t witness, struct span signature,
                                 struct policy_verdict *out, struct why *why)
{
    const struct note_key *key = &policy->witnesses[witness].key;
    uint64_t time_s = 0;
    if (!cosignature_verify(key->public, out->text, signature, &time_s)) {
        return why_set(why, ERR_FORGED, "checkpoint: the cosignature of %s does not verify", key->name);
    }
    out->cosigners += out->cosigned[witness] ? 0 : 1;
    out->cosigned[witness] = true;
    out->times[witness] = time_s > out->times[witness] ? time_s : out->times[witness];
    return OK;
}

static enum err take_line(const struct policy *policy, struct span name, const uint8_t id[4],
                          struct span signature, struct policy_verdict *out, struct why *why)
{
    uint16_t log = find_key(policy->logs, policy->n_logs, name, id);
    uint16_t witness = find_key(policy->witnesses, policy->n_witnesses, name, id);
    if (log != POLICY_NONE) {
        return take_log_signature(policy, log, signature, out, why);
    }
    if (witness != POLICY_NONE) {
        return take_cosignature(policy, witness, signature, out, why);
    }
    out->unknown++;
    return OK;
}

static enum err take_lines(const struct policy *policy, struct span lines, struct policy_verdict *out,
                           struct why *why)
{
    struct buf signature;
    buf_init(&signature, 8192);
    enum err err = OK;
    for (int n = 0; err == OK; n++) {
        struct span name;
        uint8_t id[4];
        buf_clear(&signature);
        err = n < NOTE_SIGNATURES_MAX + 1 ? note_signature_next(&lines, &name, id, &signature) : ERR_TOO_BIG;
        if (err == OK) {
            err = take_line(policy, name, id, buf_as_span(&signature), out, why);
        }
    }
    buf_done(&signature);
    return err == ERR_AGAIN ? OK : why_set(why, err, "checkpoint: its signature lines are not well formed");
}

enum err policy_check(const struct policy *policy, struct span note, struct policy_verdict *out,
                      struct why *why)
{
    struct policy_verdict verdict = {.log = POLICY_NONE};
    struct span lines;
    if (note.len > CHECKPOINT_MAX || note_split(note, &verdict.text, &lines) != OK) {
        return why_set(why, ERR_SYNTAX, "checkpoint: not a signed note of at most %d bytes", CHECKPOINT_MAX);
    }
    TRY(checkpoint_parse(verdict.text, &verdict.checkpoint, why));
    TRY(take_lines(policy, lines, &verdict, why));
    if (verdict.log == POLICY_NONE) {
        return why_set(why, ERR_MISSING, "checkpoint: no log of the policy has signed it");
    }
    verdict.quorum = policy_quorum(policy, verdict.cosigned);
    *out = verdict;
    return OK;
}

uint64_t policy_quorum_time(const struct policy *policy, const struct policy_verdict *verdict)
{
    uint64_t best = 0;
    for (uint16_t i = 0; i < policy->n_witnesses && policy->quorum != POLICY_NONE; i++) {
        bool since[POLICY_WITNESSES] = {false};
        for (uint16_t j = 0; j < policy->n_witnesses; j++) {
            since[j] = verdict->cosigned[j] && verdict->times[j] >= verdict->times[i];
        }
        if (verdict->cosigned[i] && verdict->times[i] > best && policy_quorum(policy, since)) {
            best = verdict->times[i];
        }
    }
    return best;
}
