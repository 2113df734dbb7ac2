/* A cut on its way: its files lie in PUBLIC/cut/.tmp-{n} and, what belongs at the root, in PUBLIC/.stage-{n};
 * nothing is visible until it is put in place. A pure function of the fold and the facts. */
#ifndef CUT_TREE_H
#define CUT_TREE_H

#include "cut/pressroom.h"
#include "cut/shelf.h"
#include "render/pages.h"
#include "render/roots.h"

struct tree {
    const char *public_dir;
    const struct fold *fold; /* of the entries [0, log_size) */
    const struct chunk_plan *plan;
    struct cut_facts facts;
    char temporary[320]; /* PUBLIC/cut/.tmp-{n} */
    char stage[320];     /* PUBLIC/.stage-{n} */
    struct pressroom *room;
    struct shelf *shelf;
    struct buf
        staged; /* site paths of what is staged and lasts, a line each, in the order of their putting in place */
    struct buf entries;          /* and of the entry pages, which are replaced */
    struct buf reread[TEAM_MAX]; /* a file as it lies on the disk, one for each of the team */
    struct buf text;             /* the manifest's text */
    uint8_t manifest[32];
    struct roots *roots; /* kept from cut to cut */
    struct hash state_root, totals_root, files_root;
    struct known_package {
        int64_t number; /* -1: none */
        struct known_file {
            char site[PAGE_PATH_MAX + 64];
            struct pressed pressed;
        } * files;
        uint32_t n;
    } package;       /* read and hashed when it was done, so that the cut that names it need not wait */
    struct why *why; /* of the step at hand */
};

void tree_init(struct tree *tree, const char *public_dir, struct pressroom *room, struct shelf *shelf,
               struct roots *roots);
void tree_done(struct tree *tree);

/* Renders and writes everything but the manifest's signature. The folders' remains of an earlier try are
 * removed. */
MUST_CHECK enum err tree_build(struct tree *tree, const struct fold *fold, const struct chunk_plan *plan,
                               const struct cut_facts *facts, struct why *why);
/* Re-reads what was written and compares: each file with its hash, each figure with a recount of the records.
 */
MUST_CHECK enum err tree_check(struct tree *tree, struct why *why);
/* The manifest's text and the three roots, once everything (also the package, if this cut makes one) is on the list. */
void tree_manifest(struct tree *tree);
/* Reads a package that is in place, for the next that lists it. */
MUST_CHECK enum err tree_learn_package(struct tree *tree, uint32_t package, struct why *why);
/* Puts a package's files on the list. */
MUST_CHECK enum err tree_list_package(struct tree *tree, uint32_t package, struct why *why);
/* In this order, each on disk before the next begins: signature files and all that lasts (the cut, style
 * and script); the entry pages; latest.json. */
MUST_CHECK enum err tree_place(struct tree *tree, struct span note, struct span minisig, struct why *why);
MUST_CHECK enum err tree_enter(struct tree *tree, struct why *why);
MUST_CHECK enum err tree_point(struct tree *tree, struct why *why);
/* Removes what is not in place. */
void tree_drop(struct tree *tree);

#endif
