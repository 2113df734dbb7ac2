/* The report for people: first what agrees and what does not, then each rule with its reason and where to
 * look. A person of a newsroom reads it at night; it says what a figure should be, not only that it is wrong.
 */
#include "audit/audit.h"

#include "base/num.h"

#include <stdio.h>

enum { NAME_WIDTH = 40, FIGURE_WIDTH = 14, TEXT_WIDTH = 100 };

/* A phrase in both languages. */
struct words {
    const char *es, *en;
};

struct page {
    struct buf *out;
    struct print_options options;
};

static const char *say(const struct page *page, struct words words)
{
    return page->options.english ? words.en : words.es;
}

enum ink { INK_PLAIN, INK_GOOD, INK_BAD, INK_WARN, INK_FAINT, INK_BOLD };

static void ink(struct page *page, enum ink color)
{
    static const char *const codes[] = {"\033[0m",  "\033[32m", "\033[31;1m",
                                        "\033[33m", "\033[2m",  "\033[1m"};
    if (page->options.color) {
        buf_str(page->out, codes[color]);
    }
}

/* Characters that a terminal shows (no wide ones occur here). */
static size_t width_of(struct span text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.len; i++) {
        width += ((unsigned char)text.at[i] & 0xc0) != 0x80;
    }
    return width;
}

static void pad(struct page *page, size_t have, size_t want)
{
    for (; have < want; have++) {
        buf_char(page->out, ' ');
    }
}

/* 9715234 as "9,715,234". */
static void put_grouped(struct buf *out, uint64_t number)
{
    char digits[NUM_U64_MAX];
    size_t n = num_print_u64(digits, number);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) {
            buf_char(out, ',');
        }
        buf_char(out, digits[i]);
    }
}

static void put_value(struct page *page, struct value value, struct span text)
{
    struct buf cell;
    buf_init(&cell, 0);
    if (!value.known) {
        buf_span(&cell, text);
    } else if (value.percent) {
        buf_printf(&cell, "%llu.%04llu", (unsigned long long)value.number / 10000,
                   (unsigned long long)value.number % 10000);
    } else {
        put_grouped(&cell, value.number);
    }
    pad(page, width_of(buf_as_span(&cell)), FIGURE_WIDTH);
    buf_span(page->out, buf_as_span(&cell));
    buf_done(&cell);
}

static bool rule_differs(const struct summary_figure *figure)
{
    return figure->by_rule.known && figure->by_rule.number != figure->computed.number;
}

static void put_figure(struct page *page, const struct summary_figure *figure, bool with_rule)
{
    ink(page, figure->ok ? INK_GOOD : INK_BAD);
    buf_str(page->out, figure->ok ? "  ✓ " : "  ✗ ");
    ink(page, figure->ok ? INK_PLAIN : INK_BAD);
    buf_span(page->out, figure->name);
    pad(page, width_of(figure->name), NAME_WIDTH);
    /* A declared percentage is shown as it was written: three decimals are not four. */
    struct value declared = figure->declared;
    declared.known &= !declared.percent;
    put_value(page, declared, figure->text);
    put_value(page, figure->computed, SPAN("·"));
    if (with_rule && rule_differs(figure)) {
        put_value(page, figure->by_rule, SPAN(""));
    }
    ink(page, INK_PLAIN);
    buf_char(page->out, '\n');
}

static void put_header(struct page *page, const struct database *db)
{
    bool with_rule = false;
    for (unsigned i = 0; i < db->n_summary; i++) {
        with_rule |= rule_differs(&db->summary[i]);
    }
    if (db->n_summary == 0) {
        return;
    }
    ink(page, INK_BOLD);
    const char *title = say(page, (struct words){"ENCABEZADO", "HEADER"});
    buf_printf(page->out, "\n%s", title);
    pad(page, strlen(title), NAME_WIDTH + 4);
    buf_printf(page->out, "%14s%14s%14s\n", say(page, (struct words){"declara", "declared"}),
               say(page, (struct words){"de las filas", "from rows"}),
               with_rule ? say(page, (struct words){"por la regla", "by the rule"}) : "");
    ink(page, INK_PLAIN);
    for (unsigned i = 0; i < db->n_summary; i++) {
        put_figure(page, &db->summary[i], with_rule);
    }
}

