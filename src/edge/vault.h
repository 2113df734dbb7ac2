/* The loader's vault: bodies that were verified, each kept once by its SHA-256. Small ones lie in segments (memfds,
 * sealed, so that nobody can change a byte any more), larger ones in packs (edge/pack.h) when there is a folder for them, the
 * files of packages stay where they are, held open since they were verified. What no view uses any more is forgotten; a segment that is mostly forgotten is copied together. */
#ifndef EDGE_VAULT_H
#define EDGE_VAULT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/span.h"
#include "edge/pack.h"

#include <stdint.h>

struct body {
    uint8_t sha256[32];
    uint64_t len;
    uint64_t offset;
    uint32_t object; /* index; valid until the next sweep */
    uint32_t mark;   /* of the last sweep that wanted it */
};

struct vault_object {
    uint64_t id;
    uint64_t size;
    uint64_t live; /* bytes that are still wanted */
    int fd;
    bool is_file;     /* to be sent from its descriptor: a file of the tree, or a pack */
    bool is_ours;     /* a segment or a pack: it counts for the budget */
    uint32_t sent;    /* bit i: worker i has it */
    uint32_t in_view; /* index in the view being built, VIEW_NONE */
};

struct vault {
    struct body **bodies;
    uint32_t n_bodies;
    struct map by_hash;
    struct vault_object *objects;
    uint32_t n_objects;
    struct buf open;  /* the segment being filled: object index VAULT_OPEN */
    struct pack pack; /* the pack being filled: VAULT_OPEN_PACK */
    uint64_t budget;  /* bytes in segments and packs */
    uint64_t bytes;   /* in them, the open ones included */
    uint64_t next_id;
    uint32_t mark;
};

enum { VAULT_OPEN = UINT32_MAX - 1, VAULT_OPEN_PACK = UINT32_MAX - 2 };

/* `packs`: a folder for bodies that are worth it, or NULL: all lie in memory. */
void vault_init(struct vault *vault, uint64_t budget, uint64_t first_id, const char *packs);
void vault_done(struct vault *vault);

/* A body that is there already, or NULL. */
struct body *vault_find(struct vault *vault, const uint8_t sha256[32]);
/* Copies bytes whose digest is `sha256` (the caller checked). ERR_FULL past the budget. */
MUST_CHECK enum err vault_put(struct vault *vault, const uint8_t sha256[32], struct span bytes,
                              struct body **out);
/* Takes a file that was verified through this very descriptor. */
struct body *vault_take_file(struct vault *vault, const uint8_t sha256[32], uint64_t len, int fd);

/* A sweep in three steps: begin, want every body that stays, end. Afterwards every body lies in a sealed object. */
void vault_sweep_begin(struct vault *vault);
void vault_want(struct vault *vault, struct body *body);
MUST_CHECK enum err vault_sweep_end(struct vault *vault, struct why *why);

/* Bytes as a sealed memfd. */
MUST_CHECK enum err memfd_of(const char *name, struct span bytes, int *fd, struct why *why);

#endif
