/* Bodies under paths: what a tree and a site have in common when they fill a view. */
#ifndef EDGE_ROUTES_H
#define EDGE_ROUTES_H

#include "base/arena.h"
#include "edge/vault.h"
#include "edge/view.h"

struct routes {
    struct view_builder *builder;
    struct vault *vault;
    enum head_policy policy;
    struct map known; /* paths that have a route */
    struct arena paths;
};

void routes_init(struct routes *routes, struct view_builder *builder, struct vault *vault,
                 enum head_policy policy);
void routes_done(struct routes *routes);

/* A file and its twins (NULL: none) under "/" + path, unless the path has a route. "x/index.html" also answers "/x/", and
 * "/x" leads there. */
void routes_add(struct routes *routes, struct span path, struct body *bodies[ENC_COUNT],
                enum keep_class keep);
/* Bodies of a stated type under a path exactly as given, as the answer when there is nothing (VIEW_NOT_FOUND). */
void routes_add_as(struct routes *routes, const char *path, const char *type, struct body *bodies[ENC_COUNT],
                   enum keep_class keep);

#endif
