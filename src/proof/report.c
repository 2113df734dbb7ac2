/* The report, for people (Spanish first) and for machines. */
#include "proof/exam.h"

#include "base/date.h"
#include "wire/text.h"

#include <inttypes.h>

static const struct {
    const char *id, *es;
} rules[RULES] = {
    [RULE_SIGNATURE] = {"signature", "firma"},
    [RULE_MANIFEST] = {"manifest", "manifiesto"},
    [RULE_CHAIN] = {"chain", "cadena de cortes"},
    [RULE_MISSING] = {"missing", "falta"},
    [RULE_HASH] = {"hash", "huella distinta"},
    [RULE_TWIN] = {"twin", "versión comprimida distinta"},
    [RULE_FOREIGN] = {"foreign", "archivo ajeno"},
    [RULE_OLD_CUT] = {"old-cut", "corte viejo mostrado como nuevo"},
    [RULE_LEDGER] = {"ledger", "registro"},
    [RULE_HOUR] = {"hour", "antes de la hora"},
    [RULE_FIGURE] = {"figure", "cifra que no resulta de las actas"},
    [RULE_ROW] = {"row", "renglón que no resulta del registro"},
    [RULE_RENDER] = {"render", "página que no resulta del registro"},
    [RULE_PACKAGE] = {"package", "paquete"},
    [RULE_CHECKPOINT] = {"checkpoint", "punto de control"},
    [RULE_FORK] = {"fork", "bitácora bifurcada"},
    [RULE_TILE] = {"tile", "baldosa"},
    [RULE_QUORUM] = {"quorum", "testigos"},
    [RULE_STRANGER] = {"stranger", "firma de un desconocido"},
    [RULE_CUT] = {"cut", "asiento del corte"},
    [RULE_PROOF] = {"proof", "archivo de prueba"},
    [RULE_POLICY] = {"policy", "política"},
    [RULE_ROOT] = {"root", "raíz del corte"},
};

/* Pinned, and what was signed with the pinned key reaches this cut: by the log's entry of it, or by the manifest's own signature. */
static bool trusted(const struct exam *exam)
{
    bool by_key =
        exam->signer >= 0 && (exam->key_origins[exam->signer] == KEY_PINNED ||
                              (exam->key_origins[exam->signer] == KEY_BOUND && exam->has_checkpoint));
    return exam->pinned && (by_key || exam->entry_in_log);
}

enum verdict { INCONSISTENT, VERIFIED, NOT_PINNED, NOT_REACHED, VERDICTS };

static const struct {
    const char *id, *es;
} verdicts[VERDICTS] = {
    [INCONSISTENT] = {"inconsistent", "INCONSISTENTE"},
    [VERIFIED] = {"verified", "verificado"},
    [NOT_PINNED] = {"consistent, key not pinned", "consistente, clave no fijada"},
    [NOT_REACHED] = {"consistent, the pinned log does not cover this cut yet",
                     "consistente, la bitácora fijada no abarca todavía este corte"},
};

static enum verdict verdict(const struct exam *exam)
{
    return exam->n_found > 0 ? INCONSISTENT
           : !exam->pinned   ? NOT_PINNED
           : trusted(exam)   ? VERIFIED
                             : NOT_REACHED;
}

/* What a reader must know beside the verdict; no finding. */
static const struct {
    const char *id, *es, *en;
} notes[] = {
    {"no-checkpoint", "no hay punto de control: solo firma el manifiesto",
     "there is no checkpoint: the manifest alone is signed"},
    {"key-not-bound",
     "la clave que firma los cortes no está ligada a la bitácora por una entrada prep-key; vale por ser la que nombra el sitio",
     "the key that signs the cuts is not bound to the log by a prep-key entry: it counts as the one that the site names"},
    {"cut-not-covered", "el punto de control es anterior al asiento de este corte",
     "the checkpoint is from before this cut's own entry"},
    {"proofs-late", "las pruebas (y con ellas los códigos) de los cortes más nuevos todavía no están",
     "the proofs of the newest cuts, and with them their codes, are not there yet"},
    {"recount-only", "solo bitácora y totales: archivos y páginas no se examinaron",
     "log and totals alone: files and pages were not examined"},
};
enum { NOTE_NO_CHECKPOINT, NOTE_KEY, NOTE_COVER, NOTE_PROOFS, NOTE_RECOUNT, NOTES };

