/* Building a view: lists grow, then the slots are filled and all is laid out in one block. */
#include "edge/view.h"

#include <assert.h>
#include <stdlib.h>

enum { PIECES_SHARED = 256 };

void view_builder_init(struct view_builder *builder)
{
    *builder = (struct view_builder){0};
    buf_init(&builder->objects, 0);
    buf_init(&builder->reps, 0);
    buf_init(&builder->routes, 0);
    buf_init(&builder->text, UINT32_MAX);
    buf_init(&builder->pieces, 0);
    for (int i = 0; i < CODED_PARTS; i++) {
        buf_init(&builder->parts[i], 0);
    }
}

void view_builder_done(struct view_builder *builder)
{
    buf_done(&builder->objects);
    buf_done(&builder->reps);
    buf_done(&builder->routes);
    buf_done(&builder->text);
    buf_done(&builder->pieces);
    for (int i = 0; i < CODED_PARTS; i++) {
        buf_done(&builder->parts[i]);
    }
}

uint32_t view_add_object(struct view_builder *builder, uint64_t id)
{
    buf_add(&builder->objects, &id, sizeof id);
    return builder->n_objects++;
}

/* Heads differ in few of their parts: what was put in lately is not put in again. */
static struct view_piece piece_of(struct view_builder *builder, struct span bytes)
{
    const size_t n = builder->pieces.len / sizeof(struct view_piece);
    for (size_t i = 0; i < n && i < PIECES_SHARED; i++) {
        struct view_piece piece;
        memcpy(&piece, builder->pieces.at + i * sizeof piece, sizeof piece);
        if (span_equal(span_of(builder->text.at + piece.at, piece.len), bytes)) {
            return piece;
        }
    }
    struct view_piece piece = {.at = (uint32_t)builder->text.len, .len = (uint32_t)bytes.len};
    buf_span(&builder->text, bytes);
    buf_add(&builder->pieces, &piece, sizeof piece);
    return piece;
}

static void code_head(struct view_builder *builder, struct view_rep *rep)
{
    for (int i = 0; i < CODED_PARTS; i++) {
        buf_clear(&builder->parts[i]);
    }
    coded_head(span_of(builder->text.at + rep->head, rep->head_len), rep->lead, rep->meta, builder->parts);
    struct span own = buf_as_span(&builder->parts[CODED_OWN]);
    rep->coded[CODED_OWN] = (struct view_piece){.at = (uint32_t)builder->text.len, .len = (uint32_t)own.len};
    buf_span(&builder->text, own);
    rep->coded[CODED_KIND] = piece_of(builder, buf_as_span(&builder->parts[CODED_KIND]));
    rep->coded[CODED_REST] = piece_of(builder, buf_as_span(&builder->parts[CODED_REST]));
}

uint32_t view_add_rep(struct view_builder *builder, const struct head_plan *plan, uint32_t object,
                      uint64_t offset)
{
    struct view_rep rep = {0};
    rep.object = object;
    rep.offset = offset;
    rep.len = plan->length;
    rep.status = (uint16_t)plan->status;
    rep.head = (uint32_t)builder->text.len;
    head_print(plan, &builder->text, &rep.lead, &rep.meta);
    rep.head_len = (uint16_t)(builder->text.len - rep.head);
    code_head(builder, &rep);
    assert(plan->etag.len <= ETAG_LEN);
    if (plan->etag.len > 0) {
        memcpy(rep.etag, plan->etag.at, plan->etag.len);
    }
    buf_add(&builder->reps, &rep, sizeof rep);
    return builder->n_reps++;
}

void view_add_route(struct view_builder *builder, struct span path, const uint32_t reps[ENC_COUNT],
                    uint16_t flags)
{
    assert(path.len <= UINT16_MAX && reps[ENC_IDENTITY] != VIEW_NONE);
    struct view_route route = {
        .path = (uint32_t)builder->text.len, .path_len = (uint16_t)path.len, .flags = flags};
    memcpy(route.reps, reps, sizeof route.reps);
    buf_span(&builder->text, path);
    buf_add(&builder->routes, &route, sizeof route);
    builder->n_routes++;
}

/* Open addressing, at most half full. A path that is there already keeps its first route. */
static void fill_slots(const struct view_builder *builder, const uint64_t key[2], uint32_t *slots, uint32_t n)
{
    const char *text = builder->text.at;
    memset(slots, 0xff, n * sizeof *slots);
    for (uint32_t i = 0; i < builder->n_routes; i++) {
        struct view_route route;
        memcpy(&route, builder->routes.at + i * sizeof route, sizeof route);
        struct span path = span_of(text + route.path, route.path_len);
        uint32_t slot = (uint32_t)view_hash(key, path) & (n - 1);
        bool known = false;
        for (; slots[slot] != VIEW_NONE && !known; slot = (slot + 1) & (n - 1)) {
            struct view_route other;
            memcpy(&other, builder->routes.at + slots[slot] * sizeof other, sizeof other);
            known = span_equal(span_of(text + other.path, other.path_len), path);
        }
        if (!known) {
            slots[slot] = i;
        }
    }
}

void view_print(const struct view_builder *builder, const struct view_facts *facts, const uint64_t key[2],
                struct buf *out)
{
    struct view_top top = {.magic = {'E', 'D', 'G', 'E', 'V', 'I', 'E', 'W'}, .key = {key[0], key[1]}};
    top.facts = *facts;
    top.n_objects = builder->n_objects;
    top.n_reps = builder->n_reps;
    top.n_routes = builder->n_routes;
    top.text_len = builder->text.len;
    assert(builder->text.err == OK);
    for (top.n_slots = 16; top.n_slots / 2 <= top.n_routes;) {
        top.n_slots *= 2;
    }
    size_t slot_bytes = top.n_slots * sizeof(uint32_t);
    uint32_t *slots = malloc(slot_bytes);
    assert(slots != NULL);
    fill_slots(builder, key, slots, top.n_slots);
    top.size = sizeof top + builder->objects.len + builder->reps.len + builder->routes.len + slot_bytes +
               builder->text.len;
    buf_add(out, &top, sizeof top);
    buf_span(out, buf_as_span(&builder->objects));
    buf_span(out, buf_as_span(&builder->reps));
    buf_span(out, buf_as_span(&builder->routes));
    buf_add(out, slots, slot_bytes);
    buf_span(out, buf_as_span(&builder->text));
    free(slots);
}
