/* A view: everything that can be asked for at one moment, as one block of bytes. The loader builds it, seals it in a
 * memfd and hands it to the workers, who map it and look paths up in it; it is never changed. Bodies lie in objects
 * (sealed segments shared between views, or verified files) that a view names by id.
 *
 * Layout, host byte order, in this order: view_top, u64 object ids, view_rep[], view_route[], u32 slots[], text. */
#ifndef EDGE_VIEW_H
#define EDGE_VIEW_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "edge/coded.h"
#include "edge/heads.h"
#include "edge/negotiate.h"

#include <stdint.h>

enum { VIEW_NONE = UINT32_MAX };

/* What a view says about the cut on top of it. */
struct view_facts {
    uint32_t has_cut;
    uint32_t cut;
    int64_t time_ms;
    int64_t next_ms; /* -1: none */
    uint32_t last;
    uint32_t cuts; /* how many cuts are addressable */
    uint32_t drill;
    int32_t offset_min; /* of the election's hour from UTC */
};

struct view_top {
    char magic[8]; /* "EDGEVIEW" */
    uint64_t key[2];
    uint64_t size; /* of the whole block */
    uint32_t n_objects, n_reps, n_routes, n_slots;
    uint64_t text_len;
    struct view_facts facts;
};

/* Bytes of the text. */
struct view_piece {
    uint32_t at, len;
};

/* One encoding of one path. */
struct view_rep {
    uint64_t offset, len; /* in its object */
    uint32_t object;      /* into the list of ids; VIEW_NONE for an empty body */
    uint32_t head;        /* into the text */
    uint16_t head_len, lead, meta;
    uint16_t status; /* that the head says */
    char etag[ETAG_LEN];
    struct view_piece coded[CODED_PARTS]; /* the same head for HTTP/2 */
};

enum { ROUTE_RANGES = 1 };

struct view_route {
    uint32_t path; /* into the text */
    uint16_t path_len;
    uint16_t flags;
    uint32_t reps[ENC_COUNT]; /* VIEW_NONE: not there; identity always is */
};

/* A view that was checked. Borrows the block. */
struct view_map {
    const struct view_top *top;
    const uint64_t *objects;
    const struct view_rep *reps;
    const struct view_route *routes;
    const uint32_t *slots;
    const char *text;
    size_t longest; /* path of a route: whatever is longer needs no search */
};

/* Checks every offset once, so that no lookup has to. */
MUST_CHECK enum err view_open(struct span block, struct view_map *out, struct why *why);
/* Of a path, under the view's key. Not made against who chooses paths to collide: the paths in a view are the signer's, and
 * what a stranger asks for is compared with the few that lie where its hash points. */
uint64_t view_hash(const uint64_t key[2], struct span path);
const struct view_route *view_find(const struct view_map *view, struct span path); /* NULL: not there */
static inline struct span view_head(const struct view_map *view, const struct view_rep *rep)
{
    return span_of(view->text + rep->head, rep->head_len);
}

static inline struct span view_piece(const struct view_map *view, struct view_piece piece)
{
    return span_of(view->text + piece.at, piece.len);
}

/* Building. Objects, representations and routes get numbers in the order in which they are added. */
struct view_builder {
    struct buf objects, reps, routes, text;
    struct buf pieces; /* view_piece: heads' parts that others may share */
    struct buf parts[CODED_PARTS];
    uint32_t n_objects, n_reps, n_routes;
};
void view_builder_init(struct view_builder *builder);
void view_builder_done(struct view_builder *builder);
uint32_t view_add_object(struct view_builder *builder, uint64_t id);
/* The head is printed from the plan; `rep` gives object, offset and length of the body. */
uint32_t view_add_rep(struct view_builder *builder, const struct head_plan *plan, uint32_t object,
                      uint64_t offset);
/* Paths as requests name them, "/cut/12/". The first route of a path wins. */
void view_add_route(struct view_builder *builder, struct span path, const uint32_t reps[ENC_COUNT],
                    uint16_t flags);
/* The block; `key` is fresh randomness. */
void view_print(const struct view_builder *builder, const struct view_facts *facts, const uint64_t key[2],
                struct buf *out);

/* Paths of the pages that answer when nothing else does; no request can spell them. */
#define VIEW_NOT_FOUND " 404"

#endif