static bool noted(const struct exam *exam, int note)
{
    switch (note) {
    case NOTE_NO_CHECKPOINT:
        return !exam->has_checkpoint;
    case NOTE_KEY:
        return exam->has_checkpoint && exam->signer >= 0 && exam->key_origins[exam->signer] == KEY_NAMED;
    case NOTE_COVER:
        return exam->has_checkpoint && !exam->entry_in_log;
    case NOTE_PROOFS:
        return exam->proofs_late && !exam->latest.last;
    default:
        return exam->options->recount;
    }
}

static void put_totals(const struct exam *exam, struct buf *out)
{
    for (uint32_t c = 0; exam->folded && c < exam->election.n_contests; c++) {
        const struct count *count = fold_count(exam->fold, c, 0);
        buf_printf(out,
                   "  %-24.*s %8" PRIu64 " / %" PRIu64 " actas · %" PRIu64 " contabilizadas · %" PRIu64
                   " votos\n",
                   SPAN_ARG(exam->election.contests[c].name), count->captured, count->expected,
                   count->counted, count->votes);
    }
}

static void put_sentence(const struct exam *exam, struct buf *out)
{
    enum verdict v = verdict(exam);
    buf_printf(out, "%s %s / %s: %s, corte/cut %" PRIu32, v == INCONSISTENT ? "✗" : "✓", verdicts[v].es,
               verdicts[v].id, exam->options->where, exam->latest.cut);
    if (v == INCONSISTENT) {
        const struct found *first = &exam->found[0];
        buf_printf(out, ": %" PRIu32 " %s: %s, %.*s\n", exam->n_found,
                   exam->n_found == 1 ? "hallazgo / finding" : "hallazgos / findings, el primero / the first",
                   rules[first->rule].es, SPAN_ARG(first->path));
    } else {
        buf_printf(out,
                   "; cada total sale de las %" PRIu64
                   " entradas que abarca / every total follows from the entries that it "
                   "covers\n",
                   exam->manifest.log_size);
    }
}

static void put_log(const struct exam *exam, struct buf *out)
{
    const struct policy_verdict *said = &exam->verdict;
    if (!exam->has_checkpoint) {
        return;
    }
    buf_printf(out,
               "  bitácora / log            %.*s · %" PRIu64 " entradas · %" PRIu64 " baldosas · %" PRIu64
               " pruebas de corte · %u testigos%s\n",
               SPAN_ARG(said->checkpoint.origin), said->checkpoint.size, exam->n_tiles, exam->n_proofs,
               said->cosigners,
               exam->policy == NULL || exam->policy->quorum == POLICY_NONE ? ""
               : said->quorum                                              ? " (quórum)"
                                                                           : " (sin quórum / no quorum)");
}

