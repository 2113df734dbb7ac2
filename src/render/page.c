/* The frame around every page and the small writer that fills it. All bytes come from the fold and the cut's
 * facts. */
#include "render/page.h"

#include "base/date.h"
#include "base/num.h"
#include "render/assets.h"
#include "tally/count.h"
#include "wire/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

static const char *const phrases[PHRASES_N][2] = {
#define PHRASE_ROW(name, es, en) [name] = {es, en},
    PHRASES(PHRASE_ROW)
#undef PHRASE_ROW
};

const char *phrase_of(enum lang lang, enum phrase phrase)
{
    assert(phrase < PHRASES_N);
    return phrases[phrase][lang];
}

void number_print(struct buf *out, uint64_t number)
{
    char digits[NUM_U64_MAX];
    size_t len = num_print_u64(digits, number);
    size_t head = (len - 1) % 3 + 1;
    buf_add(out, digits, head);
    for (size_t i = head; i < len; i += 3) {
        buf_char(out, ',');
        buf_add(out, digits + i, 3);
    }
}

void hour_print(struct buf *out, const struct election *election, int64_t ms)
{
    struct date date = date_at(ms, election->offset_min);
    buf_printf(out, "%02d:%02d", date.hour, date.minute);
    if (date.second != 0) {
        buf_printf(out, ":%02d", date.second);
    }
}

void moment_print(struct buf *out, const struct election *election, enum lang lang, int64_t ms)
{
    static const char *const months[12][2] = {{"ene", "Jan"}, {"feb", "Feb"}, {"mar", "Mar"}, {"abr", "Apr"},
                                              {"may", "May"}, {"jun", "Jun"}, {"jul", "Jul"}, {"ago", "Aug"},
                                              {"sep", "Sep"}, {"oct", "Oct"}, {"nov", "Nov"}, {"dic", "Dec"}};
    struct date date = date_at(ms, election->offset_min);
    buf_printf(out, "%d %s %d, ", date.day, months[date.month - 1][lang], date.year);
    hour_print(out, election, ms);
}

static void put_time(struct page *page, int64_t ms, bool whole)
{
    char iso[DATE_ISO_LEN + 1];
    date_print_iso(iso, ms);
    buf_printf(page->out, "<time datetime=\"%s\">", iso);
    if (whole) {
        moment_print(page->out, page->fold->election, page->lang, ms);
    } else {
        hour_print(page->out, page->fold->election, ms);
    }
    put(page, "</time> <span class=\"z\">%h</span>", page->fold->election->zone_label);
}

static void put_address(struct page *page, char kind, const char *path)
{
    buf_str(page->out, kind == 'r' ? page->to_root : page->to_cut);
    if (kind == 'l' && page->lang == LANG_EN) {
        buf_str(page->out, "en/");
    }
    buf_str(page->out, path);
}

/* One directive of put(); takes its arguments from the list. */
static void put_one(struct page *page, char kind, va_list *args)
{
    uint64_t part;
    switch (kind) {
    case 's':
        buf_str(page->out, va_arg(*args, const char *));
        break;
    case 't':
        buf_str(page->out, say(page, va_arg(*args, enum phrase)));
        break;
    case 'h':
        html_text(page->out, va_arg(*args, struct span));
        break;
    case 'n':
        number_print(page->out, va_arg(*args, uint64_t));
        break;
    case 'i':
        buf_u64(page->out, va_arg(*args, uint64_t));
        break;
    case 'u':
        buf_u64(page->out, va_arg(*args, uint32_t));
        break;
    case 'p':
        part = va_arg(*args, uint64_t);
        percent4_print(page->out, part, va_arg(*args, uint64_t));
        break;
    case 'm':
    case 'k':
        put_time(page, va_arg(*args, int64_t), kind == 'm');
        break;
    case 'l':
    case 'c':
    case 'r':
        put_address(page, kind, va_arg(*args, const char *));
        break;
    default:
        assert(kind == '%');
        buf_char(page->out, '%');
    }
}

