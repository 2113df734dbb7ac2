/* DIR of docs/formats/site.md: keys, objects, sealed states, modes, journal. */
#ifndef GUARD_STORE_H
#define GUARD_STORE_H

#include "doors/sealed.h"
#include "os/file.h"
#include "seal_secret/sign.h"

struct store {
    char dir[FILE_PATH_MAX];
    int lock; /* -1: only looked at */
    struct note_key vkey;
    bool has_key;
    struct sealed newest; /* version 0: none yet */
    uint8_t newest_sha256[32];
    struct site_mode mode; /* serial 0: none yet */
    uint64_t skipped;      /* notes above the newest good ones: not ours, or damaged */
};

/* Opens it. `writing`: the folders are made, the lock is taken, `tmp` is emptied; otherwise a store that is not there is
 * ERR_MISSING. A newest note that is no good is passed over and counted. */
MUST_CHECK enum err store_open(struct store *store, const char *dir, bool writing, struct why *why);
void store_close(struct store *store);

/* The first time, a key of this name is made. Wiped by the caller. */
MUST_CHECK enum err store_key(struct store *store, const char *name, struct secret_key *out, struct why *why);

/* Signs the state as the next version (name, version, time, previous are filled in) and makes it durable. */
MUST_CHECK enum err store_seal(struct store *store, const struct secret_key *key, struct sealed *next,
                               int64_t now_ms, struct why *why);
MUST_CHECK enum err store_mode(struct store *store, const struct secret_key *key, bool down,
                               struct span reason, int64_t now_ms, struct why *why);
/* A note by its number, verified: folder "sealed" or "mode"; the text is appended. */
MUST_CHECK enum err store_note(const struct store *store, const char *folder, uint64_t number,
                               struct buf *text, struct why *why);
MUST_CHECK enum err store_journal(const struct store *store, const char *act, struct span what,
                                  int64_t now_ms, struct why *why);

/* "DIR/objects/ab/<sha256>". */
void store_object_path(const struct store *store, const uint8_t sha256[32], char out[FILE_PATH_MAX]);
/* The object is there and its bytes are the ones of its name. ERR_MISSING, ERR_FORGED. */
MUST_CHECK enum err store_object_check(const struct store *store, const uint8_t sha256[32], uint64_t bytes);

#endif
