/* Following the log: what a difusor checks before it believes a cut. It takes the origin's checkpoint (signature, origin), fetches
 * the entries that it has not, hashes them all, and has them only when they give the signed root over what it had before.
 * So its tree only grows, every entry that it serves was hashed here, and the hash tiles that it serves are its own.
 *
 * What it has is the checkpoint in PUBLIC/log with all its tiles and bundles; what it has ever verified is also remembered in
 * DIR/seen-checkpoint. A signed checkpoint that cannot be joined with that one is kept with it in PUBLIC/log/evidence:
 * whoever signed both has forked the log, and nobody can deny it. */
#ifndef MIRROR_FOLLOW_H
#define MIRROR_FOLLOW_H

#include "base/buf.h"
#include "formats/bound.h"
#include "tlog/tiles.h"

struct pull;

enum { EVIDENCE_NAME_MAX = 64 };

/* A cut's entry in the log. */
struct follow_cut {
    uint32_t number;
    uint64_t index;
    uint8_t manifest[32]; /* SHA-256 of its manifest's text */
};

struct follow {
    char log_dir[4096];   /* PUBLIC/log */
    char seen_path[4096]; /* DIR/seen-checkpoint */
    struct tiles *tiles;  /* over the entries that are here */
    struct tiles_pruned pruned;
    uint64_t held;
    uint64_t seen_size;
    struct hash seen_root;
    struct buf seen;    /* the note; empty before the first */
    bool conflict;      /* there is evidence */
    struct bound bound; /* the keys of the cuts, by the entries that are here */
    struct follow_cut *cuts;
    uint32_t n_cuts, cap_cuts;
    struct buf notice; /* entry of the newest notice that was read and is not shown yet; empty: none */
    uint64_t notice_index;
    uint32_t next_proof; /* the first cut whose proof is not known to be here */
};

/* Hashes again what is here; what does not give the signed root is fetched anew. */
MUST_CHECK enum err follow_open(struct pull *pull, struct why *why);
void follow_close(struct pull *pull);

/* One look at the origin's checkpoint. OK when it gives nothing new, too. ERR_CONFLICT: two histories. */
MUST_CHECK enum err follow_look(struct pull *pull, struct why *why);
/* The entry of a cut, NULL when the log as it is here has none. */
const struct follow_cut *follow_find(const struct pull *pull, uint32_t cut);
/* Fetches the proof files of cuts up to the one that is up. */
MUST_CHECK enum err follow_proofs(struct pull *pull, struct why *why);

/* follow_check.c: the pieces that look at files. */
/* The bundle that holds the entries from `bundle` * 256 of a tree of `size`, as it lies here. */
MUST_CHECK enum err follow_bundle(const struct pull *pull, uint64_t bundle, uint64_t size, struct buf *out,
                                  struct why *why);
/* Keeps both notes; always ERR_CONFLICT, or what kept it from writing. */
MUST_CHECK enum err follow_evidence(struct pull *pull, struct span note, struct why *why);
/* Remembers a cut's entry, a notice and the keys of the cuts; other entries are passed over. ERR_FORGED: a key that does not follow
 * from what came before. */
MUST_CHECK enum err follow_note(struct follow *follow, uint64_t index, struct span entry, struct why *why);

#endif