/* Breaks a sentence into lines that stand under each other. */
static void put_wrapped(struct page *page, struct span text, size_t indent)
{
    size_t column = 0;
    while (text.len > 0) {
        struct span word = span_cut(&text, ' ');
        size_t width = width_of(word);
        if (column > 0 && column + 1 + width > TEXT_WIDTH - indent) {
            buf_char(page->out, '\n');
            column = 0;
        }
        if (column == 0) {
            pad(page, 0, indent);
        } else {
            buf_char(page->out, ' ');
            column++;
        }
        buf_span(page->out, word);
        column += width;
    }
    buf_char(page->out, '\n');
}

static void put_sentence(struct page *page, const struct rule_text *rule, const struct finding *finding)
{
    struct buf text;
    buf_init(&text, 0);
    buf_str(&text, page->options.english ? rule->en : rule->es);
    struct span more = page->options.english ? finding->en : finding->es;
    if (more.len > 0) {
        buf_char(&text, ' ');
        buf_span(&text, more);
    }
    put_wrapped(page, buf_as_span(&text), 6);
    buf_done(&text);
}

static void put_examples(struct page *page, const struct finding *finding, unsigned most)
{
    ink(page, INK_FAINT);
    for (unsigned i = 0; i < finding->n_examples && i < most; i++) {
        const struct example *example = &finding->examples[i];
        buf_str(page->out, "        ");
        if (example->row > 0) {
            buf_printf(page->out, "%s %-7llu ", say(page, (struct words){"fila", "row"}),
                       (unsigned long long)example->row);
        }
        buf_span(page->out, example->key);
        if (example->detail.len > 0) {
            pad(page, width_of(example->key), 16);
            buf_str(page->out, "  ");
            buf_span(page->out, example->detail);
        }
        buf_char(page->out, '\n');
    }
    if (finding->count > most && finding->n_examples > 0 && finding->examples[0].row > 0) {
        buf_str(page->out, "        …\n");
    }
    ink(page, INK_PLAIN);
}

static void put_finding(struct page *page, const struct rule_text *rule, const struct finding *finding)
{
    static const enum ink colors[] = {INK_BAD, INK_WARN, INK_PLAIN};
    static const char *const marks[] = {"✗", "!", "·"};
    ink(page, colors[rule->level]);
    buf_printf(page->out, "  %s %s", marks[rule->level], rule->id);
    ink(page, INK_PLAIN);
    buf_str(page->out, " × ");
    put_grouped(page->out, finding->count);
    buf_char(page->out, '\n');
    put_sentence(page, rule, finding);
    bool things = finding->n_examples > 0 && finding->examples[0].row == 0;
    put_examples(page, finding, things ? EXAMPLES_MAX : 3);
}

/* Notes are facts of the actas: one line each. */
static void put_note(struct page *page, const struct rule_text *rule, const struct finding *finding)
{
    struct buf number;
    buf_init(&number, 0);
    put_grouped(&number, finding->count);
    buf_str(page->out, "  ");
    pad(page, number.len, 8);
    buf_span(page->out, buf_as_span(&number));
    buf_printf(page->out, "  %s\n", page->options.english ? rule->en : rule->es);
    buf_done(&number);
}

static unsigned count_level(const struct database *db, enum level level)
{
    unsigned n = 0;
    for (int rule = 0; rule < AUDIT_RULES; rule++) {
        n += rule_texts[rule].level == level && db->findings[rule].count > 0;
    }
    return n;
}

