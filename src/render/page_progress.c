/* How far the count is: progress of the sheets, participation, notices. */
#include "render/page.h"

void put_notices(struct page *page)
{
    const struct fold *fold = page->fold;
    if (fold->n_notices == 0) {
        return;
    }
    put(page, "<section class=\"notices\" aria-labelledby=\"avisos\"><h2 id=\"avisos\">%t</h2><ul>\n",
        T_NOTICES);
    for (uint32_t i = fold->n_notices; i-- > 0;) {
        put(page, "<li>%m: %h</li>\n", fold->notices[i].time_ms, fold->notices[i].text);
    }
    put(page, "</ul></section>\n");
}

static void put_meter(struct page *page, enum phrase name, uint64_t part, uint64_t whole)
{
    put(page,
        "<li><span class=\"k\">%t</span> <b>%p %%</b><progress max=\"%i\" value=\"%i\" aria-label=\"%t\">"
        "</progress><span class=\"v\">%n %t %n</span></li>\n",
        name, part, whole, whole > 0 ? whole : (uint64_t)1, part, name, part, T_OF, whole);
}

static void put_fact(struct page *page, enum phrase name, uint64_t number)
{
    put(page, "<div><dt>%t</dt><dd>%n</dd></div>", name, number);
}

static void put_more_figures(struct page *page, const struct count *count)
{
    put(page, "<dl class=\"facts\">");
    put_fact(page, T_NOT_COUNTED, count->not_counted);
    put(page, "<div><dt>%t</dt><dd>%n <small>%p %%</small></dd></div>", T_INCONSISTENT, count->inconsistent,
        count->inconsistent, count->expected);
    put_fact(page, T_NO_ACTA, count->no_acta);
    put_fact(page, T_OUTSIDE, count->out_of_catalogue);
    put_fact(page, T_IN_REVIEW, count->in_review);
    put_fact(page, T_URBAN, count->urban_counted);
    put_fact(page, T_RURAL, count->rural_counted);
    put(page, "</dl>\n");
}

void put_progress(struct page *page, const struct count *count, bool details)
{
    put(page, "<ul class=\"meters\"><li class=\"whole\"><span class=\"k\">%t</span> <b>%n</b></li>\n",
        T_EXPECTED, count->expected);
    put_meter(page, T_CAPTURED, count->captured, count->expected);
    put_meter(page, T_COUNTED, count->counted, count->expected);
    put(page, "</ul>\n");
    if (details) {
        put_more_figures(page, count);
    }
}

void put_participation(struct page *page, const struct count *count)
{
    bool last = page->facts->last;
    uint64_t votes = last ? count->votes : count->votes - count->votes_special;
    put(page,
        "<section aria-labelledby=\"participacion\"><h2 id=\"participacion\">%t</h2><p class=\"figure\"><b>",
        T_PARTICIPATION);
    if (count->nominal_counted > 0) {
        put(page, "%p %%", votes, count->nominal_counted);
    } else {
        put(page, "—");
    }
    put(page, "</b> <span>%t</span></p><p class=\"note\">%t: %n</p></section>\n",
        last ? T_PARTICIPATION_LAST : T_PARTICIPATION_SAYS, T_NOMINAL, count->nominal_counted);
}
