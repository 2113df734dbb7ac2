/* One chunk of the table of actas: up to 64 sheets with everything that was read off them. It belongs to no
 * cut, so it says nothing that changes from cut to cut, and it speaks both languages at once. */
#include "render/page.h"

#include "base/codec.h"
#include "base/date.h"
#include "render/assets.h"
#include "wire/text.h"

#include <assert.h>

static const struct {
    enum sheet_field field;
    const char *es, *en;
} fields[] = {
    {FIELD_LEFTOVER, "Boletas sobrantes", "Unused ballots"},
    {FIELD_VOTERS, "Personas que votaron", "Persons who voted"},
    {FIELD_REPS, "Representantes que votaron", "Representatives who voted"},
    {FIELD_DRAWN, "Votos sacados", "Ballots drawn"},
    {FIELD_WRITTEN, "Total asentado", "Total as written"},
};

/* "Contabilizada <i lang=en>Counted</i>" */
static void put_both(struct page *page, const char *es, const char *en)
{
    put(page, "%s <i lang=\"en\">%s</i>", es, en);
}

static void put_phrase(struct page *page, enum phrase phrase)
{
    put_both(page, phrase_of(LANG_ES, phrase), phrase_of(LANG_EN, phrase));
}

static void put_column(struct page *page, const char *es, const char *en)
{
    put(page, "<th scope=\"col\">");
    put_both(page, es, en);
    put(page, "</th>");
}

static void put_columns(struct page *page, const struct contest *contest, uint64_t columns)
{
    put(page, "<thead><tr>");
    put_column(page, "Acta", "Sheet");
    put_column(page, "Sección", "Precinct");
    put_column(page, "Estado", "State");
    put_column(page, "Observaciones", "Observations");
    for (uint32_t i = 0; i < contest->n_columns; i++) {
        if ((columns >> i & 1) != 0) {
            put(page, "<th scope=\"col\">%h</th>", contest->columns[i].code);
        }
    }
    put_column(page, "Total calculado", "Computed total");
    put_column(page, "Lista nominal", "Voters' list");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        put_column(page, fields[i].es, fields[i].en);
    }
    put_column(page, "Acopio", "Received");
    put_column(page, "Captura", "Captured");
    put_column(page, "Verificación", "Verified");
    put_column(page, "Origen", "Origin");
    put_column(page, "Imagen y huella SHA-256", "Image and SHA-256 digest");
    put_column(page, "Registro", "Ledger");
    put(page, "</tr></thead>\n<tbody>\n");
}

static void put_cell(struct page *page, struct cell cell)
{
    if (cell.state == CELL_NUMBER) {
        put(page, "<td>%n</td>", (uint64_t)cell.value);
    } else {
        put(page, "<td class=\"w\">%h</td>", cell_word(cell.state));
    }
}

/* "06/06 20:31:07", local */
static void put_moment(struct page *page, int64_t ms)
{
    if (ms < 0) {
        put(page, "<td class=\"w\">N/A</td>");
        return;
    }
    struct date date = date_at(ms, page->fold->election->offset_min);
    const int parts[5] = {date.day, date.month, date.hour, date.minute, date.second};
    char text[] = "<td>00/00 00:00:00</td>";
    for (int i = 0; i < 5; i++) {
        text[4 + 3 * i] = (char)('0' + parts[i] / 10);
        text[5 + 3 * i] = (char)('0' + parts[i] % 10);
    }
    buf_add(page->out, text, sizeof text - 1);
}

static void put_state(struct page *page, const struct record *record)
{
    put(page, "<td>");
    if (record->in_review) {
        put(page, "<strong>");
        put_both(page, "En revisión", "Under review");
        put(page, "</strong>");
    } else if (record->judgement.counted == COUNTED_YES) {
        put_both(page, "Contabilizada", "Counted");
    } else if (record->judgement.counted == COUNTED_OUT_OF_CATALOGUE) {
        put_both(page, "Fuera de catálogo", "Out of catalogue");
    } else {
        put_both(page, "No contabilizada", "Not counted");
    }
    put(page, "</td>");
}

