/* Checkpoints (C2SP tlog-checkpoint v1.0.0) and proof files (tlog-proof): texts only; signatures are
 * seal/note's.
 *
 *   <origin>\n<size, decimal>\n<base64 of the root>\n        no extension lines: cut data goes in entries */
#ifndef TLOG_CHECKPOINT_H
#define TLOG_CHECKPOINT_H

#include "base/buf.h"
#include "base/err.h"
#include "tlog/merkle.h"

enum { CHECKPOINT_MAX = 65536, ORIGIN_MAX = 127, PROOF_FILE_MAX = 262144 };

struct checkpoint {
    struct span origin;
    uint64_t size;
    struct hash root;
    struct span extensions; /* other logs' lines, verbatim; empty in ours */
};

void checkpoint_print(const struct checkpoint *checkpoint, struct buf *out);
/* The text of a note (seal/note note_split or note_verify). Spans borrow. */
MUST_CHECK enum err checkpoint_parse(struct span text, struct checkpoint *out, struct why *why);

/* A .tlog-proof: that a leaf is at `index` of the tree that `checkpoint` (a whole note) names. */
struct tlog_proof {
    bool has_extra;
    struct span extra; /* decoded; not authenticated by itself: hash it as the leaf before believing it */
    uint64_t index;
    struct merkle_proof proof;
    struct span checkpoint;
};
void tlog_proof_print(const struct tlog_proof *proof, struct buf *out);
/* `scratch` holds the decoded extra. */
MUST_CHECK enum err tlog_proof_parse(struct span bytes, struct tlog_proof *out, struct buf *scratch,
                                     struct why *why);

/* The body of tlog-witness's add-checkpoint, and of what our own signer is asked:
 *
 *   old <size>\n   (base64 hash\n)*   \n   <checkpoint: a text, or a whole note> */
struct add_checkpoint {
    uint64_t old_size;
    struct merkle_proof proof;
    struct span checkpoint;
};
void add_checkpoint_print(const struct add_checkpoint *request, struct buf *out);
MUST_CHECK enum err add_checkpoint_parse(struct span body, struct add_checkpoint *out, struct why *why);

#endif