void put(struct page *page, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    for (;;) {
        const char *mark = strchr(format, '%');
        if (mark == NULL) {
            break;
        }
        buf_add(page->out, format, (size_t)(mark - format));
        put_one(page, mark[1], &args);
        format = mark + 2;
    }
    buf_str(page->out, format);
    va_end(args);
}

struct span contest_name(const struct page *page, uint32_t contest)
{
    const struct contest *c = &page->fold->election->contests[contest];
    return page->lang == LANG_EN && c->name_en.len > 0 ? c->name_en : c->name;
}

void area_label(struct page *page, const struct area *area)
{
    if (area->kind == AREA_DISTRICT) {
        put(page, "%t %u", T_DISTRICT, (uint32_t)area->id);
        if (area->name.len > 0 && !span_starts(area->name, SPAN("DISTRITO"))) {
            put(page, " · %h", area->name);
        }
        return;
    }
    put(page, "%h", area->name);
}

void area_path(const struct area *area, char out[24])
{
    struct buf text;
    buf_init(&text, 0);
    buf_printf(&text, "%s-%02u", area->kind == AREA_DISTRICT ? "district" : "borough", (unsigned)area->id);
    memcpy(out, buf_cstr(&text), text.len + 1);
    buf_done(&text);
}

bool area_has_page(const struct election *election, const struct contest *contest, uint16_t area)
{
    enum area_kind kind = election->areas[area].kind;
    if (kind != AREA_DISTRICT && kind != AREA_BOROUGH) {
        return false;
    }
    return contest->area_kind == AREA_ENTITY || contest->area_kind == kind;
}

static void put_head(struct page *page, struct span heading)
{
    const struct election *election = page->fold->election;
    put(page, "<!doctype html>\n<html lang=\"%s\" data-root=\"%s\" data-cut=\"%u\" data-page=\"%s%s\"%s>\n",
        page->lang == LANG_EN ? "en" : "es", page->to_root, page->facts->number,
        page->lang == LANG_EN ? "en/" : "", page->path, page->entry ? " data-entry" : "");
    put(page, "<head><meta charset=\"utf-8\">"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
              "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    if (election->drill) {
        put(page, "%t · ", T_DRILL);
    }
    put(page, "%h · %t %u · %h</title>\n", heading, T_CUT, page->facts->number, election->entity_name);
    put(page,
        "<meta name=\"description\" content=\"%t\">"
        "<link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"%r\">"
        "<script type=\"module\" src=\"%r\"></script></head>\n",
        T_PRELIMINARY, asset_style.path, asset_script.path);
}

static void put_nav_item(struct page *page, const char *path, struct span name)
{
    put(page, "<li><a href=\"%l\"%s>%h</a></li>", path,
        strcmp(path, page->path) == 0 ? " aria-current=\"page\"" : "", name);
}

static void put_header(struct page *page)
{
    const struct election *election = page->fold->election;
    put(page, "<body><a class=\"skip\" href=\"#contenido\">%t</a>\n<header id=\"cabeza\">", T_SKIP);
    if (election->drill) {
        put(page, "<p class=\"drill\"><strong>%t</strong> <span>%t</span></p>\n", T_DRILL, T_DRILL_SAYS);
    }
    put(page,
        "<div class=\"mast\"><p class=\"org\">%h</p>"
        "<p class=\"site\"><a href=\"%l\">%t</a></p><p class=\"what\">%h · %h</p>",
        election->authority, "index.html", T_SITE,
        page->lang == LANG_EN && election->name_en.len > 0 ? election->name_en : election->name,
        election->entity_name);
    put(page, "<a class=\"lang\" lang=\"%s\" hreflang=\"%s\" href=\"%s%s%s\">%t</a></div>\n",
        page->lang == LANG_EN ? "es" : "en", page->lang == LANG_EN ? "es" : "en", page->to_cut,
        page->lang == LANG_EN ? "" : "en/", page->path, T_ENGLISH_SPANISH);
    put(page, "<p class=\"pre\">%t</p>\n<nav class=\"main\" aria-label=\"%t\"><ul>", T_PRELIMINARY,
        T_SECTIONS);
    put_nav_item(page, "index.html", span_str(say(page, T_HOME)));
    for (uint32_t i = 0; i < election->n_contests; i++) {
        char path[PAGE_PATH_MAX];
        struct span id = election->contests[i].id;
        snprintf(path, sizeof(path), "%.*s/index.html", SPAN_ARG(id));
        put_nav_item(page, path, contest_name(page, i));
    }
    put_nav_item(page, "flow.html", span_str(say(page, T_FLOW)));
    put_nav_item(page, "downloads.html", span_str(say(page, T_DOWNLOADS)));
    put_nav_item(page, "about.html", span_str(say(page, T_ABOUT)));
    put(page, "</ul></nav></header>\n");
}