void exam_report(const struct exam *exam, struct buf *out)
{
    char time[DATE_ISO_LEN + 1];
    date_print_iso(time, exam->latest.time_ms);
    put_sentence(exam, out);
    buf_printf(out, "  corte / cut               %" PRIu32 " · %s · %" PRIu64 " entradas · clave %s\n",
               exam->latest.cut, time, exam->manifest.log_size,
               exam->signer >= 0  ? exam->keys[exam->signer].name
               : exam->n_keys > 0 ? exam->keys[0].name
                                  : "-");
    put_log(exam, out);
    put_totals(exam, out);
    buf_printf(out,
               "  %" PRIu64 " archivos (%" PRIu64 " bytes), %" PRIu64 " entradas en %" PRId64 " ms, %" PRIu64
               " páginas y datos hechos de "
               "nuevo, %" PRIu64 " renglones de CSV, %" PRIu64 " imágenes, %" PRIu32 " cortes (%" PRIu64
               " con sus archivos)\n",
               exam->n_files, exam->n_bytes, exam->n_entries, exam->recount_ms, exam->n_pages, exam->n_rows,
               exam->n_images, exam->n_cuts, exam->n_bodies);
    if (exam->n_images_missing > 0) {
        buf_printf(
            out,
            "  %" PRIu32
            " imágenes que las entradas nombran no están aquí / images that entries name are not here\n",
            exam->n_images_missing);
    }
    for (uint32_t i = 0; i < exam->n_found && i < EXAM_SHOWN_MAX; i++) {
        const struct found *found = &exam->found[i];
        buf_printf(out, "  ✗ %s: %.*s: %.*s\n", rules[found->rule].es, SPAN_ARG(found->path),
                   SPAN_ARG(found->sentence));
    }
    if (exam->n_found > EXAM_SHOWN_MAX) {
        buf_printf(out, "  … %" PRIu32 " más / more\n", exam->n_found - EXAM_SHOWN_MAX);
    }
    for (int i = 0; i < NOTES; i++) {
        if (noted(exam, i)) {
            buf_printf(out, "  · %s / %s\n", notes[i].es, notes[i].en);
        }
    }
}

static void json_log(const struct exam *exam, struct json *json)
{
    const struct policy_verdict *said = &exam->verdict;
    json_key(json, "log");
    if (!exam->has_checkpoint) {
        json_null(json);
        return;
    }
    json_open(json, '{');
    json_key(json, "origin");
    json_span(json, said->checkpoint.origin);
    json_key(json, "size");
    json_u64(json, said->checkpoint.size);
    json_key(json, "signed");
    json_bool(json, said->log != POLICY_NONE);
    json_key(json, "cosigners");
    json_u64(json, said->cosigners);
    json_key(json, "quorum");
    json_bool(json, said->quorum);
    json_key(json, "covers_cut");
    json_bool(json, exam->entry_in_log);
    json_close(json);
}

static void json_lists(const struct exam *exam, struct json *json)
{
    json_key(json, "notes");
    json_open(json, '[');
    for (int i = 0; i < NOTES; i++) {
        if (noted(exam, i)) {
            json_str(json, notes[i].id);
        }
    }
    json_close(json);
    json_key(json, "findings");
    json_open(json, '[');
    for (uint32_t i = 0; i < exam->n_found && i < EXAM_SHOWN_MAX; i++) {
        json_open(json, '{');
        json_key(json, "rule");
        json_str(json, rules[exam->found[i].rule].id);
        json_key(json, "path");
        json_span(json, exam->found[i].path);
        json_key(json, "sentence");
        json_span(json, exam->found[i].sentence);
        json_close(json);
    }
    json_close(json);
    json_key(json, "findings_total");
    json_u64(json, exam->n_found);
}

void exam_report_json(const struct exam *exam, struct buf *out)
{
    struct json json;
    json_init(&json, out);
    json_open(&json, '{');
    json_key(&json, "verdict");
    json_str(&json, verdicts[verdict(exam)].id);
    json_key(&json, "pinned");
    json_bool(&json, exam->pinned);
    json_key(&json, "cut");
    json_u64(&json, exam->latest.cut);
    json_key(&json, "log_size");
    json_u64(&json, exam->manifest.log_size);
    json_log(exam, &json);
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {{"files", exam->n_files},
                  {"bytes", exam->n_bytes},
                  {"entries", exam->n_entries},
                  {"pages", exam->n_pages},
                  {"rows", exam->n_rows},
                  {"images", exam->n_images},
                  {"tiles", exam->n_tiles},
                  {"cuts", exam->n_cuts},
                  {"bodies", exam->n_bodies},
                  {"roots", exam->n_roots},
                  {"proofs", exam->n_proofs},
                  {"recount_ms", (uint64_t)exam->recount_ms},
                  {"images_missing", exam->n_images_missing}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        json_key(&json, counts[i].key);
        json_u64(&json, counts[i].value);
    }
    json_lists(exam, &json);
    json_close(&json);
    buf_char(out, '\n');
}
