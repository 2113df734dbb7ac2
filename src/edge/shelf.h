/* What a worker holds of views: objects as they come, the view that is current, and older ones as long as an answer is
 * still being sent from them. Switching is one pointer; nothing that is being sent moves. */
#ifndef EDGE_SHELF_H
#define EDGE_SHELF_H

#include "edge/channel.h"
#include "edge/view.h"

struct shelf_object {
    uint64_t id;
    uint64_t size;
    const char *map; /* segments are mapped, files are not */
    int fd;
    uint32_t uses; /* views that name it */
};

struct shelf_view {
    struct view_map map;
    struct span block;
    struct shelf_object **objects;
    uint32_t uses; /* answers being sent, and one while it is current */
};

struct shelf {
    struct shelf_object **objects;
    uint32_t n_objects;
    struct shelf_view *current; /* NULL before the first */
};

/* Takes the descriptor. A view that does not fit changes nothing. */
MUST_CHECK enum err shelf_take(struct shelf *shelf, const struct channel_message *message, int fd,
                               struct why *why);

struct shelf_view *shelf_use(struct shelf_view *view);
void shelf_drop(struct shelf *shelf, struct shelf_view *view);
/* Bytes of a representation; at == NULL when they are to be sent from the descriptor. */
struct span shelf_bytes(const struct shelf_view *view, uint32_t object, uint64_t offset, uint64_t len);
int shelf_fd(const struct shelf_view *view, uint32_t object);

#endif
