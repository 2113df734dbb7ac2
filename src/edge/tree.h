/* The loader's picture of a published tree (docs/formats/tree.md): the newest cut and up to nine before it, each with a
 * manifest whose signature was verified and files whose SHA-256 is what the manifest says. A cut that is not so never
 * becomes part of it. */
#ifndef EDGE_TREE_H
#define EDGE_TREE_H

#include "doors/cut_keys.h"
#include "doors/latest.h"
#include "doors/manifest.h"
#include "edge/vault.h"
#include "edge/view.h"
#include "seal/note.h"

struct routes;

enum { TREE_CUTS = 10, TREE_PACKAGES = 2, TREE_FILE_MAX = 256 << 20, TREE_INLINE_MAX = 64 << 10 };

/* A cut that was verified. `files` and `twins` run beside the manifest's lists; NULL where nothing is held: bundles of
 * the ledger are sent from the folder, entry pages are the newest cut's only. */
struct tree_cut {
    uint32_t number;
    int64_t time_ms;
    struct buf note;
    struct manifest manifest;
    uint8_t digest[32];  /* of the manifest's text */
    struct note_key key; /* that signed it */
    struct body *note_body;
    struct body *minisig; /* may be NULL */
    struct body **files;
    struct body **twins;
};

struct tree {
    int folder;
    struct cut_keys keys;
    struct vault *vault;
    struct tree_cut *cuts[TREE_CUTS]; /* newest first */
    uint32_t n_cuts;
    /* Cuts held for their package alone: the newest one, when no held cut lists it, and the one before, which who
     * fetches the cut before may be fetching still. NULL: none. */
    struct tree_cut *packages[TREE_PACKAGES];
    struct latest latest;
    struct body *pointer; /* latest.json */
    struct body *vkey;    /* log/cut.vkey: of the key of the newest cut; NULL before the first */
};

void tree_init(struct tree *tree, int folder, const struct cut_keys *keys, struct vault *vault);
void tree_done(struct tree *tree);

/* Other keys. False: the newest cut is not of these, it was a thief's; then the tree is empty as before its first cut. */
bool tree_rekey(struct tree *tree, const struct cut_keys *keys);

/* Reads latest.json and the cut it points to. OK: the tree has a new newest cut. ERR_EXISTS: it is the one that is
 * held. Any other: the tree is as it was, and why says what is wrong with the new one. */
MUST_CHECK enum err tree_advance(struct tree *tree, struct why *why);
/* Adds the next older cut from the folder; ERR_MISSING when there is none that holds. */
MUST_CHECK enum err tree_reach_back(struct tree *tree);
/* Forgets the oldest cut; false when only one is left. */
bool tree_shorten(struct tree *tree);

/* Marks every body that the tree holds as wanted. */
void tree_want(struct tree *tree);
/* Adds a route for everything that can be asked for. */
void tree_view(struct tree *tree, struct routes *routes);
void tree_facts(const struct tree *tree, struct view_facts *out);

/* What tree_advance and tree_reach_back use. */
enum tree_part { TREE_WHOLE, TREE_OLDER, TREE_PACKAGE };
MUST_CHECK enum err tree_cut_load(struct tree *tree, uint32_t number, enum tree_part part,
                                  struct tree_cut **out, struct why *why);
void tree_cut_free(struct tree_cut *cut);

#endif
