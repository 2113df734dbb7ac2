/* The publisher: follows the ledger, makes the tiles and bundles of each new size, has it signed, and shows the checkpoint
 * last, when all it speaks of is on disk. After that come the proofs of the cuts that it covers for the first time
 * (logtree/cut_proofs), and partial tiles whose full ones stand since a while go.
 *
 * Copy: with a continuous copy the tree ends where the copy ends, so that whoever goes on from it has all that was ever signed;
 * and no cut's proof is shown that the copy has not.
 *
 * Embargo: before the opening hour the published tree ends before the first entry that carries votes, whatever the ledger
 * already holds; not an entry, not a hash of one, leaves earlier. */
#ifndef LOGTREE_PUBLISHER_H
#define LOGTREE_PUBLISHER_H

#include "base/buf.h"
#include "base/err.h"
#include "tlog/checkpoint.h"

#include <stdint.h>

struct publisher;

struct publisher_options {
    const char *ledger_dir; /* DIR/ledger */
    const char *public_dir; /* DIR/public: log/ is below it */
    const char *origin;
    int64_t opening_ms;
    const char *
        copy_dir; /* DIR/run/copy: `have` says how many entries the copy has, `waived` that it does not count; NULL: none */
    const char *proofs_dir; /* with it: DIR/run/proofs, where the cuts' proofs wait for the copy */
};

/* Asks for a signature over `checkpoint` (a text) with a proof from old_size; appends the note. ERR_CONFLICT with
 * *signer_size set: the signer's last size is another. */
typedef enum err (*publisher_ask)(void *arg, const struct add_checkpoint *request, struct buf *note,
                                  uint64_t *signer_size, struct why *why);

/* Opens at the size of the published checkpoint, if there is one; tiles that a crash took are made again. */
MUST_CHECK enum err publisher_open(const struct publisher_options *options, struct publisher **out,
                                   struct why *why);
void publisher_close(struct publisher *publisher);

/* Takes in what the ledger has and publishes a checkpoint when the tree has grown (or none stands there yet). *grew says
 * whether it did. */
MUST_CHECK enum err publisher_turn(struct publisher *publisher, int64_t now_ms, publisher_ask ask, void *arg,
                                   bool *grew, struct why *why);
uint64_t publisher_size(const struct publisher *publisher); /* of the published checkpoint */

/* What a status file says. */
struct publisher_facts {
    uint64_t published; /* size of the checkpoint that stands */
    uint64_t read;      /* entries taken into the tree; more than `published` while a signature is missing */
    uint64_t signed_size; /* what the signer last signed, as far as we know */
    bool has_checkpoint;
    bool copy_behind;    /* the copy has no more, the ledger may have */
    bool proofs_wait;    /* a cut's proof is made, or to be made, and not shown yet */
    bool held;           /* an entry waits for the opening hour */
    uint64_t cut_proofs; /* proof files written by this process */
};
void publisher_facts(const struct publisher *publisher, struct publisher_facts *out);

#endif
