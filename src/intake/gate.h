/* The gate: the role that speaks with the network. It parses HTTP and TLS, examines what comes, and passes on
 * what holds to the store role; it answers only what the store role has answered. It has no files and no keys
 * but TLS's. */
#ifndef INTAKE_GATE_H
#define INTAKE_GATE_H

#include "intake/examine.h"
#include "tls/tls.h"

struct gate_config {
    int listener;
    int link;               /* to the store role */
    struct tls_server *tls; /* NULL: plain */
    const struct examiner *examiner;
    uint32_t connections; /* at most; past it the slowest goes */
    int64_t patience_ms;  /* for a head, for the grace of a body, for taking an answer */
};

enum { GATE_CONNECTIONS = 1024, GATE_PATIENCE_MS = 10000 };

/* Runs the role; its exit code. */
int gate_run(const struct gate_config *config);

#endif
