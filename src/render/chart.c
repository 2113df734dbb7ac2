/* The flow of the ingest: actas per interval and stage, drawn as bars of one scale, with the same figures as
 * a table. */
#include "render/page.h"

#include <string.h>

enum { CHART_HEIGHT = 100, MINUTE_MS = 60000 };

const enum phrase flow_stage_phrase[FLOW_STAGES] = {
    [FLOW_RECEIVED] = T_STAGE_RECEIVED,
    [FLOW_CAPTURED] = T_STAGE_CAPTURED,
    [FLOW_VERIFIED] = T_STAGE_VERIFIED,
};

static uint64_t minute_sum(const struct fold *fold, int contest, uint32_t stage, uint32_t minute)
{
    if (contest >= 0) {
        return fold->flow[contest][stage][minute];
    }
    uint64_t sum = 0;
    for (uint32_t c = 0; c < fold->election->n_contests; c++) {
        sum += fold->flow[c][stage][minute];
    }
    return sum;
}

/* How many minutes to draw: up to the cut, and further only where a sheet bears a later time. */
static uint32_t minutes_to_draw(const struct fold *fold, int contest, int64_t time_ms)
{
    int64_t since = (time_ms - fold->election->opening_ms + MINUTE_MS - 1) / MINUTE_MS;
    uint32_t n = since < 1 ? 1 : since > FLOW_MINUTES ? FLOW_MINUTES : (uint32_t)since;
    for (uint32_t minute = FLOW_MINUTES; minute-- > n;) {
        for (uint32_t stage = 0; stage < FLOW_STAGES; stage++) {
            if (minute_sum(fold, contest, stage, minute) > 0) {
                return minute + 1;
            }
        }
    }
    return n;
}

void flow_view(const struct fold *fold, int contest, int64_t time_ms, struct flow_view *view)
{
    static const uint32_t widths[] = {1, 2, 5, 10, 15, 20, 30, 60};
    uint32_t minutes = minutes_to_draw(fold, contest, time_ms), w = 0;
    while (w + 1 < sizeof widths / sizeof widths[0] && minutes > widths[w] * FLOW_BARS) {
        w++;
    }
    memset(view, 0, sizeof *view);
    view->width = widths[w];
    view->n = (minutes + widths[w] - 1) / widths[w];
    for (uint32_t stage = 0; stage < FLOW_STAGES; stage++) {
        for (uint32_t minute = 0; minute < minutes; minute++) {
            uint64_t here = minute_sum(fold, contest, stage, minute);
            view->bars[stage][minute / view->width] += here;
            view->sum[stage] += here;
        }
        for (uint32_t i = 0; i < view->n; i++) {
            view->max[stage] =
                view->bars[stage][i] > view->max[stage] ? view->bars[stage][i] : view->max[stage];
        }
    }
}

static int64_t bar_start(const struct page *page, const struct flow_view *view, uint32_t bar)
{
    return page->fold->election->opening_ms + (int64_t)bar * view->width * MINUTE_MS;
}

/* One path: a step up and down for each bar that is not empty. Heights are in whole units, at least one. */
static void put_bars(struct page *page, const struct flow_view *view, uint32_t stage, uint64_t scale)
{
    buf_str(page->out, "<path d=\"");
    for (uint32_t i = 0; i < view->n; i++) {
        uint64_t here = view->bars[stage][i];
        if (here == 0) {
            continue;
        }
        uint64_t height = here * CHART_HEIGHT / scale;
        height = height == 0 ? 1 : height;
        buf_printf(page->out, "M%u %dv-%uh8v%uz", (unsigned)(i * 10 + 1), CHART_HEIGHT, (unsigned)height,
                   (unsigned)height);
    }
    buf_str(page->out, "\"/>");
}

static uint32_t peak_of(const struct flow_view *view, uint32_t stage)
{
    for (uint32_t i = 0; i < view->n; i++) {
        if (view->bars[stage][i] == view->max[stage]) {
            return i;
        }
    }
    return 0;
}

