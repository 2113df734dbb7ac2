/* Routes from bodies: heads are printed here, once a view. */
#include "edge/routes.h"

#include <assert.h>

void routes_init(struct routes *routes, struct view_builder *builder, struct vault *vault,
                 enum head_policy policy)
{
    *routes = (struct routes){.builder = builder, .vault = vault, .policy = policy};
    map_init(&routes->known, vault->next_id, vault->mark);
    arena_init(&routes->paths, 0);
    for (uint32_t i = 0; i < vault->n_objects; i++) {
        vault->objects[i].in_view = VIEW_NONE;
    }
}

void routes_done(struct routes *routes)
{
    map_done(&routes->known);
    arena_done(&routes->paths);
}

static uint32_t object_of(struct routes *routes, const struct body *body)
{
    assert(body->object < routes->vault->n_objects);
    struct vault_object *object = &routes->vault->objects[body->object];
    if (object->in_view == VIEW_NONE) {
        object->in_view = view_add_object(routes->builder, object->id);
    }
    return object->in_view;
}

static const char *const encoding_names[ENC_COUNT] = {NULL, "gzip", "br"};

static void add_reps(struct routes *routes, struct body *bodies[ENC_COUNT], struct head_plan plan,
                     uint32_t reps[ENC_COUNT])
{
    plan.vary = bodies[ENC_GZIP] != NULL || bodies[ENC_BR] != NULL;
    for (int i = 0; i < ENC_COUNT; i++) {
        reps[i] = VIEW_NONE;
        if (bodies[i] == NULL) {
            continue;
        }
        char etag[ETAG_LEN + 1];
        etag_print(etag, bodies[i]->sha256);
        plan.etag = span_str(etag);
        plan.sha256 = bodies[i]->sha256;
        plan.encoding = encoding_names[i];
        plan.length = bodies[i]->len;
        reps[i] = view_add_rep(routes->builder, &plan, object_of(routes, bodies[i]), bodies[i]->offset);
    }
}

static void add_route(struct routes *routes, struct span path, const uint32_t reps[ENC_COUNT], bool ranges)
{
    if (map_get(&routes->known, path) == MAP_NONE) {
        map_put(&routes->known, path, 1);
        view_add_route(routes->builder, path, reps, ranges ? ROUTE_RANGES : 0);
    }
}

/* "/x" leads to "x/", relative, so that it holds under whatever path the site is served. */
static void add_redirect(struct routes *routes, struct span folder)
{
    struct span path = span_of(folder.at, folder.len - 1);
    size_t name = path.len;
    while (name > 0 && path.at[name - 1] != '/') {
        name--;
    }
    struct head_plan plan = {.status = 308, .keep = KEEP_BRIEF, .policy = routes->policy};
    plan.location = span_from(folder, name);
    uint32_t reps[ENC_COUNT] = {view_add_rep(routes->builder, &plan, VIEW_NONE, 0), VIEW_NONE, VIEW_NONE};
    add_route(routes, path, reps, false);
}

/* Big bodies and images may be asked for in parts; pages are sent whole. */
static bool has_ranges(const struct body *body, const char *type)
{
    return body->len > 65536 || !media_is_text(type);
}

void routes_add(struct routes *routes, struct span path, struct body *bodies[ENC_COUNT], enum keep_class keep)
{
    char *room = arena_alloc(&routes->paths, path.len + 1);
    assert(room != NULL);
    room[0] = '/';
    memcpy(room + 1, path.at, path.len);
    struct span whole = span_of(room, path.len + 1);
    if (map_get(&routes->known, whole) != MAP_NONE) {
        return;
    }
    uint32_t reps[ENC_COUNT];
    struct head_plan plan = {
        .status = 200, .keep = keep, .policy = routes->policy, .type = media_type(whole)};
    plan.ranges = has_ranges(bodies[ENC_IDENTITY], plan.type);
    add_reps(routes, bodies, plan, reps);
    add_route(routes, whole, reps, plan.ranges);
    if (span_ends(whole, SPAN("/index.html"))) {
        struct span folder = span_of(whole.at, whole.len - strlen("index.html"));
        add_route(routes, folder, reps, plan.ranges);
        if (folder.len > 1) {
            add_redirect(routes, folder);
        }
    }
}

void routes_add_as(struct routes *routes, const char *path, const char *type, struct body *bodies[ENC_COUNT],
                   enum keep_class keep)
{
    uint32_t reps[ENC_COUNT];
    struct head_plan plan = {.status = 404, .keep = keep, .policy = routes->policy, .type = type};
    add_reps(routes, bodies, plan, reps);
    add_route(routes, span_str(path), reps, false);
}
