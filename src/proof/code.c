/* The code is a hash over a file; what the file proves is looked at too, or anybody could publish any file. */
#include "proof/code.h"

#include "base/date.h"
#include "doors/cut_code.h"
#include "doors/latest.h"
#include "proof/source.h"
#include "proof/trust.h"
#include "seal/note.h"
#include "tlog/checkpoint.h"
#include "tlog/entry.h"
#include "tlog/policy.h"
#include "wire/text.h"

#include <inttypes.h>
#include <stdio.h>

enum { CUTS_BACK = 30 }; /* television may be some cuts behind */

struct code_exam {
    const struct code_options *options;
    struct source *source;
    struct latest latest; /* when the newest cut is asked for */
    uint32_t cut;
    bool newest;
    int64_t time_ms; /* as the entry says; -1: it says nothing */
    char code[CUT_CODE_LEN + 1], heard[CUT_CODE_LEN + 1];
    int64_t heard_cut; /* whose code was heard, -1: of none of those looked at */
    struct why wrong;  /* what the proof does not prove; "" when it holds */
    struct buf proof, scratch;
};

static void find(struct code_exam *exam, const char *sentence)
{
    why_set(&exam->wrong, ERR_CONFLICT, "%s", sentence);
}

static enum err read_proof(struct code_exam *exam, uint32_t cut, struct buf *out, struct why *why)
{
    char path[CUT_PROOF_PATH_MAX];
    cut_proof_path(cut, path);
    TRY(source_read(exam->source, path, CUT_PROOF_BYTES_MAX, out, why));
    return out->len > 0 ? OK : why_set(why, ERR_SYNTAX, "%s está vacío / is empty", path);
}

/* The entry inside is this cut's, and of the manifest that the tree shows. */
static void check_entry(struct code_exam *exam, struct span bytes)
{
    struct entry entry;
    struct buf scratch = {0};
    struct why why = {{0}};
    if (entry_parse(bytes, &entry, &scratch, &why) != OK || entry.type != ENTRY_CUT) {
        find(exam, "the proof holds no entry of a cut");
    } else if (entry.as.cut.number != exam->cut) {
        find(exam, "the proof is of another cut");
    } else {
        exam->time_ms = entry.as.cut.time_ms;
        if (exam->newest &&
            memcmp(entry.as.cut.manifest, exam->latest.manifest, sizeof exam->latest.manifest) != 0) {
            find(exam, "the proof is of a cut with another manifest than the one that latest.json shows");
        }
    }
    buf_done(&scratch);
}

static void check_inclusion(struct code_exam *exam, const struct tlog_proof *proof)
{
    struct span text;
    struct span signatures;
    struct checkpoint checkpoint;
    struct hash leaf;
    struct why why = {{0}};
    if (note_split(proof->checkpoint, &text, &signatures) != OK ||
        checkpoint_parse(text, &checkpoint, &why) != OK) {
        find(exam, "the proof holds no checkpoint");
        return;
    }
    merkle_leaf(proof->extra, &leaf);
    if (!merkle_check_inclusion(&leaf, proof->index, checkpoint.size, &proof->proof, &checkpoint.root)) {
        find(exam, "the cut's entry is not in the tree that the checkpoint signs");
    }
}

static void check_proof(struct code_exam *exam, struct tlog_proof *proof)
{
    struct why why = {{0}};
    if (tlog_proof_parse(buf_as_span(&exam->proof), proof, &exam->scratch, &why) != OK) {
        find(exam, why.text);
    } else if (!proof->has_extra) {
        find(exam, "the proof does not hold the cut's entry");
    } else {
        check_entry(exam, proof->extra);
        check_inclusion(exam, proof);
    }
}

static enum err check_policy(struct code_exam *exam, const struct tlog_proof *proof, struct why *why)
{
    struct policy *policy = NULL;
    struct policy_verdict verdict;
    struct why found = {{0}};
    TRY(policy_read(exam->options->policy, &policy, why));
    if (policy_check(policy, proof->checkpoint, &verdict, &found) != OK) {
        find(exam, found.text);
    } else if (!verdict.quorum) {
        find(exam, "the checkpoint has not the quorum of witnesses that the policy asks for");
    }
    policy_free(policy);
    return OK;
}

/* Whose code was heard: this cut's, or an earlier one's that was announced with some delay. */
static void search(struct code_exam *exam)
{
    struct buf proof = {0};
    struct why ignored = {{0}};
    char code[CUT_CODE_LEN + 1];
    exam->heard_cut = -1;
    if (strcmp(exam->heard, exam->code) == 0) {
        exam->heard_cut = exam->cut;
    }
    for (uint32_t back = 1; exam->heard_cut < 0 && back <= CUTS_BACK && back <= exam->cut; back++) {
        if (read_proof(exam, exam->cut - back, &proof, &ignored) == OK) {
            cut_code_print(buf_as_span(&proof), code);
            exam->heard_cut = strcmp(exam->heard, code) == 0 ? (int64_t)exam->cut - back : -1;
        }
    }
    buf_done(&proof);
}