static void put_level(struct page *page, const struct database *db, enum level level)
{
    static const struct words titles[] = {
        {"ERRORES: reglas que el archivo incumple", "ERRORS: rules that the file breaks"},
        {"AVISOS: lo que un auditor preguntaría", "WARNINGS: what an auditor would ask"},
        {"NOTAS: hechos de las actas, publicados como la regla pide",
         "NOTES: facts of the actas, published as the rules want"}};
    if (count_level(db, level) == 0) {
        return;
    }
    ink(page, INK_BOLD);
    buf_printf(page->out, "\n%s\n", say(page, titles[level]));
    ink(page, INK_PLAIN);
    for (int rule = 0; rule < AUDIT_RULES; rule++) {
        const struct finding *finding = &db->findings[rule];
        if (finding->count > 0 && rule_texts[rule].level == level) {
            (level == LEVEL_NOTE ? put_note : put_finding)(page, &rule_texts[rule], finding);
        }
    }
}

static void put_title(struct page *page, const struct database *db, const char *file)
{
    static const char *const row_ends[] = {"LF", "CRLF", "CR"};
    ink(page, INK_BOLD);
    buf_printf(page->out, "%.*s", SPAN_ARG(db->title));
    ink(page, INK_PLAIN);
    if (db->cut.len > 0) {
        buf_printf(page->out, "%s%s %.*s", db->title.len > 0 ? " · " : "",
                   say(page, (struct words){"corte", "cut"}), SPAN_ARG(db->cut));
    }
    buf_char(page->out, '\n');
    ink(page, INK_FAINT);
    buf_printf(page->out, "%s%s%.*s · ", file, db->path.len > 0 ? " > " : "", SPAN_ARG(db->path));
    put_grouped(page->out, db->rows);
    const char *separator = db->dialect.separator == '\t' ? "TAB" : (char[]){db->dialect.separator, '\0'};
    buf_printf(page->out, " %s · %s %s · %s%s · %s\n", say(page, (struct words){"actas", "actas"}),
               say(page, (struct words){"separador", "separator"}), separator,
               db->dialect.latin1 ? "ISO-8859-1" : "UTF-8", db->dialect.bom ? " BOM" : "",
               row_ends[db->dialect.row_end]);
    ink(page, INK_PLAIN);
}

static void put_verdict(struct page *page, const struct database *db)
{
    unsigned errors = count_level(db, LEVEL_ERROR);
    buf_char(page->out, '\n');
    ink(page, errors > 0 ? INK_BAD : INK_GOOD);
    if (errors > 0) {
        buf_printf(page->out, "✗ %s %u %s; ",
                   say(page, (struct words){"El archivo incumple", "The file breaks"}), errors,
                   say(page, (struct words){"reglas", "rules"}));
        put_grouped(page->out, db->findings[RULE_HEADER].count);
        buf_str(page->out, say(page, (struct words){" cifras del encabezado no resultan de sus filas.",
                                                    " header figures do not follow from its rows."}));
    } else {
        buf_str(page->out,
                say(page, (struct words){"✓ Cada cifra que puede recalcularse coincide y ninguna regla se "
                                         "incumple.",
                                         "✓ Every figure that can be recomputed agrees and no rule is "
                                         "broken."}));
    }
    ink(page, INK_FAINT);
    buf_str(
        page->out,
        say(page, (struct words){"\n  [n]: campo del diccionario oficial (LEEME 2024) que da la regla.\n",
                                 "\n  [n]: field of the official dictionary (LEEME 2024) with the rule.\n"}));
    ink(page, INK_PLAIN);
}

void audit_print_text(const struct audit *audit, const char *file, struct print_options options,
                      struct buf *out)
{
    struct page page = {.out = out, .options = options};
    for (unsigned i = 0; i < audit->n_databases; i++) {
        const struct database *db = audit->databases[i];
        if (i > 0) {
            buf_str(out,
                    "\n────────────────────────────────────────────────────────────────────────────────\n\n");
        }
        put_title(&page, db, file);
        put_header(&page, db);
        put_level(&page, db, LEVEL_ERROR);
        put_level(&page, db, LEVEL_WARNING);
        put_level(&page, db, LEVEL_NOTE);
        put_verdict(&page, db);
    }
}
