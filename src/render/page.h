/* What the page writers share: the frame around every page and a small formatted writer. Private to render.
 */
#ifndef RENDER_PAGE_H
#define RENDER_PAGE_H

#include "render/pages.h"
#include "render/phrases.h"

/* One page on its way out. Prefixes end in '/' or are empty, so links are prefix + path. */
struct page {
    struct buf *out;
    const struct fold *fold;
    const struct cut_facts *facts;
    const struct chunk_plan *plan;
    const char (*chunk_names)[65];
    uint32_t n_chunk_names;
    enum lang lang;
    bool entry;       /* an entry page at the root */
    const char *path; /* of the page below its language's folder: "jg/district-07.html" */
    char to_root[24];
    char to_cut[32];
};

const char *phrase_of(enum lang lang, enum phrase phrase);
static inline const char *say(const struct page *page, enum phrase phrase)
{
    return phrase_of(page->lang, phrase);
}

/* Writes a format in which
 *   %s const char *   as it is             %t enum phrase  the phrase in the page's language
 *   %h struct span    as escaped text      %n uint64_t     "13,503"
 *   %u uint32_t       "7"                  %p two uint64_t part of whole, "89.0187"
 *   %i uint64_t       "13503"
 *   %m int64_t        <time> with date, hour and zone
 *   %k int64_t        <time> with the hour alone
 *   %l const char *   address of a page of this cut in the page's language
 *   %c const char *   address below the cut, whatever the language (data)
 *   %r const char *   address below the site's root */
void put(struct page *page, const char *format, ...);

/* "13,503" */
void number_print(struct buf *out, uint64_t number);
/* "6 jun 2027, 20:20" and "20:20" (seconds only when they are not zero) */
void moment_print(struct buf *out, const struct election *election, enum lang lang, int64_t ms);
void hour_print(struct buf *out, const struct election *election, int64_t ms);

/* <!doctype ...> to the start of <main>, with path, heading and the hours of the cut; `contest` is -1 on
 * pages of none. `middle` is a step of the path between contest and heading, or an empty span. */
void page_open(struct page *page, struct span heading, int contest);
void page_close(struct page *page);

struct span contest_name(const struct page *page, uint32_t contest);
/* "Distrito 7", "COYOACÁN" */
void area_label(struct page *page, const struct area *area);
/* "district-07": the page and the data of an area, without their ending. */
void area_path(const struct area *area, char out[24]);
/* Has this contest a page for this area? */
bool area_has_page(const struct election *election, const struct contest *contest, uint16_t area);

/* Sections of a page, each complete with its heading; nothing is written where there is nothing to say. */
void put_notices(struct page *page);
void put_progress(struct page *page, const struct count *count, bool details);
void put_participation(struct page *page, const struct count *count);
void put_candidacies(struct page *page, uint32_t contest, uint16_t area);
void put_parties(struct page *page, uint32_t contest, uint16_t area);
void put_boxes(struct page *page, uint32_t contest, uint16_t area);
/* The same figures in short, for the home page: a table of candidacies, or of parties. */
void put_brief(struct page *page, uint32_t contest, bool candidacies);
void put_area_table(struct page *page, uint32_t contest, enum area_kind kind);
/* The chart of the flow of one contest, or of all with -1. */
void put_flow(struct page *page, int contest, bool table);

/* A part of the total as a bar, decoration beside figures that stand in text: colours of the parties, widths
 * by votes. */
struct bar_part {
    uint64_t votes;
    uint32_t color;
};
void put_bar(struct page *page, const struct bar_part *parts, uint32_t n_parts, uint64_t whole);
void put_swatch(struct page *page, uint32_t color);

/* Does the candidacy stand in this area of its contest? */
bool candidacy_in(const struct candidacy *candidacy, uint16_t area);
/* True when votes of this count may be shown as figures: something was counted, or it is the whole contest.
 */
static inline bool count_speaks(const struct count *count, uint16_t area)
{
    return count->counted > 0 || area == 0;
}

/* The kind of area by which the table of a contest's actas is grouped. */
enum area_kind chunk_group_kind(const struct contest *contest);
/* The sections that a chunk of the catalogue covers; *most is 0 when its actas have none. */
void chunk_sections(const struct page *page, const struct chunk *chunk, uint32_t *least, uint32_t *most);

/* Whole pages. */
void page_home(struct page *page);
void page_contest(struct page *page, uint32_t contest);
void page_area(struct page *page, uint32_t contest, uint16_t area);
void page_actas(struct page *page, uint32_t contest);
void page_flow(struct page *page);
void page_downloads(struct page *page);
void page_about(struct page *page);

/* Data twins. */
void json_cut(struct buf *out, const struct fold *fold, const struct cut_facts *facts);
void json_area(struct buf *out, const struct fold *fold, const struct cut_facts *facts, uint32_t contest,
               uint16_t area);
void json_flow(struct buf *out, const struct fold *fold, const struct cut_facts *facts);

/* The flow in intervals: width in minutes and how many up to the cut, so that there are at most FLOW_BARS. */
enum { FLOW_BARS = 48 };
struct flow_view {
    uint32_t width;
    uint32_t n;
    uint64_t bars[FLOW_STAGES][FLOW_BARS];
    uint64_t sum[FLOW_STAGES];
    uint64_t max[FLOW_STAGES];
};
void flow_view(const struct fold *fold, int contest, int64_t time_ms, struct flow_view *view);
extern const enum phrase flow_stage_phrase[FLOW_STAGES];

#endif