static bool all_well(const struct code_exam *exam)
{
    return exam->wrong.text[0] == '\0' && (exam->heard[0] == '\0' || exam->heard_cut == exam->cut);
}

static void report_heard(const struct code_exam *exam, struct buf *out)
{
    if (exam->heard_cut == exam->cut) {
        buf_printf(
            out,
            "✓ es el código que se anunció: el mismo corte / the code that was announced: the same cut\n");
    } else if (exam->heard_cut >= 0) {
        buf_printf(out,
                   "✗ %s es el código del corte %" PRId64 ", anterior a éste / is the code of cut %" PRId64
                   ", before this one\n",
                   exam->heard, exam->heard_cut, exam->heard_cut);
    } else {
        buf_printf(
            out,
            "✗ %s no es el código de este corte ni de los %d anteriores: o se oyó mal, o es otro corte / "
            "is the code of no cut here\n",
            exam->heard, CUTS_BACK);
    }
}

static void report(const struct code_exam *exam, struct buf *out)
{
    char time[DATE_ISO_LEN + 1] = "-";
    if (exam->time_ms >= 0) {
        date_print_iso(time, exam->time_ms);
    }
    buf_printf(out, "corte %" PRIu32 " · %s\ncódigo %s\n", exam->cut, time, exam->code);
    if (exam->wrong.text[0] != '\0') {
        buf_printf(out, "✗ la prueba no vale / the proof does not hold: %s\n", exam->wrong.text);
    } else if (exam->options->policy == NULL) {
        buf_str(
            out,
            "  la prueba es consistente; sin --policy no se sabe quién la firma / consistent; without --policy "
            "nobody knows who signed it\n");
    }
    if (exam->heard[0] != '\0') {
        report_heard(exam, out);
    }
}

static void report_json(const struct code_exam *exam, struct buf *out)
{
    struct json json;
    char time[DATE_ISO_LEN + 1];
    json_init(&json, out);
    json_open(&json, '{');
    json_key(&json, "cut");
    json_u64(&json, exam->cut);
    json_key(&json, "time");
    if (exam->time_ms >= 0) {
        date_print_iso(time, exam->time_ms);
        json_str(&json, time);
    } else {
        json_null(&json);
    }
    json_key(&json, "code");
    json_str(&json, exam->code);
    json_key(&json, "proof");
    json_str(&json, exam->wrong.text[0] != '\0' ? exam->wrong.text : "holds");
    json_key(&json, "pinned");
    json_bool(&json, exam->options->policy != NULL);
    json_key(&json, "heard");
    exam->heard[0] != '\0' ? json_str(&json, exam->heard) : json_null(&json);
    json_key(&json, "heard_cut");
    exam->heard[0] != '\0' && exam->heard_cut >= 0 ? json_i64(&json, exam->heard_cut) : json_null(&json);
    json_key(&json, "same");
    exam->heard[0] != '\0' ? json_bool(&json, exam->heard_cut == exam->cut) : json_null(&json);
    json_close(&json);
    buf_char(out, '\n');
}

static enum err choose_cut(struct code_exam *exam, struct why *why)
{
    exam->newest = exam->options->cut < 0;
    if (!exam->newest) {
        exam->cut = (uint32_t)exam->options->cut;
        return OK;
    }
    TRY(source_read(exam->source, "latest.json", LATEST_BYTES_MAX, &exam->proof, why));
    TRY(latest_parse(buf_as_span(&exam->proof), &exam->latest, why));
    exam->cut = exam->latest.cut;
    return OK;
}

static enum err examine(struct code_exam *exam, struct why *why)
{
    struct tlog_proof proof = {0};
    if (exam->options->heard != NULL && !cut_code_read(span_str(exam->options->heard), exam->heard)) {
        return why_set(why, ERR_SYNTAX,
                       "un código son 16 letras y cifras (A-Z, 2-7) / a code is 16 letters and digits");
    }
    TRY(source_open(exam->options->where, &exam->source, why));
    TRY(choose_cut(exam, why));
    TRY(read_proof(exam, exam->cut, &exam->proof, why));
    cut_code_print(buf_as_span(&exam->proof), exam->code);
    check_proof(exam, &proof);
    if (exam->options->policy != NULL) {
        TRY(check_policy(exam, &proof, why));
    }
    if (exam->heard[0] != '\0') {
        search(exam);
    }
    return OK;
}

enum err proof_code(const struct code_options *options, struct buf *out, struct why *why)
{
    struct code_exam exam = {.options = options, .time_ms = -1};
    enum err err = examine(&exam, why);
    if (err == OK) {
        options->json ? report_json(&exam, out) : report(&exam, out);
        err = all_well(&exam) ? OK : ERR_CONFLICT;
    }
    buf_done(&exam.proof);
    buf_done(&exam.scratch);
    source_close(exam.source);
    return err;
}