/* `id` tells this drawing's title from the others' of the page. */
static void put_stage(struct page *page, const struct flow_view *view, uint32_t id, uint32_t stage,
                      uint64_t scale)
{
    enum phrase name = flow_stage_phrase[stage];
    put(page, "<figure class=\"flow\"><figcaption><b>%t</b> %n %t · %t %n (", name, view->sum[stage],
        T_SHEETS, T_AT_MOST, view->max[stage]);
    hour_print(page->out, page->fold->election, bar_start(page, view, peak_of(view, stage)));
    put(page,
        ")</figcaption><svg role=\"img\" aria-labelledby=\"ft%u fd%u\" viewBox=\"0 0 %u %u\" "
        "preserveAspectRatio=\"none\">",
        id, id, view->n * 10, (uint32_t)CHART_HEIGHT);
    put(page, "<title id=\"ft%u\">%t</title><desc id=\"fd%u\">%t %t %n.</desc>", id, name, id, T_FLOW_SAYS,
        T_AT_MOST, view->max[stage]);
    put_bars(page, view, stage, scale);
    put(page, "</svg></figure>\n");
}

static void put_axis(struct page *page, const struct flow_view *view)
{
    put(page, "<p class=\"axis\" aria-hidden=\"true\">");
    for (uint32_t i = 0; i <= 4; i++) {
        put(page, "<span>");
        hour_print(page->out, page->fold->election, bar_start(page, view, view->n * i / 4));
        put(page, "</span>");
    }
    put(page, "</p>\n");
}

static void put_flow_table(struct page *page, const struct flow_view *view)
{
    put(page,
        "<details open><summary>%t</summary><table class=\"flows\"><caption>%t</caption><thead><tr><th "
        "scope=\"col\">%t</th>",
        T_FLOW_TABLE, T_FLOW_SAYS, T_FROM);
    for (uint32_t stage = 0; stage < FLOW_STAGES; stage++) {
        if (view->sum[stage] > 0) {
            put(page, "<th scope=\"col\">%t</th>", flow_stage_phrase[stage]);
        }
    }
    put(page, "</tr></thead><tbody>\n");
    for (uint32_t i = 0; i < view->n; i++) {
        put(page, "<tr><th scope=\"row\">");
        hour_print(page->out, page->fold->election, bar_start(page, view, i));
        put(page, "</th>");
        for (uint32_t stage = 0; stage < FLOW_STAGES; stage++) {
            if (view->sum[stage] > 0) {
                put(page, "<td>%n</td>", view->bars[stage][i]);
            }
        }
        put(page, "</tr>\n");
    }
    put(page, "</tbody></table></details>\n");
}

void put_flow(struct page *page, int contest, bool table)
{
    struct flow_view view;
    flow_view(page->fold, contest, page->facts->time_ms, &view);
    uint64_t scale = 0;
    for (uint32_t stage = 0; stage < FLOW_STAGES; stage++) {
        scale = view.max[stage] > scale ? view.max[stage] : scale;
    }
    if (scale == 0) {
        put(page, "<p>%t</p>\n", T_FLOW_NONE);
        return;
    }
    put(page, "<p class=\"note\">%t %t %u %t. %t</p>\n<div class=\"flowbox\">", T_FLOW_SAYS, T_FLOW_EVERY,
        view.width, view.width == 1 ? T_MINUTE : T_MINUTES, T_FLOW_FIRST);
    for (uint32_t stage = 0; stage < FLOW_STAGES; stage++) {
        if (view.sum[stage] > 0) {
            put_stage(page, &view, (uint32_t)(contest + 1) * FLOW_STAGES + stage, stage, scale);
        }
    }
    put_axis(page, &view);
    put(page, "</div>\n");
    if (table) {
        put_flow_table(page, &view);
    }
}

void page_flow(struct page *page)
{
    page_open(page, span_str(say(page, T_FLOW)), -1);
    put(page, "<section aria-labelledby=\"todas\"><h2 id=\"todas\">%t</h2>\n", T_ALL_CONTESTS);
    put_flow(page, -1, true);
    put(page, "</section>\n");
    for (uint32_t i = 0; i < page->fold->election->n_contests; i++) {
        put(page, "<section aria-labelledby=\"flujo-%u\"><h2 id=\"flujo-%u\">%h</h2>\n", i, i,
            contest_name(page, i));
        put_flow(page, (int)i, false);
        put(page, "</section>\n");
    }
    put(page, "<p class=\"links\"><a href=\"%c\">%t</a></p>\n", "flow.json", T_DATA_JSON);
    page_close(page);
}
