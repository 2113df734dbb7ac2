/* The report for programs. Counts are JSON numbers, percentages strings: their four decimals are part of the
 * rule. */
#include "audit/audit.h"

#include "wire/text.h"

#include <stdio.h>

static void put_value(struct json *json, const char *key, struct value value)
{
    json_key(json, key);
    if (!value.known) {
        json_null(json);
    } else if (value.percent) {
        char text[40];
        snprintf(text, sizeof text, "%llu.%04llu", (unsigned long long)value.number / 10000,
                 (unsigned long long)value.number % 10000);
        json_str(json, text);
    } else {
        json_u64(json, value.number);
    }
}

static void put_text(struct json *json, const char *key, struct span text)
{
    json_key(json, key);
    json_span(json, text);
}

static void put_bool(struct json *json, const char *key, bool value)
{
    json_key(json, key);
    json_bool(json, value);
}

/* A database of several in one file says whose figure it is: "inner.csv:ACTAS_ESPERADAS". */
static void put_figure(struct json *json, const struct summary_figure *figure, struct span prefix)
{
    struct buf key;
    buf_init(&key, 0);
    if (prefix.len > 0) {
        buf_printf(&key, "%.*s:", SPAN_ARG(prefix));
    }
    buf_span(&key, figure->name);
    json_key(json, buf_cstr(&key));
    buf_done(&key);
    json_open(json, '{');
    json_key(json, "canonical");
    json_str(json, figure_name(figure->figure));
    if (figure->declared.known && !figure->declared.percent) {
        put_value(json, "declared", figure->declared);
    } else {
        put_text(json, "declared", figure->text);
    }
    put_value(json, "computed", figure->computed);
    put_bool(json, "ok", figure->ok);
    if (figure->by_rule.known && figure->by_rule.number != figure->computed.number) {
        put_value(json, "by_rule", figure->by_rule);
    }
    if (figure->alternative) {
        put_bool(json, "alternative", true);
    }
    json_close(json);
}

static void put_header(struct json *json, const struct database *db, struct span prefix)
{
    for (unsigned i = 0; i < db->n_summary; i++) {
        put_figure(json, &db->summary[i], prefix);
    }
}

static void put_examples(struct json *json, const struct finding *finding)
{
    json_key(json, "examples");
    json_open(json, '[');
    for (unsigned i = 0; i < finding->n_examples; i++) {
        const struct example *example = &finding->examples[i];
        json_open(json, '{');
        if (example->row > 0) {
            json_key(json, "row");
            json_u64(json, example->row);
        }
        put_text(json, "key", example->key);
        if (example->detail.len > 0) {
            put_text(json, "detail", example->detail);
        }
        json_close(json);
    }
    json_close(json);
}

static void put_sentence(struct json *json, const char *key, const char *rule, struct span more)
{
    struct buf text;
    buf_init(&text, 0);
    buf_str(&text, rule);
    if (more.len > 0) {
        buf_char(&text, ' ');
        buf_span(&text, more);
    }
    put_text(json, key, buf_as_span(&text));
    buf_done(&text);
}

static void put_finding(struct json *json, const struct finding *finding, const struct rule_text *rule,
                        struct span path)
{
    static const char *const levels[] = {"error", "warning", "note"};
    json_open(json, '{');
    json_key(json, "rule");
    json_str(json, rule->id);
    json_key(json, "level");
    json_str(json, levels[rule->level]);
    json_key(json, "count");
    json_u64(json, finding->count);
    if (path.len > 0) {
        put_text(json, "database", path);
    }
    for (unsigned i = 0; i < finding->n_facts; i++) {
        json_key(json, finding->facts[i].name);
        json_i64(json, finding->facts[i].value);
    }
    put_sentence(json, "es", rule->es, finding->es);
    put_sentence(json, "en", rule->en, finding->en);
    put_examples(json, finding);
    json_close(json);
}

static void put_findings(struct json *json, const struct database *db, struct span path)
{
    for (int rule = 0; rule < AUDIT_RULES; rule++) {
        if (db->findings[rule].count > 0) {
            put_finding(json, &db->findings[rule], &rule_texts[rule], path);
        }
    }
}

static void put_dialect(struct json *json, const struct dialect *dialect)
{
    static const char *const row_ends[] = {"LF", "CRLF", "CR"};
    json_key(json, "dialect");
    json_open(json, '{');
    put_text(json, "separator", span_of(&dialect->separator, 1));
    json_key(json, "encoding");
    json_str(json, dialect->latin1 ? "ISO-8859-1" : "UTF-8");
    put_bool(json, "bom", dialect->bom);
    put_bool(json, "sep_line", dialect->sep_line);
    json_key(json, "row_end");
    json_str(json, row_ends[dialect->row_end]);
    json_close(json);
}

static void put_columns(struct json *json, const struct database *db)
{
    json_key(json, "votes");
    json_open(json, '{');
    for (unsigned i = 0; i < db->n_columns; i++) {
        struct buf name;
        buf_init(&name, 0);
        buf_span(&name, db->column_names[i]);
        json_key(json, buf_cstr(&name));
        buf_done(&name);
        json_u64(json, db->published.columns[i]);
    }
    json_close(json);
}

static void put_about(struct json *json, const struct database *db)
{
    put_text(json, "path", db->path);
    put_text(json, "title", db->title);
    put_text(json, "cut", db->cut);
    put_dialect(json, &db->dialect);
    json_key(json, "rows");
    json_u64(json, db->rows);
    put_columns(json, db);
}

static void put_several(struct json *json, const struct audit *audit)
{
    uint64_t rows = 0;
    json_key(json, "databases");
    json_open(json, '[');
    for (unsigned i = 0; i < audit->n_databases; i++) {
        const struct database *db = audit->databases[i];
        rows += db->rows;
        json_open(json, '{');
        put_bool(json, "ok", database_ok(db));
        put_about(json, db);
        json_key(json, "header");
        json_open(json, '{');
        put_header(json, db, SPAN(""));
        json_close(json);
        json_key(json, "findings");
        json_open(json, '[');
        put_findings(json, db, SPAN(""));
        json_close(json);
        json_close(json);
    }
    json_close(json);
    json_key(json, "rows");
    json_u64(json, rows);
}

void audit_print_json(const struct audit *audit, const char *file, struct buf *out)
{
    struct json json;
    bool several = audit->n_databases > 1;
    json_init(&json, out);
    json_open(&json, '{');
    put_text(&json, "file", span_str(file));
    put_bool(&json, "ok", audit_ok(audit));
    if (several) {
        put_several(&json, audit);
    } else {
        put_about(&json, audit->databases[0]);
    }
    json_key(&json, "header");
    json_open(&json, '{');
    for (unsigned i = 0; i < audit->n_databases; i++) {
        put_header(&json, audit->databases[i], several ? audit->databases[i]->path : SPAN(""));
    }
    json_close(&json);
    json_key(&json, "findings");
    json_open(&json, '[');
    for (unsigned i = 0; i < audit->n_databases; i++) {
        put_findings(&json, audit->databases[i], several ? audit->databases[i]->path : SPAN(""));
    }
    json_close(&json);
    json_close(&json);
    buf_char(out, '\n');
}
