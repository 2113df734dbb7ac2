/* The pages of results: all contests at a glance, one contest, one area. */
#include "render/page.h"

#include <stdio.h>

/* The candidacy with most votes in an area; *tie when another has as many. NULL while no vote was counted. */
static const struct candidacy *leading(const struct contest *contest, const struct count *count,
                                       uint16_t area, uint64_t *votes, bool *tie)
{
    const struct candidacy *first = NULL;
    *votes = 0;
    *tie = false;
    for (uint32_t i = 0; i < contest->n_candidacies; i++) {
        const struct candidacy *candidacy = &contest->candidacies[i];
        if (!candidacy_in(candidacy, area)) {
            continue;
        }
        uint64_t its = count_candidacy(count, candidacy);
        if (its > *votes) {
            first = candidacy;
            *votes = its;
            *tie = false;
        } else if (its == *votes && its > 0) {
            *tie = true;
        }
    }
    return first;
}

static void put_leading(struct page *page, const struct contest *contest, const struct count *count,
                        uint16_t area)
{
    uint64_t votes;
    bool tie;
    const struct candidacy *candidacy = leading(contest, count, area, &votes, &tie);
    if (candidacy == NULL) {
        put(page, "<td>—</td><td>—</td>");
    } else if (tie) {
        put(page, "<td><span class=\"ph\">%t</span> %t</td><td>%p %%</td>", T_LEADS_SHORT, T_TIE, votes,
            count->votes);
    } else {
        put(page, "<td><span class=\"ph\">%t</span> %h <small>%h</small></td><td>%p %%</td>", T_LEADS_SHORT,
            candidacy->name, candidacy->parties, votes, count->votes);
    }
}

static void put_area_row(struct page *page, uint32_t contest, uint16_t area)
{
    const struct election *election = page->fold->election;
    const struct count *count = fold_count(page->fold, contest, area);
    char path[24];
    area_path(&election->areas[area], path);
    put(page, "<tr><th scope=\"row\"><a href=\"%l%h/%s.html\">", "", election->contests[contest].id, path);
    area_label(page, &election->areas[area]);
    put(page, "</a></th><td>%n %t %n</td>", count->captured, T_OF, count->expected);
    if (count->captured == 0) {
        put(page, "<td class=\"none\" colspan=\"4\">%t</td></tr>\n", T_NO_ACTAS_YET);
        return;
    }
    put(page, "<td>%p %%</td>", count->captured, count->expected);
    if (count->counted == 0) {
        put(page, "<td class=\"none\" colspan=\"3\">%t</td></tr>\n", T_NONE_COUNTED);
        return;
    }
    put_leading(page, &election->contests[contest], count, area);
    put(page, "<td>%n <span class=\"ph\">%t</span></td></tr>\n", count->votes, T_VOTES_LOWER);
}

/* What belongs to no area of this kind (votes from abroad and other modes), so that the table adds up to the
 * total. */
static void put_rest_row(struct page *page, const struct count *all, const struct count *sum)
{
    if (all->expected == sum->expected) {
        return;
    }
    put(page, "<tr class=\"minor\"><th scope=\"row\">%t <small>%t</small></th><td>%n %t %n</td>", T_MODES,
        T_MODES_SAYS, all->captured - sum->captured, T_OF, all->expected - sum->expected);
    if (all->captured == sum->captured) {
        put(page, "<td class=\"none\" colspan=\"4\">%t</td></tr>\n", T_NO_ACTAS_YET);
        return;
    }
    put(page, "<td>%p %%</td><td>—</td><td>—</td><td>%n <span class=\"ph\">%t</span></td></tr>\n",
        all->captured - sum->captured, all->expected - sum->expected, all->votes - sum->votes, T_VOTES_LOWER);
}

void put_area_table(struct page *page, uint32_t contest, enum area_kind kind)
{
    const struct election *election = page->fold->election;
    const struct count *all = fold_count(page->fold, contest, 0);
    const char *id = kind == AREA_DISTRICT ? "distritos" : "demarcaciones";
    enum phrase title = kind == AREA_DISTRICT ? T_BY_DISTRICT : T_BY_BOROUGH;
    put(page,
        "<section aria-labelledby=\"%s\"><h2 id=\"%s\">%t</h2><div class=\"scroll\" tabindex=\"0\" "
        "role=\"group\" "
        "aria-labelledby=\"%s\"><table class=\"areas\"><caption>%t</caption><thead><tr><th "
        "scope=\"col\">%t</th>"
        "<th scope=\"col\">%t</th><th scope=\"col\">%t</th><th scope=\"col\">%t</th><th scope=\"col\">%t</th>"
        "<th scope=\"col\">%t</th></tr></thead><tbody>\n",
        id, id, title, id, title, kind == AREA_DISTRICT ? T_DISTRICT : T_BOROUGH, T_CAPTURED, T_PERCENT,
        T_LEADS, T_PERCENT, T_VOTES);
    struct count sum = {0};
    for (uint32_t i = 0; i < election->n_areas; i++) {
        if (election->areas[i].kind == kind) {
            put_area_row(page, contest, (uint16_t)i);
            count_merge(&sum, fold_count(page->fold, contest, i));
        }
    }
    put_rest_row(page, all, &sum);
    put(page,
        "</tbody><tfoot><tr><th scope=\"row\">%t</th><td>%n %t %n</td><td>%p "
        "%%</td><td></td><td></td><td>%n <span class=\"ph\">%t</span></td>"
        "</tr></tfoot></table></div></section>\n",
        T_TOTAL, all->captured, T_OF, all->expected, all->captured, all->expected, all->votes, T_VOTES_LOWER);
}

