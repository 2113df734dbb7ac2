/* The status file of the cut: DIR/run/status/cut (docs/formats/status.md). */
#ifndef CUT_STATE_H
#define CUT_STATE_H

#include "cut/shop.h"

struct state {
    char path[SHOP_PATH_MAX];
    const char *name; /* "running" ... */
    int64_t since_ms;
    struct buf bytes, alarm;
    char values[32][32];
    uint32_t n_values;
};

void state_init(struct state *state, const char *dir);
/* Writes it; a failure is passed over: the file is then old, which says enough. */
void state_write(struct state *state, const struct shop *shop, bool failing, bool ready);
/* The last one, and the end. */
void state_stop(struct state *state, const struct shop *shop);

#endif
