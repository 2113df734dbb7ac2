/* Pages and JSON of a cut: pure functions of the fold and of the cut's own facts, into bytes.
 * docs/formats/tree.md names every path. */
#ifndef RENDER_PAGES_H
#define RENDER_PAGES_H

#include "render/fold.h"

enum { CHUNK_ROWS = 32, PAGE_PATH_MAX = 160 };

/* What a page says beyond the fold. */
struct cut_facts {
    uint32_t number;
    int64_t time_ms;
    int64_t next_ms;  /* -1: none */
    uint32_t package; /* number of the newest package, with package_ms; package_ms -1: none yet */
    int64_t package_ms;
    bool last;
};

enum lang { LANG_ES, LANG_EN };

/* A chunk of the table of actas: rows [first, first + n) of one contest and area, in catalogue order. The
 * division is fixed by the catalogue; after the plan's own come the chunks of the actas outside it, CHUNK_ROWS in
 * order of arrival, contest by contest, as many as the fold needs. */
struct chunk {
    uint8_t contest;
    uint16_t area; /* the area of contest.area_kind (districts for the entity-wide contest); AREA_NONE: modes,
                      outside */
    uint32_t first; /* into chunk_plan.order; outside: the first of that contest's outsides, counted from 0 */
    uint32_t n;
    bool outside;
};
struct chunk_plan {
    uint32_t *order;      /* acta indices, grouped */
    struct chunk *chunks; /* the catalogue's, n_chunks */
    uint32_t n_chunks;
    uint32_t *chunk_of; /* by acta index */
};
MUST_CHECK enum err chunk_plan_new(const struct election *election, struct chunk_plan **out);
void chunk_plan_free(struct chunk_plan *plan);
/* All chunks of a state: the plan's own and those of the actas outside the catalogue (re-render these when
 * fold.outsides_dirty). */
uint32_t chunk_total(const struct fold *fold, const struct chunk_plan *plan);
struct chunk chunk_at(const struct fold *fold, const struct chunk_plan *plan, uint32_t number);

/* The page of one chunk: complete HTML, both languages, no cut number in it (it is shared between cuts). */
void render_chunk(const struct fold *fold, const struct chunk_plan *plan, uint32_t number, struct buf *out);

/* Every other file of a cut, one after the other: `emit` gets the path below cut/{n}/ and the plain bytes.
 * `chunk_names` are the 64-hex names of all chunk_total() chunks, by number. */
typedef enum err (*page_emit)(void *arg, const char *path, struct span bytes);
MUST_CHECK enum err render_cut(const struct fold *fold, const struct chunk_plan *plan,
                               const struct cut_facts *facts, const char (*chunk_names)[65],
                               uint32_t n_chunk_names, page_emit emit, void *arg);

/* The files at the root, paths from there: first the style and the script that every page and chunk uses,
 * "a/style-{16 hex}.css" and "a/app-{16 hex}.js" (named by their SHA-256, the same from cut to cut, never to
 * be deleted while a kept cut is of that program), then the entry pages "index.html" and
 * "{contest}/index.html". */
MUST_CHECK enum err render_entries(const struct fold *fold, const struct chunk_plan *plan,
                                   const struct cut_facts *facts, const char (*chunk_names)[65],
                                   uint32_t n_chunk_names, page_emit emit, void *arg);

/* latest.json (the manifest's digest is known by then). */
void render_latest(const struct fold *fold, const struct cut_facts *facts, const uint8_t manifest[32],
                   struct buf *out);

#endif
