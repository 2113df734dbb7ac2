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
};

static const char *verdict(const struct exam *exam)
{
    return exam->n_found > 0 ? "inconsistent" : exam->pinned ? "verified" : "consistent, key not pinned";
}

static const char *verdict_es(const struct exam *exam)
{
    return exam->n_found > 0 ? "INCONSISTENTE" : exam->pinned ? "verificado" : "consistente, clave no fijada";
}

static void put_totals(const struct exam *exam, struct buf *out)
{
    for (uint32_t c = 0; exam->fold != NULL && c < exam->election.n_contests; c++) {
        const struct count *count = fold_count(exam->fold, c, 0);
        buf_printf(out,
                   "  %-24.*s %8" PRIu64 " / %" PRIu64 " actas · %" PRIu64 " contabilizadas · %" PRIu64
                   " votos\n",
                   SPAN_ARG(exam->election.contests[c].name), count->captured, count->expected,
                   count->counted, count->votes);
    }
}

void exam_report(const struct exam *exam, struct buf *out)
{
    char time[DATE_ISO_LEN + 1];
    date_print_iso(time, exam->latest.time_ms);
    buf_printf(out, "%s\ncorte %" PRIu32 " · %s · %" PRIu64 " entradas · clave %s\n", exam->options->where,
               exam->latest.cut, time, exam->manifest.log_size, exam->n_keys > 0 ? exam->keys[0].name : "-");
    put_totals(exam, out);
    buf_printf(out,
               "  %" PRIu64 " archivos (%" PRIu64 " bytes), %" PRIu64 " entradas, %" PRIu64
               " páginas y datos hechos de "
               "nuevo, %" PRIu64 " renglones de CSV, %" PRIu64 " imágenes\n",
               exam->n_files, exam->n_bytes, exam->n_entries, exam->n_pages, exam->n_rows, exam->n_images);
    for (uint32_t i = 0; i < exam->n_found && i < EXAM_SHOWN_MAX; i++) {
        const struct found *found = &exam->found[i];
        buf_printf(out, "  ✗ %s: %.*s: %.*s\n", rules[found->rule].es, SPAN_ARG(found->path),
                   SPAN_ARG(found->sentence));
    }
    if (exam->n_found > EXAM_SHOWN_MAX) {
        buf_printf(out, "  … %" PRIu32 " más / more\n", exam->n_found - EXAM_SHOWN_MAX);
    }
    buf_printf(out, "%s %s / %s\n", exam->n_found > 0 ? "✗" : "✓", verdict_es(exam), verdict(exam));
}

void exam_report_json(const struct exam *exam, struct buf *out)
{
    struct json json;
    json_init(&json, out);
    json_open(&json, '{');
    json_key(&json, "verdict");
    json_str(&json, verdict(exam));
    json_key(&json, "pinned");
    json_bool(&json, exam->pinned);
    json_key(&json, "cut");
    json_u64(&json, exam->latest.cut);
    json_key(&json, "log_size");
    json_u64(&json, exam->manifest.log_size);
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {{"files", exam->n_files}, {"bytes", exam->n_bytes}, {"entries", exam->n_entries},
                  {"pages", exam->n_pages}, {"rows", exam->n_rows},   {"images", exam->n_images}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        json_key(&json, counts[i].key);
        json_u64(&json, counts[i].value);
    }
    json_key(&json, "findings");
    json_open(&json, '[');
    for (uint32_t i = 0; i < exam->n_found && i < EXAM_SHOWN_MAX; i++) {
        json_open(&json, '{');
        json_key(&json, "rule");
        json_str(&json, rules[exam->found[i].rule].id);
        json_key(&json, "path");
        json_span(&json, exam->found[i].path);
        json_key(&json, "sentence");
        json_span(&json, exam->found[i].sentence);
        json_close(&json);
    }
    json_close(&json);
    json_key(&json, "findings_total");
    json_u64(&json, exam->n_found);
    json_close(&json);
    buf_char(out, '\n');
}
