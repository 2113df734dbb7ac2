/* Which keys sign the cuts, by the log itself: read off its entries in order, from the first on (docs/formats/ledger.md, Keys).
 * Whoever has the entries of a signed tree needs no other list. */
#ifndef FORMATS_BOUND_H
#define FORMATS_BOUND_H

#include "doors/cut_keys.h"
#include "tlog/checkpoint.h"
#include "tlog/entry.h"

struct bound {
    struct cut_keys keys;
    uint64_t entries[CUT_KEYS_MAX]; /* their indexes */
    char origin[ORIGIN_MAX + 1];    /* of the opening; "" before it */
    uint32_t files, files_complete; /* of the definition */
    bool any_key, any_policy, any_cut;
    uint32_t next_cut; /* the number of the cut that comes next, for all that is known */
};

void bound_init(struct bound *bound);
/* Takes the next entry in; most are none of its business. ERR_CONFLICT names the entry and the rule that it breaks: a key before
 * the definition is whole, the first policy after the keys that it is to stand for, a key of another name, one that does not
 * replace the newest, or one that had ended. */
MUST_CHECK enum err bound_take(struct bound *bound, uint64_t index, struct span entry, struct why *why);
/* The whole of DIR/ledger, as far as it goes. ERR_MISSING: there is none. */
MUST_CHECK enum err bound_read(const char *ledger_dir, struct bound *out, struct why *why);
/* The newest key's entry, ENTRY_NONE: none. */
uint64_t bound_newest(const struct bound *bound);

/* DIR/pins/cut.vkeys: where a night and a difusor keep the list for their edges, in a folder of its own. */
#define BOUND_PINS      "pins"
#define BOUND_PINS_FILE BOUND_PINS "/cut.vkeys"
MUST_CHECK enum err bound_pin(const struct cut_keys *keys, const char *dir, struct why *why);

#endif
