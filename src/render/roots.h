/* The state and totals roots of a cut (docs/formats/roots.md): which version of which acta stands, and every figure of every page,
 * as RFC 6962 trees. Pure. Kept from cut to cut: only what the fold's dirty marks name is hashed again. The third root, of the
 * files, is formats/files_root's. */
#ifndef RENDER_ROOTS_H
#define RENDER_ROOTS_H

#include "render/fold.h"
#include "tlog/merkle_tree.h"

struct roots {
    const struct election *election;
    struct merkle_tree state, totals;
    uint16_t *sections; /* the definition's, ascending */
    uint32_t n_sections;
    uint32_t *acta_cell;  /* by acta: contest * n_sections + section's place, UINT32_MAX: of no section */
    uint32_t *cell_first; /* by such a cell: where its actas begin in `cell_actas` */
    uint32_t *cell_actas;
    uint32_t *stale; /* cells to be summed again, with repetitions; every cell when `whole` */
    uint32_t n_stale;
    bool whole; /* nothing is known to be right */
    struct buf text;
};

MUST_CHECK enum err roots_new(const struct election *election, struct roots **out);
void roots_free(struct roots *roots);
/* Nothing is known to be right (another fold comes): the next update hashes all. */
void roots_forget(struct roots *roots);
/* Both roots of the state. The dirty marks are left alone; between two updates without roots_forget the fold is the same and
 * was cleaned (fold_clean) only after an update. */
void roots_update(struct roots *roots, const struct fold *fold, struct hash *state, struct hash *totals);

/* Leaves as text, and where they stand. An acta is its place in the catalogue, or n_actas + an outside's. */
void state_leaf_print(const struct fold *fold, uint32_t acta, struct buf *out);
uint32_t totals_leaf_of_area(const struct roots *roots, uint32_t contest, uint16_t area);
/* UINT32_MAX: the definition has no such section. */
uint32_t totals_leaf_of_section(const struct roots *roots, uint32_t contest, uint16_t section);
/* The leaf of that index. */
void totals_leaf_print(const struct roots *roots, const struct fold *fold, uint32_t index, struct buf *out);

#endif