static void put_links(struct page *page, uint32_t contest, const char *json, const char *anchor)
{
    const struct election *election = page->fold->election;
    put(page, "<ul class=\"links\"><li><a href=\"%l%h/actas.html%s\">%t</a></li>", "",
        election->contests[contest].id, anchor, T_ACTAS_SEE);
    put(page, "<li><a href=\"%c%h/%s.json\">%t</a></li>", "", election->contests[contest].id, json,
        T_DATA_JSON);
    put(page, "<li><a href=\"%l\">%t</a></li></ul>\n", "downloads.html", T_VERIFY);
}

static void put_progress_section(struct page *page, const struct count *count)
{
    put(page, "<section aria-labelledby=\"avance\"><h2 id=\"avance\">%t</h2>\n", T_PROGRESS);
    put_progress(page, count, true);
    put(page, "</section>\n");
}

void page_contest(struct page *page, uint32_t contest)
{
    const struct contest *c = &page->fold->election->contests[contest];
    const struct count *count = fold_count(page->fold, contest, 0);
    page_open(page, contest_name(page, contest), (int)contest);
    put_notices(page);
    put_progress_section(page, count);
    if (c->area_kind == AREA_ENTITY) {
        put_candidacies(page, contest, 0);
    }
    put_parties(page, contest, 0);
    put_boxes(page, contest, 0);
    put_participation(page, count);
    if (c->area_kind != AREA_BOROUGH) {
        put_area_table(page, contest, AREA_DISTRICT);
    }
    if (c->area_kind != AREA_DISTRICT) {
        put_area_table(page, contest, AREA_BOROUGH);
    }
    put_links(page, contest, "index", "");
    page_close(page);
}

/* The heading of an area's page: "Distrito 7 · Jefatura de Gobierno". */
static void area_heading(struct page *page, uint32_t contest, uint16_t area, struct buf *heading)
{
    const struct area *a = &page->fold->election->areas[area];
    if (a->kind == AREA_DISTRICT) {
        buf_printf(heading, "%s %u", say(page, T_DISTRICT), (unsigned)a->id);
    } else {
        buf_span(heading, a->name);
    }
    buf_str(heading, " · ");
    buf_span(heading, contest_name(page, contest));
}

void page_area(struct page *page, uint32_t contest, uint16_t area)
{
    const struct count *count = fold_count(page->fold, contest, area);
    struct buf heading;
    char json[24], anchor[32];
    buf_init(&heading, 0);
    area_heading(page, contest, area, &heading);
    area_path(&page->fold->election->areas[area], json);
    page_open(page, buf_as_span(&heading), (int)contest);
    if (count->captured == 0) {
        put(page, "<p class=\"phase zero\"><strong>%t</strong></p>\n", T_ZERO);
    }
    put_progress_section(page, count);
    put_candidacies(page, contest, area);
    put_parties(page, contest, area);
    put_boxes(page, contest, area);
    put_participation(page, count);
    /* The table of actas is grouped by one kind of area: a borough of the entity-wide contest has no place in it. */
    enum area_kind kind = page->fold->election->areas[area].kind;
    bool grouped = kind == chunk_group_kind(&page->fold->election->contests[contest]);
    snprintf(anchor, sizeof anchor, "%s%s", grouped ? "#" : "", grouped ? json : "");
    put_links(page, contest, json, anchor);
    page_close(page);
    buf_done(&heading);
}

/* The contest's card on the home page: how far, and the votes of candidacies or parties in short. */
static void put_card(struct page *page, uint32_t contest)
{
    const struct contest *c = &page->fold->election->contests[contest];
    const struct count *count = fold_count(page->fold, contest, 0);
    put(page,
        "<section class=\"card\" aria-labelledby=\"eleccion-%h\"><h2 id=\"eleccion-%h\"><a "
        "href=\"%l%h/index.html\">%h</a></h2>\n",
        c->id, c->id, "", c->id, contest_name(page, contest));
    put_progress(page, count, false);
    put_brief(page, contest, c->area_kind == AREA_ENTITY);
    put(page,
        "<p class=\"more\"><a href=\"%l%h/index.html\">%t<span class=\"far\">: %h</span></a></p></section>\n",
        "", c->id, T_SEE_CONTEST, contest_name(page, contest));
}

void page_home(struct page *page)
{
    page_open(page, span_str(say(page, T_ALL_CONTESTS)), -1);
    put_notices(page);
    put(page, "<div class=\"cards\">\n");
    for (uint32_t i = 0; i < page->fold->election->n_contests; i++) {
        put_card(page, i);
    }
    put(page, "</div>\n<section aria-labelledby=\"flujo\"><h2 id=\"flujo\"><a href=\"%l\">%t</a></h2>\n",
        "flow.html", T_FLOW);
    put_flow(page, -1, false);
    put(page, "</section>\n");
    page_close(page);
}
