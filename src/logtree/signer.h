/* The signer: it remembers the largest tree it has signed and signs nothing that does not contain it.
 *
 * Its state is one file on a disk of its own (origin, size, root). A request carries a consistency proof from that size; the
 * new state is on disk before the signature leaves. Whoever asks can be rolled back, restarted or replaced: the worst it gets
 * is a refusal. A missing state file is no empty tree: it must be made once, aloud (signer_begin).
 *
 *   prep-signer/v1\n origin <origin>\n size <n>\n root <base64>\n */
#ifndef LOGTREE_SIGNER_H
#define LOGTREE_SIGNER_H

#include "base/buf.h"
#include "base/err.h"
#include "seal_secret/sign.h"
#include "tlog/checkpoint.h"

struct signer_state {
    char origin[ORIGIN_MAX + 1];
    uint64_t size;
    struct hash root;
};

void signer_state_print(const struct signer_state *state, struct buf *out);
MUST_CHECK enum err signer_state_parse(struct span bytes, struct signer_state *out, struct why *why);

/* Makes the state of a log that has signed nothing yet. ERR_EXISTS when there is one: an origin is never begun twice. */
MUST_CHECK enum err signer_begin(const char *path, struct span origin, struct why *why);
/* The same, of what a restored night goes on from. */
MUST_CHECK enum err signer_begin_at(const char *path, const struct signer_state *state, struct why *why);
MUST_CHECK enum err signer_load(const char *path, struct signer_state *out, struct why *why);

/* Pure: would this be signed? ERR_CONFLICT when the old size is not the signer's, ERR_FORGED when the proof does not join. */
MUST_CHECK enum err signer_decide(const struct signer_state *state, const struct add_checkpoint *request,
                                  struct signer_state *next, struct why *why);

/* Decides, writes the new state durably, and only then appends the signed checkpoint (a note) to `out`. */
MUST_CHECK enum err signer_sign(const char *path, struct signer_state *state, const struct secret_key *key,
                                struct span request, struct buf *out, struct why *why);

/* The role: answers requests on a SEQPACKET descriptor until its end: "ok\n<note>", "conflict <size>", "error <sentence>". */
struct signer_role {
    int fd;
    const char *state_path;
    const char *key_path;
};
int signer_role_main(void *arg);

#endif
