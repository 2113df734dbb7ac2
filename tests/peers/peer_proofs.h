/* A log for other programs to judge, and proofs out of it. */
#ifndef PEERS_PEER_PROOFS_H
#define PEERS_PEER_PROOFS_H

#include <stdint.h>

/* Makes a ledger of `leaves` entries in DIR/ledger and its log in DIR/public/log, by the publisher and the signer of the
 * house, through every size at which a tile begins or ends; each checkpoint is kept as DIR/checkpoints/<size>, the
 * verifier key as DIR/vkey. */
void grow(const char *dir, uint64_t leaves);

#endif
