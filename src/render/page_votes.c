/* The votes of one contest or area: by candidacy, by party, by box of the sheet. */
#include "render/page.h"

#include "wire/text.h"

/* A candidacy's line: which one and how many. */
struct line {
    const struct candidacy *candidacy;
    uint64_t votes;
};

enum { LINES_MAX = COLUMNS_MAX };

bool candidacy_in(const struct candidacy *candidacy, uint16_t area)
{
    return candidacy->area == AREA_NONE || candidacy->area == area;
}

void put_swatch(struct page *page, uint32_t color)
{
    buf_printf(page->out, "<svg class=\"sw\" aria-hidden=\"true\"><rect fill=\"#%06x\"/></svg>",
               (unsigned)color);
}

void put_bar(struct page *page, const struct bar_part *parts, uint32_t n_parts, uint64_t whole)
{
    uint64_t before = 0;
    buf_str(page->out, "<svg class=\"bar\" aria-hidden=\"true\">");
    for (uint32_t i = 0; i < n_parts; i++) {
        if (parts[i].votes == 0) {
            continue;
        }
        buf_str(page->out, "<rect");
        if (before > 0) {
            put(page, " x=\"%p%%\"", before, whole);
        }
        put(page, " width=\"%p%%\"", parts[i].votes, whole);
        buf_printf(page->out, " fill=\"#%06x\"/>", (unsigned)parts[i].color);
        before += parts[i].votes;
    }
    buf_str(page->out, "</svg>");
}

/* Votes and percentage of a row, or dashes where no sheet speaks yet. */
static void put_figures(struct page *page, uint64_t votes, uint64_t whole, bool speaks)
{
    if (speaks) {
        put(page, "<td>%n</td><td>%p %%</td></tr>\n", votes, votes, whole);
    } else {
        put(page, "<td>—</td><td>—</td></tr>\n");
    }
}

static void put_table_head(struct page *page, const char *class, enum phrase caption, enum phrase first)
{
    put(page,
        "<table class=\"%s\"><caption>%t</caption><thead><tr><th scope=\"col\">%t</th><th "
        "scope=\"col\">%t</th>"
        "<th scope=\"col\">%t</th></tr></thead><tbody>\n",
        class, caption, first, T_VOTES, T_PERCENT);
}

/* The parts of a candidacy's bar: its parties with the joint votes shared out, so that they add up to its
 * votes. */
static uint32_t bar_parts(const struct contest *contest, uint64_t columns, const uint64_t *parties,
                          struct bar_part *parts)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < contest->n_columns; i++) {
        if ((columns >> i & 1) != 0 && parties[i] > 0) {
            parts[n++] = (struct bar_part){parties[i], contest->columns[i].color};
        }
    }
    return n;
}

/* Most votes first, ties in the order of the acta. */
static uint32_t collect_lines(const struct contest *contest, const struct count *count, uint16_t area,
                              struct line lines[LINES_MAX])
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < contest->n_candidacies && n < LINES_MAX; i++) {
        const struct candidacy *candidacy = &contest->candidacies[i];
        if (!candidacy_in(candidacy, area)) {
            continue;
        }
        struct line line = {candidacy, count_candidacy(count, candidacy)};
        uint32_t at = n++;
        for (; at > 0 && lines[at - 1].votes < line.votes; at--) {
            lines[at] = lines[at - 1];
        }
        lines[at] = line;
    }
    return n;
}

/* Write-ins, nulls and the total close both tables of votes. */
static void put_closing_rows(struct page *page, const struct contest *contest, const struct count *count,
                             bool speaks)
{
    for (uint32_t i = 0; i < contest->n_columns; i++) {
        enum column_kind kind = contest->columns[i].kind;
        if (kind == COLUMN_WRITE_IN || kind == COLUMN_NULL) {
            put(page, "<tr class=\"minor\"><th scope=\"row\">%t</th>",
                kind == COLUMN_NULL ? T_NULL : T_WRITE_IN);
            put_figures(page, count->columns[i], count->votes, speaks);
        }
    }
    put(page, "</tbody><tfoot><tr><th scope=\"row\">%t</th>", T_TOTAL);
    if (!speaks) {
        put_figures(page, 0, 0, false);
    } else if (count->votes == 0) {
        put(page, "<td>0</td><td>0.0000 %%</td></tr>\n");
    } else {
        put(page, "<td>%n</td><td>100.0000 %%</td></tr>\n", count->votes);
    }
    put(page, "</tfoot></table>\n");
}

