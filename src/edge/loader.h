/* The loader between its files: what it holds, and how it makes a view of that. Private to the loader. */
#ifndef EDGE_LOADER_H
#define EDGE_LOADER_H

#include "edge/flow_source.h"
#include "edge/roles.h"
#include "edge/sealed.h"
#include "edge/tree.h"
#include "os/loop.h"

struct loader {
    const struct role_gift *gift;
    struct loop *loop;
    struct vault vault;
    struct tree tree;
    uint32_t keys_round; /* of the keys that it has */
    struct site site;
    struct sealed_site sealed; /* with --sealed */
    struct site_link links[EDGE_LINKS_MAX + 1];
    bool is_site;
    uint32_t reach;    /* cuts still to be looked for before the oldest */
    uint64_t seen[4];  /* latest.json at the last look */
    uint32_t failures; /* in a row */
    struct loader_notice notice;
    int view_fd; /* the newest view, -1: none yet */
    uint64_t view_size;
    uint32_t n_workers;
    bool greeted[EDGE_WORKERS_MAX];
    struct flow_source flow;
};

enum {
    LOADER_PATIENCE =
        5 /* failures in a row before the alarm: a cut may be half way through its publication */
};

/* What is held becomes a view and goes to every worker; `started_ms` is when looking for it began. */
void loader_publish(struct loader *loader, int64_t started_ms);
/* Pages of our own are better than no answer at all: only when nothing has been published. */
void loader_publish_first(struct loader *loader, int64_t started_ms);
/* The notice board. */
void loader_tell(struct loader *loader);
void loader_all_well(struct loader *loader);
void loader_complain(struct loader *loader, const struct why *why);

/* loop_on_fd, of a worker's channel: who says hello gets everything. */
void loader_on_channel(void *arg, int fd, unsigned events);

/* loop_on_timer: a look at what there is to be served; each calls itself again. */
void look_at_tree(void *arg);
void look_at_site(void *arg);
void look_at_sealed(void *arg);
void look_at_flow(void *arg);

#endif
