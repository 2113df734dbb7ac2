/* The roles of an edge and what each is given. Private to the edge. */
#ifndef EDGE_ROLES_H
#define EDGE_ROLES_H

#include "edge/edge.h"
#include "edge/notice_board.h"

struct clock;

struct role_gift {
    const struct edge_options *options;
    struct notice_board *board;
    const struct clock *clock;
    int folder;                     /* the tree or document root, O_PATH */
    int listener;                   /* the workers' */
    int tls_listener;               /* the workers', -1: none */
    int key_ends[EDGE_WORKERS_MAX]; /* of the channels to the keys */
    int asking_ends[EDGE_WORKERS_MAX];
    int health;                        /* the health role's, -1: none */
    int worker_ends[EDGE_WORKERS_MAX]; /* of the channels */
    int loader_ends[EDGE_WORKERS_MAX];
    int rings[EDGE_WORKERS_MAX]; /* of the hits, -1: none are written */
    uint8_t address[16];         /* of the listener, IPv4 as ::ffff:a.b.c.d */
    uint16_t port;
    uint32_t index; /* of the worker */
};

/* role_main; the argument is a struct role_gift. */
int loader_main(void *arg);
int worker_main(void *arg);
int scribe_main(void *arg);

#endif