/* The observations as published; below them, folded, the findings that these do not already say. */
static void put_observations(struct page *page, const struct record *record)
{
    uint32_t said = 1u << FINDING_OUT_OF_CATALOGUE | 1u << FINDING_EXCEEDS | 1u << FINDING_ALL_EMPTY;
    uint32_t more = record->findings & ~said;
    put(page, "<td class=\"obs\">");
    judgement_print(record->judgement, record->sheet.no_acta, page->out);
    if (more != 0) {
        put(page, "<details><summary>");
        put_both(page, "Hallazgos", "Findings");
        put(page, ": %u</summary>", (uint32_t)__builtin_popcount(more));
        for (uint32_t i = 1; i < FINDING_RULES; i++) {
            if ((more & 1u << i) != 0) {
                put(page, "<p>%h <i lang=\"en\">%h</i></p>", span_str(finding_texts[i].es),
                    span_str(finding_texts[i].en));
            }
        }
        put(page, "</details>");
    }
    put(page, "</td>");
}

static void put_image(struct page *page, const struct record *record, const char *key)
{
    if (!record->sheet.has_image) {
        put(page, "<td class=\"w\">—</td>");
        return;
    }
    char hex[65];
    hex_print(hex, record->sheet.image, 32);
    put(page,
        "<td class=\"hash\"><a href=\"%racta/%s.jpg\">Imagen <i lang=\"en\">Image</i><span class=\"far\"> "
        "%s</span></a> "
        "<code>%s</code></td>",
        "", hex, key, hex);
}

static void put_record(struct page *page, const struct contest *contest, uint64_t columns,
                       const struct record *record, const struct station *station, const char *key)
{
    put_state(page, record);
    put_observations(page, record);
    for (uint32_t i = 0; i < contest->n_columns; i++) {
        if ((columns >> i & 1) != 0) {
            put_cell(page, i < record->sheet.n_votes ? record->sheet.votes[i] : (struct cell){0, CELL_NA});
        }
    }
    put(page, "<td>%n</td>", record->judgement.computed);
    if (station == NULL) {
        put(page, "<td class=\"w\">N/A</td>");
    } else {
        put(page, "<td>%n</td>", (uint64_t)station->nominal);
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        put_cell(page, record->sheet.fields[fields[i].field]);
    }
    put_moment(page, record->sheet.received_ms);
    put_moment(page, record->sheet.captured_ms);
    put_moment(page, record->sheet.verified_ms);
    put(page, "<td class=\"w\">%h · %h</td>", origin_word(record->sheet.origin),
        means_word(record->sheet.means));
    put_image(page, record, key);
    put(page, "<td>%i", record->entry);
    if (record->version > 1) {
        put(page, " <small>v%u</small>", record->version);
    }
    put(page, "</td></tr>\n");
}

static uint32_t cells_of(const struct contest *contest, uint64_t columns)
{
    uint32_t n = 8 + (uint32_t)(sizeof fields / sizeof fields[0]) + 2;
    for (uint32_t i = 0; i < contest->n_columns; i++) {
        n += (columns >> i & 1) != 0;
    }
    return n;
}

static void put_acta(struct page *page, const struct contest *contest, uint64_t columns, uint32_t acta)
{
    const struct election *election = page->fold->election;
    const struct station *station = &election->stations[election->actas[acta].station];
    const struct record *record = page->fold->records[acta];
    const char *key = election->actas[acta].key;
    put(page, "<tr id=\"%s\"%s><th scope=\"row\">%s</th><td>", key,
        record->entry == ENTRY_NONE ? " class=\"none\""
        : record->in_review         ? " class=\"review\""
                                    : "",
        key);
    if (station->section == 0) {
        put(page, "N/A</td>");
    } else {
        put(page, "%u</td>", (uint32_t)station->section);
    }
    if (record->entry == ENTRY_NONE) {
        put(page, "<td colspan=\"%u\">", cells_of(contest, columns));
        put_both(page, "Sin acta todavía", "No sheet yet");
        put(page, "</td></tr>\n");
        return;
    }
    put_record(page, contest, columns, record, station, key);
}

static void put_outside(struct page *page, const struct contest *contest, uint64_t columns,
                        const struct outside *outside)
{
    put(page, "<tr id=\"%s\"%s><th scope=\"row\">%s<br><small>%h</small></th><td class=\"w\">N/A</td>",
        outside->key, outside->record.in_review ? " class=\"review\"" : "", outside->key,
        outside->stated.len > 0 ? outside->stated : SPAN("—"));
    put_record(page, contest, columns, &outside->record, NULL, outside->key);
}