static void put_candidacy_table(struct page *page, uint32_t contest, uint16_t area, const char *class)
{
    const struct contest *c = &page->fold->election->contests[contest];
    const struct count *count = fold_count(page->fold, contest, area);
    struct line lines[LINES_MAX];
    uint32_t n = collect_lines(c, count, area, lines);
    uint64_t parties[COLUMNS_MAX];
    fold_by_party(page->fold, contest, area, parties);
    bool speaks = count_speaks(count, area);
    put_table_head(page, class, T_BY_CANDIDACY, T_CANDIDACY);
    for (uint32_t i = 0; i < n; i++) {
        struct bar_part parts[COLUMNS_MAX] = {{0}};
        put(page, "<tr><th scope=\"row\">%h <small>%h</small>", lines[i].candidacy->name,
            lines[i].candidacy->parties);
        uint32_t n_parts = bar_parts(c, lines[i].candidacy->columns, parties, parts);
        put_bar(page, parts, n_parts, count->votes);
        put(page, "</th>");
        put_figures(page, lines[i].votes, count->votes, speaks);
    }
    put_closing_rows(page, c, count, speaks);
}

void put_candidacies(struct page *page, uint32_t contest, uint16_t area)
{
    put(page,
        "<section aria-labelledby=\"candidaturas\"><h2 id=\"candidaturas\">%t</h2><p class=\"note\">%t</p>\n",
        T_BY_CANDIDACY, T_BY_CANDIDACY_SAYS);
    put_candidacy_table(page, contest, area, "votes big");
    put(page, "</section>\n");
}

static void put_party_table(struct page *page, uint32_t contest, uint16_t area)
{
    const struct contest *c = &page->fold->election->contests[contest];
    const struct count *count = fold_count(page->fold, contest, area);
    uint64_t there = contest_parties_in(c, area == 0 ? AREA_NONE : area);
    uint64_t parties[COLUMNS_MAX];
    fold_by_party(page->fold, contest, area, parties);
    bool speaks = count_speaks(count, area);
    put_table_head(page, "votes", T_BY_PARTY, T_PARTY);
    for (uint32_t i = 0; i < c->n_columns; i++) {
        const struct column *column = &c->columns[i];
        bool stands = column->kind == COLUMN_PARTY || column->kind == COLUMN_INDEPENDENT;
        if (((there >> i & 1) == 0 && parties[i] == 0) || !stands) {
            continue;
        }
        put(page, "<tr><th scope=\"row\">");
        put_swatch(page, column->color);
        put(page, "<b>%h</b> <small>%h</small>", column->code, column->name);
        struct bar_part part = {parties[i], column->color};
        put_bar(page, &part, 1, count->votes);
        put(page, "</th>");
        put_figures(page, parties[i], count->votes, speaks);
    }
    put_closing_rows(page, c, count, speaks);
}

void put_parties(struct page *page, uint32_t contest, uint16_t area)
{
    put(page, "<section aria-labelledby=\"partidos\"><h2 id=\"partidos\">%t</h2><p class=\"note\">%t</p>\n",
        T_BY_PARTY, T_BY_PARTY_SAYS);
    put_party_table(page, contest, area);
    put(page, "</section>\n");
}

void put_brief(struct page *page, uint32_t contest, bool candidacies)
{
    if (candidacies) {
        put_candidacy_table(page, contest, 0, "votes");
    } else {
        put_party_table(page, contest, 0);
    }
}

/* "PAN + PRI": the parties that share a joint box. */
static void put_members(struct page *page, const struct contest *contest, const struct column *column)
{
    bool any = false;
    for (uint32_t i = 0; i < contest->n_columns; i++) {
        if ((column->members >> i & 1) != 0) {
            put(page, "%s%h", any ? " + " : "", contest->columns[i].code);
            any = true;
        }
    }
}

void put_boxes(struct page *page, uint32_t contest, uint16_t area)
{
    const struct contest *c = &page->fold->election->contests[contest];
    const struct count *count = fold_count(page->fold, contest, area);
    uint64_t there = contest_columns_in(c, area == 0 ? AREA_NONE : area);
    bool speaks = count_speaks(count, area);
    put(page, "<details><summary>%t</summary><p class=\"note\">%t</p>\n", T_BOXES, T_BOXES_SAYS);
    put_table_head(page, "votes plain", T_BOX, T_BOX);
    for (uint32_t i = 0; i < c->n_columns; i++) {
        const struct column *column = &c->columns[i];
        bool shown = (there >> i & 1) != 0 || count->columns[i] > 0;
        if (!shown || column->kind == COLUMN_WRITE_IN || column->kind == COLUMN_NULL) {
            continue;
        }
        put(page, "<tr><th scope=\"row\">");
        if (column->kind == COLUMN_COALITION) {
            put_members(page, c, column);
        } else if (column->kind == COLUMN_COMMON) {
            put(page, "%h (", column->name);
            put_members(page, c, column);
            put(page, ")");
        } else {
            put(page, "%h", column->code);
        }
        put(page, "</th>");
        put_figures(page, count->columns[i], count->votes, speaks);
    }
    put_closing_rows(page, c, count, speaks);
    put(page, "</details>\n");
}
