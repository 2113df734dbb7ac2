/* The answer: one sentence, then a table; or JSON. */
#include "base/codec.h"
#include "base/date.h"
#include "doors/cut_code.h"
#include "proof/proving.h"

#include <inttypes.h>

static void put_base64(struct buf *out, const struct hash *hash)
{
    base64_print(out, hash->bytes, HASH_LEN);
}

static const char *moment(int64_t ms, char text[DATE_ISO_LEN + 1])
{
    text[0] = '-';
    text[1] = '\0';
    if (ms >= 0) {
        date_print_iso(text, ms);
    }
    return text;
}

static const char *counted_words(const struct entry_acta *acta)
{
    switch (acta->judgement.counted) {
    case COUNTED_YES:
        return "contabilizada / counted";
    case COUNTED_OUT_OF_CATALOGUE:
        return "fuera de catálogo / out of catalogue";
    default:
        return "no contabilizada / not counted";
    }
}

static void put_acta(const struct entry_acta *acta, struct buf *out)
{
    char time[DATE_ISO_LEN + 1];
    buf_printf(out, "versión %" PRIu32 " · %s · total %" PRIu64 " · capturada / captured %s", acta->version,
               counted_words(acta), acta->judgement.computed, moment(acta->sheet.captured_ms, time));
    if (acta->reason.len > 0) {
        buf_printf(out, " · motivo / reason: %.*s", SPAN_ARG(acta->reason));
    }
    if (acta->sheet.has_image) {
        char hex[65];
        hex_print(hex, acta->sheet.image, 32);
        buf_printf(out, "\n                            imagen / image %s", hex);
    }
}

void prove_print_entry(const struct entry *entry, uint64_t index, struct buf *out)
{
    char time[DATE_ISO_LEN + 1];
    buf_printf(out, "  asiento / entry %-9" PRIu64 " ", index);
    if (entry->type == ENTRY_ACTA) {
        put_acta(&entry->as.acta, out);
    } else if (entry->type == ENTRY_CUT) {
        buf_printf(out, "corte / cut %" PRIu32 " · %s · %" PRIu64 " entradas", entry->as.cut.number,
                   moment(entry->as.cut.time_ms, time), entry->as.cut.log_size);
    }
    buf_char(out, '\n');
}

static void put_path(struct buf *out, const struct merkle_proof *path)
{
    for (uint32_t i = 0; i < path->len; i++) {
        buf_str(out, "                            ");
        put_base64(out, &path->path[i]);
        buf_char(out, '\n');
    }
}

static void put_signatures(const struct proving *proving, struct buf *out)
{
    const struct policy_verdict *said = &proving->verdict;
    buf_printf(out, "  firma / signature         %s · %u testigos / witnesses%s%s\n",
               proving->policy->logs[said->log].key.name, said->cosigners,
               proving->policy->quorum != POLICY_NONE ? said->quorum ? " (quórum)" : " (sin quórum)" : "",
               proving->pinned ? "" : " · clave no fijada / key not pinned");
    if (said->unknown > 0) {
        buf_printf(out, "  · %u firmas de desconocidos / signature lines by strangers\n", said->unknown);
    }
}

static void put_sentence(const struct proving *proving, struct buf *out)
{
    const char *key = proving->options->acta;
    uint32_t cut = proving->latest.cut;
    uint64_t size = proving->verdict.checkpoint.size;
    const struct span origin = proving->verdict.checkpoint.origin;
    if (proving->standing == PENDING) {
        buf_printf(out,
                   "✓ El acta %s sigue pendiente en el corte %" PRIu32
                   " de %.*s. / Acta %s is still expected in cut %" PRIu32 ".\n",
                   key, cut, SPAN_ARG(origin), key, cut);
        return;
    }
    const struct version *now = &proving->versions[0];
    buf_printf(out,
               "✓ El acta %s está en el corte %" PRIu32 " en su versión %" PRIu32 ", asiento %" PRIu64
               " de los %" PRIu64 " que firmó %.*s. / Acta %s stands in cut %" PRIu32 " in version %" PRIu32
               ", entry %" PRIu64 " of the %" PRIu64 " that were signed.\n",
               key, cut, now->entry.as.acta.version, now->index, size, SPAN_ARG(origin), key, cut,
               now->entry.as.acta.version, now->index, size);
}

static const char *ground_words(const struct proving *proving)
{
    if (proving->ground == GROUND_STATE_ROOT) {
        return "por la raíz de estado del asiento del corte / by the state root in the cut's entry";
    }
    return proving->has_cut
               ? "por la tabla del corte, cuyo manifiesto nombra la bitácora / by the cut's table, whose manifest the log names"
               : "por la tabla del corte, que firma su manifiesto / by the cut's table, under its signed manifest";
}

