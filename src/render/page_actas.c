/* The way into the table of actas: chunks by area and section, and what is set aside or out of the catalogue.
 */
#include "render/page.h"

#include <assert.h>

enum { REVIEW_ROWS_MAX = 500 };

static void put_chunk_link(struct page *page, uint32_t number)
{
    assert(number < page->n_chunk_names);
    put(page, "<a href=\"%rchunk/%s.html", "", page->chunk_names[number]);
}

void chunk_sections(const struct page *page, const struct chunk *chunk, uint32_t *least, uint32_t *most)
{
    const struct election *election = page->fold->election;
    *least = UINT32_MAX;
    *most = 0;
    for (uint32_t i = chunk->first; i < chunk->first + chunk->n; i++) {
        uint32_t section = election->stations[election->actas[page->plan->order[i]].station].section;
        *least = section < *least ? section : *least;
        *most = section > *most ? section : *most;
    }
}

static void put_chunk_item(struct page *page, uint32_t number, const struct chunk *chunk)
{
    uint32_t least, most;
    chunk_sections(page, chunk, &least, &most);
    put(page, "<li>");
    put_chunk_link(page, number);
    if (most > 0) {
        put(page, "\">%u–%u</a>", least, most);
    } else {
        put(page, "\">%t %n–%n</a>", T_SHEETS, (uint64_t)chunk->first + 1, (uint64_t)chunk->first + chunk->n);
    }
    put(page, "</li>");
}

static void put_area_start(struct page *page, const struct chunk *chunk)
{
    const struct election *election = page->fold->election;
    if (chunk->area == AREA_NONE) {
        put(page, "<h3>%t <small>%t</small></h3>", T_MODES, T_MODES_SAYS);
        return;
    }
    char path[24];
    area_path(&election->areas[chunk->area], path);
    put(page, "<h3 id=\"%s\">", path);
    area_label(page, &election->areas[chunk->area]);
    put(page, "</h3>");
}

static void put_catalogue(struct page *page, uint32_t contest)
{
    int area = -1;
    for (uint32_t i = 0; i < page->plan->n_chunks; i++) {
        const struct chunk *chunk = &page->plan->chunks[i];
        if (chunk->contest != contest) {
            continue;
        }
        if (area != chunk->area) {
            put(page, "%s", area < 0 ? "" : "</ul>\n");
            put_area_start(page, chunk);
            put(page, "<p class=\"note\">%t</p><ul class=\"chunks\">", T_SECTION_RANGE);
            area = chunk->area;
        }
        put_chunk_item(page, i, chunk);
    }
    put(page, "%s", area < 0 ? "" : "</ul>\n");
}

/* The chunk that holds outside number `index` (of all contests). */
static uint32_t outside_chunk(const struct page *page, uint32_t index)
{
    const struct fold *fold = page->fold;
    uint32_t number = page->plan->n_chunks, before = 0, contest = fold->outsides[index].contest;
    for (uint32_t c = 0; c <= contest; c++) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < (c == contest ? index : fold->n_outsides); i++) {
            n += fold->outsides[i].contest == c;
        }
        if (c < contest) {
            number += (n + CHUNK_ROWS - 1) / CHUNK_ROWS;
        } else {
            before = n;
        }
    }
    return number + before / CHUNK_ROWS;
}

static void put_review_row(struct page *page, uint32_t chunk, const char *key)
{
    put(page, "<li>");
    put_chunk_link(page, chunk);
    put(page, "#%s\">%s</a></li>", key, key);
}

static void put_review_list(struct page *page, uint32_t contest)
{
    const struct fold *fold = page->fold;
    uint32_t n = 0;
    put(page, "<ul class=\"chunks\">");
    for (uint32_t i = 0; i < fold->election->n_actas; i++) {
        if (fold->records[i]->in_review && fold->election->actas[i].contest == contest &&
            n++ < REVIEW_ROWS_MAX) {
            put_review_row(page, page->plan->chunk_of[i], fold->election->actas[i].key);
        }
    }
    for (uint32_t i = 0; i < fold->n_outsides; i++) {
        const struct outside *outside = &fold->outsides[i];
        if (outside->record.in_review && outside->contest == contest && n++ < REVIEW_ROWS_MAX) {
            put_review_row(page, outside_chunk(page, i), outside->key);
        }
    }
    put(page, "</ul>");
    if (n > REVIEW_ROWS_MAX) {
        put(page, "<p>%t %n</p>", T_MORE, (uint64_t)n - REVIEW_ROWS_MAX);
    }
}

static void put_review(struct page *page, uint32_t contest)
{
    uint64_t n = fold_count(page->fold, contest, 0)->in_review;
    put(page, "<section aria-labelledby=\"revision\"><h2 id=\"revision\">%t: %n</h2>\n", T_IN_REVIEW, n);
    if (n == 0) {
        put(page, "<p>%t</p></section>\n", T_REVIEW_NONE);
        return;
    }
    put(page, "<p class=\"note\">%t</p>", T_REVIEW_SAYS);
    put_review_list(page, contest);
    put(page, "</section>\n");
}

static void put_outside_chunks(struct page *page, uint32_t contest)
{
    uint64_t n = fold_count(page->fold, contest, 0)->out_of_catalogue;
    put(page, "<section aria-labelledby=\"fuera\"><h2 id=\"fuera\">%t: %n</h2>\n", T_OUTSIDE, n);
    put(page, "<p class=\"note\">%t</p><ul class=\"chunks\">", n == 0 ? T_OUTSIDE_NONE : T_OUTSIDE_SAYS);
    for (uint32_t i = page->plan->n_chunks; i < page->n_chunk_names; i++) {
        struct chunk chunk = chunk_at(page->fold, page->plan, i);
        if (chunk.contest == contest) {
            put(page, "<li>");
            put_chunk_link(page, i);
            put(page, "\">%n–%n</a></li>", (uint64_t)chunk.first + 1, (uint64_t)chunk.first + chunk.n);
        }
    }
    put(page, "</ul></section>\n");
}

void page_actas(struct page *page, uint32_t contest)
{
    struct buf heading;
    buf_init(&heading, 0);
    buf_str(&heading, say(page, T_ACTAS));
    buf_str(&heading, " · ");
    buf_span(&heading, contest_name(page, contest));
    page_open(page, buf_as_span(&heading), (int)contest);
    buf_done(&heading);
    put_review(page, contest);
    put_outside_chunks(page, contest);
    put(page, "<section aria-labelledby=\"catalogo\"><h2 id=\"catalogo\">%t</h2><p class=\"note\">%t</p>\n",
        T_EXPECTED, T_ACTAS_SAYS);
    put_catalogue(page, contest);
    put(page, "</section>\n");
    page_close(page);
}
