/* The store role: the only one that opens the store, the ledger and the images. It examines again what the
 * gate passes on, stores what arrived meanwhile as one group, answers, feeds the copy and serves the control
 * socket. */
#ifndef INTAKE_KEEPER_H
#define INTAKE_KEEPER_H

#include "intake/examine.h"

struct keeper_config {
    const char *dir;
    const struct examiner *examiner;
    int gate;       /* link to the gate */
    int copy;       /* link to the copy role, -1: none */
    bool copy_sync; /* acknowledgements wait until the copy has them */
    uint8_t programs[32];
};

/* Exit codes of roles: anything else is started again. */
enum { ROLE_CONTRADICTION = 3 };

/* Runs the role; its exit code. ROLE_CONTRADICTION: store, ledger, definition or copy contradict each other
 * and a person must look. */
int keeper_run(const struct keeper_config *config);

#endif