void prove_report(const struct proving *proving, struct buf *out)
{
    char time[DATE_ISO_LEN + 1];
    put_sentence(proving, out);
    buf_printf(out, "  corte / cut               %" PRIu32 " · %s", proving->latest.cut,
               moment(proving->latest.time_ms, time));
    if (proving->has_cut) {
        buf_printf(out, " · asiento / entry %" PRIu64 "\n", proving->cut_index);
    } else {
        buf_str(out, " · su asiento no tiene prueba todavía / its entry has no proof yet\n");
    }
    buf_printf(out, "  estado / standing         %s\n", ground_words(proving));
    for (uint32_t i = 0; i < proving->n_versions; i++) {
        prove_print_entry(&proving->versions[i].entry, proving->versions[i].index, out);
    }
    if (proving->standing == STANDS && !proving->chain_whole) {
        buf_printf(out, "  · hay más versiones, anteriores / there are more versions, earlier ones\n");
    }
    if (proving->newer != ENTRY_NONE) {
        buf_printf(out,
                   "  · una versión más nueva, asiento %" PRIu64
                   ", entra en el corte siguiente / a newer version comes with the next cut\n",
                   proving->newer);
    }
    if (proving->standing == STANDS) {
        buf_str(out, "  camino / path to root     ");
        put_base64(out, &proving->verdict.checkpoint.root);
        buf_char(out, '\n');
        put_path(out, &proving->versions[0].path);
    }
    put_signatures(proving, out);
    if (proving->options->out != NULL && proving->standing == STANDS) {
        buf_printf(out, "  prueba / proof            %s\n", proving->options->out);
    } else if (proving->options->out != NULL) {
        buf_printf(
            out,
            "  prueba / proof            no se escribió %s: aún no hay asiento que probar / not written: there is no "
            "entry yet\n",
            proving->options->out);
    }
}

static void json_hashes(struct json *json, const char *key, const struct merkle_proof *path)
{
    struct buf text = {0};
    json_key(json, key);
    json_open(json, '[');
    for (uint32_t i = 0; i < path->len; i++) {
        buf_clear(&text);
        put_base64(&text, &path->path[i]);
        json_span(json, buf_as_span(&text));
    }
    json_close(json);
    buf_done(&text);
}

static void json_hex(struct json *json, const char *key, const uint8_t bytes[32])
{
    char hex[65];
    hex_print(hex, bytes, 32);
    json_key(json, key);
    json_str(json, hex);
}

static void json_number(struct json *json, const char *key, uint64_t number)
{
    json_key(json, key);
    json_u64(json, number);
}

void prove_json_acta(struct json *json, const struct entry_acta *acta)
{
    json_number(json, "version", acta->version);
    json_key(json, "contest");
    json_span(json, acta->contest);
    json_number(json, "status", acta->judgement.counted);
    json_number(json, "computed", acta->judgement.computed);
    json_key(json, "image");
    if (acta->sheet.has_image) {
        char hex[65];
        hex_print(hex, acta->sheet.image, 32);
        json_str(json, hex);
    } else {
        json_null(json);
    }
}

static void json_version(struct json *json, const struct version *version)
{
    json_open(json, '{');
    prove_json_acta(json, &version->entry.as.acta);
    json_number(json, "entry", version->index);
    json_hex(json, "leaf", version->leaf.bytes);
    json_hashes(json, "path", &version->path);
    json_close(json);
}

static void json_checkpoint(struct json *json, const struct proving *proving)
{
    const struct policy_verdict *said = &proving->verdict;
    json_key(json, "checkpoint");
    json_open(json, '{');
    json_key(json, "origin");
    json_span(json, said->checkpoint.origin);
    json_number(json, "size", said->checkpoint.size);
    json_hex(json, "root", said->checkpoint.root.bytes);
    json_number(json, "cosigners", said->cosigners);
    json_key(json, "quorum");
    json_bool(json, said->quorum);
    json_close(json);
}

static void json_state(struct json *json, const struct proving *proving)
{
    json_key(json, "ground");
    json_str(json, proving->ground == GROUND_STATE_ROOT ? "state-root" : "table");
    if (proving->ground == GROUND_STATE_ROOT) {
        json_key(json, "state");
        json_open(json, '{');
        json_key(json, "leaf");
        json_span(json, buf_as_span(&proving->state_leaf));
        json_number(json, "index", proving->state_index);
        json_number(json, "size", proving->state_size);
        json_hex(json, "root", proving->cut.as.cut.state_root);
        json_hashes(json, "path", &proving->state_path);
        json_close(json);
    }
}

void prove_report_json(const struct proving *proving, struct buf *out)
{
    struct json json;
    json_init(&json, out);
    json_open(&json, '{');
    json_key(&json, "answer");
    json_str(&json, proving->standing == PENDING ? "pending" : "proven");
    json_key(&json, "acta");
    json_str(&json, proving->options->acta);
    json_key(&json, "pinned");
    json_bool(&json, proving->pinned);
    json_number(&json, "cut", proving->latest.cut);
    json_key(&json, "cut_entry");
    if (proving->has_cut) {
        json_u64(&json, proving->cut_index);
    } else {
        json_null(&json);
    }
    json_checkpoint(&json, proving);
    json_state(&json, proving);
    json_key(&json, "versions");
    json_open(&json, '[');
    for (uint32_t i = 0; i < proving->n_versions; i++) {
        json_version(&json, &proving->versions[i]);
    }
    json_close(&json);
    json_number(&json, "requests", source_reads(proving->source));
    json_number(&json, "bytes", source_bytes(proving->source));
    json_close(&json);
    buf_char(out, '\n');
}

void prove_report_wrong(const struct prove_options *options, const char *sentence, struct buf *out)
{
    if (!options->json) {
        buf_printf(out, "✗ No queda probado / not proven: %s\n", sentence);
        return;
    }
    struct json json;
    json_init(&json, out);
    json_open(&json, '{');
    json_key(&json, "answer");
    json_str(&json, "wrong");
    json_key(&json, "sentence");
    json_str(&json, sentence);
    json_close(&json);
    buf_char(out, '\n');
}
