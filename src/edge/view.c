/* Looking up in a view, and the check that makes looking up safe. */
#include "edge/view.h"

static const char magic[8] = {'E', 'D', 'G', 'E', 'V', 'I', 'E', 'W'};

/* Takes `count` items of `size` bytes from the front of the block; NULL when they are not all there. */
static const void *take(struct span *rest, uint64_t count, size_t size)
{
    if (rest->at == NULL || count > rest->len / size) {
        *rest = span_of(NULL, 0);
        return NULL;
    }
    const void *at = rest->at;
    *rest = span_from(*rest, (size_t)count * size);
    return at;
}

static bool rep_ok(const struct view_top *top, const struct view_rep *rep)
{
    for (int i = 0; i < CODED_PARTS; i++) {
        const struct view_piece *piece = &rep->coded[i];
        if (piece->at > top->text_len || piece->len > top->text_len - piece->at || piece->len > HEAD_MAX) {
            return false;
        }
    }
    return (rep->object < top->n_objects || (rep->object == VIEW_NONE && rep->len == 0)) &&
           rep->head <= top->text_len && rep->head_len <= top->text_len - rep->head &&
           rep->lead <= rep->meta && rep->meta <= rep->head_len && rep->head_len <= HEAD_MAX;
}

static bool route_ok(const struct view_top *top, const struct view_route *route)
{
    bool ok = route->path <= top->text_len && route->path_len <= top->text_len - route->path &&
              route->reps[ENC_IDENTITY] < top->n_reps;
    for (int i = 0; i < ENC_COUNT; i++) {
        ok = ok && (route->reps[i] < top->n_reps || route->reps[i] == VIEW_NONE);
    }
    return ok;
}

static bool items_ok(const struct view_map *view)
{
    const struct view_top *top = view->top;
    bool ok = true;
    for (uint32_t i = 0; ok && i < top->n_reps; i++) {
        ok = rep_ok(top, &view->reps[i]);
    }
    for (uint32_t i = 0; ok && i < top->n_routes; i++) {
        ok = route_ok(top, &view->routes[i]);
    }
    uint32_t empty = 0;
    for (uint32_t i = 0; ok && i < top->n_slots; i++) {
        ok = view->slots[i] < top->n_routes || view->slots[i] == VIEW_NONE;
        empty += view->slots[i] == VIEW_NONE;
    }
    return ok && empty > 0; /* a search ends at an empty slot */
}

enum err view_open(struct span block, struct view_map *out, struct why *why)
{
    struct view_map view = {0};
    struct span rest = block;
    view.top = take(&rest, 1, sizeof *view.top);
    const struct view_top *top = view.top;
    if (top == NULL || memcmp(top->magic, magic, sizeof magic) != 0 || top->size != block.len) {
        return why_set(why, ERR_SYNTAX, "a view that does not begin as one");
    }
    view.objects = take(&rest, top->n_objects, sizeof *view.objects);
    view.reps = take(&rest, top->n_reps, sizeof *view.reps);
    view.routes = take(&rest, top->n_routes, sizeof *view.routes);
    view.slots = take(&rest, top->n_slots, sizeof *view.slots);
    view.text = take(&rest, top->text_len, 1);
    bool power = top->n_slots > 0 && (top->n_slots & (top->n_slots - 1)) == 0;
    if (view.text == NULL || rest.len != 0 || !power || !items_ok(&view)) {
        return why_set(why, ERR_RANGE, "a view whose parts do not fit");
    }
    for (uint32_t i = 0; i < top->n_routes; i++) {
        view.longest = view.routes[i].path_len > view.longest ? view.routes[i].path_len : view.longest;
    }
    *out = view;
    return OK;
}

/* A multiplication for eight bytes; its high half is folded back, so that every bit counts in the low ones. */
static uint64_t mixed(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

uint64_t view_hash(const uint64_t key[2], struct span path)
{
    uint64_t hash = key[0] ^ path.len;
    uint64_t word = 0;
    size_t i = 0;
    for (; i + 8 <= path.len; i += 8) {
        memcpy(&word, path.at + i, 8);
        hash = mixed(hash, word);
    }
    word = 0;
    if (path.len >= 8) { /* the last eight, some of them again */
        memcpy(&word, path.at + path.len - 8, 8);
    } else {
        for (; i < path.len; i++) {
            word = word << 8 | (unsigned char)path.at[i];
        }
    }
    return mixed(mixed(hash, word), key[1]);
}

const struct view_route *view_find(const struct view_map *view, struct span path)
{
    const struct view_top *top = view->top;
    uint32_t mask = top->n_slots - 1;
    if (path.len > view->longest) {
        return NULL;
    }
    uint32_t slot = (uint32_t)view_hash(top->key, path) & mask;
    while (view->slots[slot] != VIEW_NONE) {
        const struct view_route *route = &view->routes[view->slots[slot]];
        if (span_equal(span_of(view->text + route->path, route->path_len), path)) {
            return route;
        }
        slot = (slot + 1) & mask;
    }
    return NULL;
}
