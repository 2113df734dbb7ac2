/* A proof file on its own: who has it and the policy needs no network and nobody's word. */
#include "doors/cut_code.h"
#include "os/file.h"
#include "proof/proving.h"
#include "proof/trust.h"

#include <inttypes.h>

struct checking {
    const struct prove_options *options;
    struct policy *policy;
    struct buf bytes, extra, texts;
    struct tlog_proof proof;
    struct policy_verdict verdict;
    struct entry entry;
};

static enum err check(struct checking *checking, struct why *why)
{
    struct hash leaf;
    struct why said = {{0}};
    const char *name = checking->options->check;
    struct tlog_proof *proof = &checking->proof;
    if (checking->options->policy == NULL) {
        return why_set(why, ERR_MISSING,
                       "falta --policy: sin ella una prueba no dice de quién es / a proof needs a policy");
    }
    TRY(policy_read(checking->options->policy, &checking->policy, why));
    TRY(file_read(name, PROOF_FILE_MAX, &checking->bytes, why));
    if (tlog_proof_parse(buf_as_span(&checking->bytes), proof, &checking->extra, &said) != OK ||
        policy_check(checking->policy, proof->checkpoint, &checking->verdict, &said) != OK) {
        return prove_wrong(why, "%s: %s", name, said.text);
    }
    if (!checking->verdict.quorum) {
        return prove_wrong(why, "%s: %u witnesses have cosigned it: the policy's quorum is not met", name,
                           checking->verdict.cosigners);
    }
    if (!proof->has_extra) {
        return prove_wrong(why, "%s does not hold the entry that it proves", name);
    }
    merkle_leaf(proof->extra, &leaf);
    const struct checkpoint *checkpoint = &checking->verdict.checkpoint;
    if (!merkle_check_inclusion(&leaf, proof->index, checkpoint->size, &proof->proof, &checkpoint->root)) {
        return prove_wrong(why, "%s: the entry in it is not the one that was signed at %" PRIu64, name,
                           proof->index);
    }
    if (entry_parse(proof->extra, &checking->entry, &checking->texts, &said) != OK) {
        return prove_wrong(why, "%s: entry %" PRIu64 ": %s", name, proof->index, said.text);
    }
    return OK;
}

static void report(const struct checking *checking, struct buf *out)
{
    const struct policy_verdict *said = &checking->verdict;
    const struct entry *entry = &checking->entry;
    const char *key = entry->type == ENTRY_ACTA ? entry->as.acta.key : "";
    buf_printf(out,
               "✓ El asiento %" PRIu64 "%s%s está entre los %" PRIu64 " que firmó %.*s. / Entry %" PRIu64
               " is among the %" PRIu64 " that were signed.\n",
               checking->proof.index, key[0] != '\0' ? ", del acta " : "", key, said->checkpoint.size,
               SPAN_ARG(said->checkpoint.origin), checking->proof.index, said->checkpoint.size);
    prove_print_entry(entry, checking->proof.index, out);
    if (entry->type == ENTRY_CUT) {
        char code[CUT_CODE_LEN + 1];
        cut_code_print(buf_as_span(&checking->bytes), code);
        buf_printf(out, "  código / code             %s\n", code);
    }
    buf_printf(out, "  firma / signature         %s · %u testigos / witnesses\n",
               checking->policy->logs[said->log].key.name, said->cosigners);
}

static void report_json(const struct checking *checking, struct buf *out)
{
    struct json json;
    json_init(&json, out);
    json_open(&json, '{');
    json_key(&json, "answer");
    json_str(&json, "proven");
    json_key(&json, "entry");
    json_u64(&json, checking->proof.index);
    json_key(&json, "size");
    json_u64(&json, checking->verdict.checkpoint.size);
    json_key(&json, "origin");
    json_span(&json, checking->verdict.checkpoint.origin);
    json_key(&json, "cosigners");
    json_u64(&json, checking->verdict.cosigners);
    if (checking->entry.type == ENTRY_ACTA) {
        json_key(&json, "acta");
        json_str(&json, checking->entry.as.acta.key);
        prove_json_acta(&json, &checking->entry.as.acta);
    } else if (checking->entry.type == ENTRY_CUT) {
        char code[CUT_CODE_LEN + 1];
        cut_code_print(buf_as_span(&checking->bytes), code);
        json_key(&json, "cut");
        json_u64(&json, checking->entry.as.cut.number);
        json_key(&json, "code");
        json_str(&json, code);
    }
    json_close(&json);
    buf_char(out, '\n');
}

enum err proof_check(const struct prove_options *options, struct buf *out, struct why *why)
{
    static struct checking checking;
    checking = (struct checking){.options = options};
    enum err err = check(&checking, why);
    if (err == OK && options->json) {
        report_json(&checking, out);
    } else if (err == OK) {
        report(&checking, out);
    } else if (err == ERR_CONFLICT) {
        prove_report_wrong(options, why->text, out);
    }
    buf_done(&checking.bytes);
    buf_done(&checking.extra);
    buf_done(&checking.texts);
    policy_free(checking.policy);
    return err;
}
