/* All files of a cut, one after the other. */
#include "render/pages.h"

#include "render/assets.h"
#include "render/page.h"

#include <stdio.h>

/* A cut on its way out: where it goes and the buffer that every page is built in. */
struct press {
    struct page page; /* what is the same for all */
    page_emit emit;
    void *arg;
    struct buf out;
};

static void up(char *out, size_t size, const char *path, const char *end)
{
    size_t len = 0;
    for (const char *c = path; *c != 0; c++) {
        if (*c == '/' && len + 4 < size) {
            len += (size_t)snprintf(out + len, size - len, "../");
        }
    }
    snprintf(out + len, size - len, "%s", end);
}

/* Sets a page up: `path` is below its language's folder; entry pages lie at the root instead. */
static struct page *start(struct press *press, enum lang lang, const char *path, bool entry)
{
    struct page *page = &press->page;
    char full[PAGE_PATH_MAX];
    char cut[24] = "";
    buf_clear(&press->out);
    page->out = &press->out;
    page->lang = lang;
    page->entry = entry;
    page->path = path;
    snprintf(full, sizeof full, "%s%s", lang == LANG_EN ? "en/" : "", path);
    if (entry) {
        snprintf(cut, sizeof cut, "cut/%u/", (unsigned)page->facts->number);
    }
    up(page->to_cut, sizeof page->to_cut, full, cut);
    up(page->to_root, sizeof page->to_root, full, entry ? "" : "../../");
    return page;
}

static enum err emit_page(struct press *press)
{
    char path[PAGE_PATH_MAX];
    const struct page *page = &press->page;
    snprintf(path, sizeof path, "%s%s", page->lang == LANG_EN ? "en/" : "", page->path);
    return press->emit(press->arg, path, buf_as_span(&press->out));
}

static enum err emit_contest(struct press *press, enum lang lang, uint32_t contest)
{
    const struct election *election = press->page.fold->election;
    const struct contest *c = &election->contests[contest];
    char path[PAGE_PATH_MAX];
    snprintf(path, sizeof path, "%.*s/index.html", SPAN_ARG(c->id));
    page_contest(start(press, lang, path, false), contest);
    TRY(emit_page(press));
    snprintf(path, sizeof path, "%.*s/actas.html", SPAN_ARG(c->id));
    page_actas(start(press, lang, path, false), contest);
    TRY(emit_page(press));
    for (uint32_t area = 0; area < election->n_areas; area++) {
        if (area_has_page(election, c, (uint16_t)area)) {
            char name[24];
            area_path(&election->areas[area], name);
            snprintf(path, sizeof path, "%.*s/%s.html", SPAN_ARG(c->id), name);
            page_area(start(press, lang, path, false), contest, (uint16_t)area);
            TRY(emit_page(press));
        }
    }
    return OK;
}

static enum err emit_language(struct press *press, enum lang lang)
{
    static const struct {
        const char *path;
        void (*write)(struct page *page);
    } pages[] = {
        {"index.html", page_home},
        {"flow.html", page_flow},
        {"downloads.html", page_downloads},
        {"about.html", page_about},
    };
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        pages[i].write(start(press, lang, pages[i].path, false));
        TRY(emit_page(press));
    }
    for (uint32_t contest = 0; contest < press->page.fold->election->n_contests; contest++) {
        TRY(emit_contest(press, lang, contest));
    }
    return OK;
}

static enum err emit_area_data(struct press *press, uint32_t contest)
{
    const struct election *election = press->page.fold->election;
    const struct contest *c = &election->contests[contest];
    for (uint32_t area = 0; area < election->n_areas; area++) {
        char path[PAGE_PATH_MAX], name[24];
        if (area == 0) {
            snprintf(path, sizeof path, "%.*s/index.json", SPAN_ARG(c->id));
        } else if (area_has_page(election, c, (uint16_t)area)) {
            area_path(&election->areas[area], name);
            snprintf(path, sizeof path, "%.*s/%s.json", SPAN_ARG(c->id), name);
        } else {
            continue;
        }
        buf_clear(&press->out);
        json_area(&press->out, press->page.fold, press->page.facts, contest, (uint16_t)area);
        TRY(press->emit(press->arg, path, buf_as_span(&press->out)));
    }
    return OK;
}

static enum err emit_data(struct press *press)
{
    const struct fold *fold = press->page.fold;
    buf_clear(&press->out);
    json_cut(&press->out, fold, press->page.facts);
    TRY(press->emit(press->arg, "cut.json", buf_as_span(&press->out)));
    buf_clear(&press->out);
    json_flow(&press->out, fold, press->page.facts);
    TRY(press->emit(press->arg, "flow.json", buf_as_span(&press->out)));
    for (uint32_t contest = 0; contest < fold->election->n_contests; contest++) {
        TRY(emit_area_data(press, contest));
    }
    return OK;
}

static enum err emit_cut(struct press *press)
{
    TRY(emit_language(press, LANG_ES));
    TRY(emit_language(press, LANG_EN));
    return emit_data(press);
}

static enum err emit_entries(struct press *press)
{
    static const struct asset *const assets[] = {&asset_style, &asset_script};
    const struct election *election = press->page.fold->election;
    for (size_t i = 0; i < sizeof assets / sizeof assets[0]; i++) {
        struct span bytes = span_of((const char *)assets[i]->bytes, assets[i]->len);
        TRY(press->emit(press->arg, assets[i]->path, bytes));
    }
    for (uint32_t contest = 0; contest < election->n_contests; contest++) {
        char path[PAGE_PATH_MAX];
        snprintf(path, sizeof path, "%.*s/index.html", SPAN_ARG(election->contests[contest].id));
        page_contest(start(press, LANG_ES, path, true), contest);
        TRY(emit_page(press));
    }
    page_home(start(press, LANG_ES, "index.html", true));
    return emit_page(press);
}

static enum err press_run(enum err (*work)(struct press *), const struct page *page, page_emit emit,
                          void *arg)
{
    struct press press = {.page = *page, .emit = emit, .arg = arg};
    buf_init(&press.out, 0);
    enum err err = work(&press);
    buf_done(&press.out);
    return err;
}

enum err render_cut(const struct fold *fold, const struct chunk_plan *plan, const struct cut_facts *facts,
                    const char (*chunk_names)[65], uint32_t n_chunk_names, page_emit emit, void *arg)
{
    struct page page = {.fold = fold,
                        .plan = plan,
                        .facts = facts,
                        .chunk_names = chunk_names,
                        .n_chunk_names = n_chunk_names};
    return press_run(emit_cut, &page, emit, arg);
}

enum err render_entries(const struct fold *fold, const struct chunk_plan *plan, const struct cut_facts *facts,
                        const char (*chunk_names)[65], uint32_t n_chunk_names, page_emit emit, void *arg)
{
    struct page page = {.fold = fold,
                        .plan = plan,
                        .facts = facts,
                        .chunk_names = chunk_names,
                        .n_chunk_names = n_chunk_names};
    return press_run(emit_entries, &page, emit, arg);
}