static void put_outsides(struct page *page, const struct contest *contest, uint64_t columns,
                         const struct chunk *chunk)
{
    uint32_t seen = 0;
    for (uint32_t i = 0; i < page->fold->n_outsides; i++) {
        const struct outside *outside = &page->fold->outsides[i];
        if (outside->contest != chunk->contest) {
            continue;
        }
        if (seen >= chunk->first && seen < chunk->first + chunk->n) {
            put_outside(page, contest, columns, outside);
        }
        seen++;
    }
}

/* The sections that a chunk of the catalogue covers; false when its actas have none. */
static bool put_range(struct page *page, const struct chunk *chunk)
{
    uint32_t least, most;
    chunk_sections(page, chunk, &least, &most);
    if (most == 0) {
        return false;
    }
    put(page, " · ");
    put_phrase(page, T_SECTION_RANGE);
    put(page, " %u–%u", least, most);
    return true;
}

/* What the chunk holds, in both languages: its heading and its table's caption. */
static void put_what(struct page *page, const struct chunk *chunk)
{
    const struct election *election = page->fold->election;
    put(page, "%h · ", election->contests[chunk->contest].name);
    if (chunk->outside) {
        put_phrase(page, T_OUTSIDE);
    } else if (chunk->area == AREA_NONE) {
        put_phrase(page, T_MODES);
    } else {
        area_label(page, &election->areas[chunk->area]);
    }
    if (chunk->outside || !put_range(page, chunk)) {
        put(page, " · %n–%n", (uint64_t)chunk->first + 1, (uint64_t)chunk->first + chunk->n);
    }
}

static void put_chunk_head(struct page *page, const struct chunk *chunk)
{
    const struct election *election = page->fold->election;
    put(page,
        "<!doctype html>\n<html lang=\"es\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<meta name=\"color-scheme\" content=\"light dark\"><title>%s%h · Actas</title>"
        "<link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"%r\"></head>\n"
        "<body class=\"wide\"><a class=\"skip\" href=\"#contenido\">%t</a><header>",
        election->drill ? "SIMULACRO · " : "", election->contests[chunk->contest].name, asset_style.path,
        T_SKIP);
    if (election->drill) {
        put(page, "<p class=\"drill\"><strong>%t</strong> <span>", T_DRILL);
        put_phrase(page, T_DRILL_SAYS);
        put(page, "</span></p>");
    }
    put(page,
        "<div class=\"mast\"><p class=\"org\">%h</p><p class=\"site\"><a href=\"%r%h/\">%t</a></p></div><p "
        "class=\"pre\">",
        election->authority, "", election->contests[chunk->contest].id, T_SITE);
    put_phrase(page, T_PRELIMINARY);
    put(page, "</p></header>\n<main id=\"contenido\" tabindex=\"-1\"><h1 id=\"que\">");
    put_what(page, chunk);
    put(page, "</h1>\n<p class=\"note\">");
    put_both(page, "Horas locales", "Local times");
    put(page,
        " %h</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"que\"><table "
        "class=\"actas\"><caption>",
        election->zone_label);
    put_what(page, chunk);
    put(page, "</caption>\n");
}

void render_chunk(const struct fold *fold, const struct chunk_plan *plan, uint32_t number, struct buf *out)
{
    struct chunk chunk = chunk_at(fold, plan, number);
    const struct contest *contest = &fold->election->contests[chunk.contest];
    uint64_t columns = contest_columns_in(contest, chunk.area);
    struct page page = {.out = out, .fold = fold, .plan = plan, .lang = LANG_ES, .to_root = "../"};
    put_chunk_head(&page, &chunk);
    put_columns(&page, contest, columns);
    if (chunk.outside) {
        put_outsides(&page, contest, columns, &chunk);
    } else {
        for (uint32_t i = chunk.first; i < chunk.first + chunk.n; i++) {
            put_acta(&page, contest, columns, plan->order[i]);
        }
    }
    put(&page,
        "</tbody></table></div></main>\n<footer><p>Atalaya " ATALAYA_VERSION "</p></footer></body></html>\n");
}