/* The hours: of this cut, of the next and of the package, each with the zone. */
static void put_hours(struct page *page)
{
    const struct cut_facts *facts = page->facts;
    put(page, "<dl class=\"hours\"><div><dt>%t</dt><dd><b>%t %u</b> · %m</dd></div><div><dt>%t</dt><dd>",
        T_THIS_CUT, T_CUT, facts->number, facts->time_ms, T_NEXT);
    if (facts->next_ms >= 0) {
        put(page, "%k", facts->next_ms);
    } else {
        put(page, "%t", T_NEXT_NONE);
    }
    put(page, "</dd></div><div><dt><a href=\"%l\">%t</a></dt><dd>", "downloads.html", T_PACKAGE);
    if (facts->package_ms >= 0) {
        put(page, "%t %k", T_PACKAGE_OF, facts->package_ms);
    } else {
        put(page, "%t", T_PACKAGE_NONE);
    }
    put(page, "</dd></div></dl>\n");
}

static bool nothing_came(const struct fold *fold)
{
    uint64_t came = 0;
    for (uint32_t i = 0; i < fold->election->n_contests; i++) {
        const struct count *count = fold_count(fold, i, 0);
        came += count_registered(count) + count->in_review;
    }
    return came == 0;
}

static void put_phase(struct page *page)
{
    if (page->facts->last) {
        put(page, "<p class=\"phase last\"><strong>%t</strong> %t</p>\n", T_LAST, T_LAST_SAYS);
    }
    if (nothing_came(page->fold)) {
        put(page, "<p class=\"phase zero\"><strong>%t</strong> %t", T_ZERO, T_ZERO_SAYS);
        if (page->facts->time_ms < page->fold->election->opening_ms) {
            put(page, " %t %m.", T_OPENS, page->fold->election->opening_ms);
        }
        put(page, "</p>\n");
    }
}

void page_open(struct page *page, struct span heading, int contest)
{
    put_head(page, heading);
    put_header(page);
    put(page, "<main id=\"contenido\" tabindex=\"-1\">\n");
    if (contest >= 0) {
        const struct contest *c = &page->fold->election->contests[contest];
        char path[PAGE_PATH_MAX];
        snprintf(path, sizeof(path), "%.*s/index.html", SPAN_ARG(c->id));
        put(page, "<nav class=\"crumbs\" aria-label=\"%t\"><ol><li><a href=\"%l\">%t</a></li>", T_PATH,
            "index.html", T_HOME);
        if (strcmp(path, page->path) != 0) {
            put(page, "<li><a href=\"%l\">%h</a></li>", path, contest_name(page, (uint32_t)contest));
        }
        put(page, "</ol></nav>\n");
    }
    put(page, "<h1>%h</h1>\n", heading);
    put_hours(page);
    put_phase(page);
}

void page_close(struct page *page)
{
    const struct fold *fold = page->fold;
    put(page, "</main>\n<footer id=\"pie\"><p>%t <a href=\"%r\">%t</a> · <a href=\"%r\">%t</a></p>",
        T_FOOT_COPY, "difusores", T_STATE_OF_HOST, "codigo", T_CODE_OF_CUT);
    put(page,
        "<p><a href=\"%l\">%t</a> · <a href=\"%c\">manifest</a> · %t: %n · %t: %n</p><p>%t "
        "Atalaya " ATALAYA_VERSION "</p></footer></body></html>\n",
        "downloads.html", T_VERIFY, "manifest", T_ENTRIES, fold->log_size, T_CORRECTIONS, fold->corrections,
        T_FOOT_PRIVACY);
}
