/* Examination: cheap refusals first, the signature before the text is looked into. */
#include "intake/examine.h"

#include "base/codec.h"
#include "seal/digest.h"
#include "tally/rules.h"

#include <stdio.h>
#include <stdlib.h>

enum err examiner_init(struct examiner *examiner, const struct election *election, struct why *why)
{
    *examiner = (struct examiner){.election = election};
    examiner->keys = calloc(election->n_signers + 1, sizeof *examiner->keys);
    if (examiner->keys == NULL) {
        abort();
    }
    for (uint32_t i = 0; i < election->n_signers; i++) {
        const struct signer *signer = &election->signers[i];
        struct note_key *key = &examiner->keys[i];
        enum err err = note_key_parse(signer->vkey, key, why);
        if (err == OK && !span_is(signer->name, key->name)) {
            err = why_set(why, ERR_CONFLICT, "its key has another name");
        }
        if (err != OK) {
            examiner_done(examiner);
            return why_prefix(why, err, "signers.csv: %.*s", SPAN_ARG(signer->name));
        }
        examiner->n_keys++;
    }
    return OK;
}

void examiner_done(struct examiner *examiner)
{
    free(examiner->keys);
    *examiner = (struct examiner){0};
}

/* Parts the body and verifies who has signed. */
static enum refusal check_signature(const struct examiner *examiner, struct span body, struct examined *out,
                                    size_t *by, struct why *why)
{
    enum err err = submission_split(body, &out->note, &out->image, why);
    if (err != OK) {
        return err == ERR_TOO_BIG ? REFUSED_TOO_BIG : REFUSED_MALFORMED;
    }
    if (span_ends(out->note, SPAN("\n\n"))) {
        why_set(why, ERR_MISSING, "there is no signature line");
        return REFUSED_UNSIGNED;
    }
    switch (note_verify(out->note, examiner->keys, examiner->n_keys, &out->text, by, why)) {
    case OK:
        return REFUSED_NOT;
    case ERR_MISSING:
        return REFUSED_UNSIGNED;
    case ERR_FORGED:
        return REFUSED_FORGED;
    default:
        return REFUSED_MALFORMED;
    }
}

static enum refusal check_election(const struct examiner *examiner, struct examined *out, struct why *why)
{
    const struct election *election = examiner->election;
    const struct submission *submission = &out->submission;
    if (!span_equal(submission->election, election->id)) {
        why_set(why, ERR_CONFLICT, "line 2: this intake receives the election %.*s", SPAN_ARG(election->id));
        return REFUSED_ELECTION;
    }
    int contest = election_contest(election, submission->contest);
    if (contest < 0) {
        why_set(why, ERR_MISSING, "line 5: the election has no contest %.*s", SPAN_ARG(submission->contest));
        return REFUSED_CONTEST;
    }
    unsigned columns = election->contests[contest].n_columns;
    if (submission->sheet.n_votes != columns) {
        why_set(why, ERR_RANGE, "line 10: %u cells came, the contest has %u columns",
                submission->sheet.n_votes, columns);
        return REFUSED_VOTES;
    }
    out->contest = (uint8_t)contest;
    return REFUSED_NOT;
}

static enum refusal check_image(const struct sheet *sheet, struct span image, struct why *why)
{
    if (!sheet->has_image) {
        if (image.len > 0) {
            why_set(why, ERR_RANGE, "%zu bytes follow the note", image.len);
        }
        return image.len > 0 ? REFUSED_IMAGE_UNPROMISED : REFUSED_NOT;
    }
    if (image.len == 0) {
        why_set(why, ERR_MISSING, "%u bytes of image are due and none came", sheet->image_bytes);
        return REFUSED_IMAGE_MISSING;
    }
    uint8_t digest[DIGEST_LEN];
    digest_of(image, digest);
    if (image.len != sheet->image_bytes || memcmp(digest, sheet->image, sizeof digest) != 0) {
        why_set(why, ERR_FORGED, "%zu bytes came, %u were promised, with another SHA-256", image.len,
                sheet->image_bytes);
        return REFUSED_IMAGE_DIGEST;
    }
    return REFUSED_NOT;
}

enum refusal examine(const struct examiner *examiner, struct span body, struct examined *out, struct why *why)
{
    size_t by = 0;
    *out = (struct examined){0};
    enum refusal refusal = check_signature(examiner, body, out, &by, why);
    if (refusal != REFUSED_NOT) {
        return refusal;
    }
    if (submission_parse(out->text, &out->submission, why) != OK) {
        return REFUSED_MALFORMED;
    }
    if (!span_is(out->submission.centre, examiner->keys[by].name)) {
        why_set(why, ERR_FORGED, "line 3: it is signed by %s", examiner->keys[by].name);
        return REFUSED_CENTRE;
    }
    refusal = check_election(examiner, out, why);
    if (refusal != REFUSED_NOT) {
        return refusal;
    }
    digest_of(out->text, out->digest);
    return check_image(&out->submission.sheet, out->image, why);
}

/* The catalogue's acta that the submission names in its own contest, or NULL: out of catalogue. */
static const struct acta *acta_named(const struct election *election, const struct examined *examined)
{
    uint32_t at = election_acta(election, examined->submission.acta);
    if (at == UINT32_MAX || election->actas[at].contest != examined->contest) {
        return NULL;
    }
    return &election->actas[at];
}

void examined_entry(const struct examiner *examiner, const struct examined *examined, struct entry_acta *out)
{
    const struct election *election = examiner->election;
    const struct submission *submission = &examined->submission;
    const struct acta *acta = acta_named(election, examined);
    const struct station *station = acta == NULL ? NULL : &election->stations[acta->station];
    uint64_t columns = acta == NULL ? contest_columns_in(&election->contests[examined->contest], AREA_NONE)
                                    : election_acta_columns(election, acta);
    *out = (struct entry_acta){.contest = submission->contest,
                               .version = 1,
                               .previous = ENTRY_NONE,
                               .centre = submission->centre,
                               .sheet = submission->sheet};
    if (acta != NULL) {
        memcpy(out->key, acta->key, sizeof out->key);
    } else {
        char hex[17];
        hex_print(hex, examined->digest, 8);
        snprintf(out->key, sizeof out->key, "FC-%s", hex);
        out->stated = submission->acta;
    }
    out->judgement = sheet_judge(&out->sheet, columns, station);
    out->findings = sheet_findings(&out->sheet, columns, station);
}
