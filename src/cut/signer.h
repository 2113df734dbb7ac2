/* The sign role: holds the results' key and signs manifests of cuts whose numbers only grow. It parses
 * nothing that comes from outside: a text of the cut role's own making, of which it reads the first lines. */
#ifndef CUT_SIGNER_H
#define CUT_SIGNER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct signer_options {
    const char *key_path;   /* DIR/keys/cut.key */
    const char *state_path; /* DIR/keys/cut.state: the newest cut signed, and the hash of its text */
    int fd;                 /* SOCK_SEQPACKET to the cut role */
};

/* The role's main: 0 when the other side is gone. Argument: struct signer_options. */
int signer_main(void *arg);

/* The cut role's side. The note is the text with its signature, the minisig belongs to the note. What is neither that note nor a
 * refusal ends the talk: a late answer is never taken for the next cut's. */
MUST_CHECK enum err signer_ask(int fd, struct span text, struct buf *note, struct buf *minisig,
                               struct why *why);
/* The verifier key ("name+id+key", no LF) and minisign's public key file; `anew`: of the key that its file holds by now. */
MUST_CHECK enum err signer_keys(int fd, bool anew, struct buf *vkey, struct buf *minisign, struct why *why);

/* What the role remembers, and its rule; apart so that it can be tested without a process. */
struct signer_state {
    bool any;
    uint32_t cut;
    uint8_t text[32]; /* SHA-256 */
};
MUST_CHECK enum err signer_state_parse(struct span bytes, struct signer_state *out);
void signer_state_print(const struct signer_state *state, struct buf *out);
/* Reads the number of a manifest's cut off its first lines and says whether it may be signed after `state`: a
 * greater number, or the same text once more. ERR_SYNTAX, ERR_REFUSED. `origin` is the key's name. */
MUST_CHECK enum err signer_allows(const struct signer_state *state, struct span text, const char *origin,
                                  struct signer_state *next, struct why *why);

#endif
