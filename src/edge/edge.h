/* The edge: serves what is published, from memory. A parent holds the listening socket and starts two kinds of roles: one
 * loader, which reads and verifies and speaks with nobody outside, and workers, which speak with everybody and read
 * nothing but images and ledger bundles below one folder. A view (edge/view.h) is what goes from one to the others. */
#ifndef EDGE_EDGE_H
#define EDGE_EDGE_H

#include "base/err.h"
#include "base/span.h"
#include "doors/cut_keys.h"
#include "edge/forwarders.h"
#include "edge/limits.h"
#include "edge/site.h"
#include "seal/note.h"

#include <stdbool.h>
#include <stdint.h>

enum edge_kind { EDGE_RESULTS, EDGE_MIRROR, EDGE_FEED, EDGE_SITE, EDGE_KINDS };

enum { EDGE_LINKS_MAX = 16, EDGE_CERTS_MAX = 8 };

struct edge_options {
    const char *listen;
    const char *tls_listen;            /* or NULL */
    const char *certs[EDGE_CERTS_MAX]; /* PEM, with their chains; the first is for names that none has */
    const char *keys[EDGE_CERTS_MAX];  /* theirs, in the same order */
    uint32_t n_certs;
    const char *hsts;   /* what Strict-Transport-Security says over TLS; NULL: it is not sent */
    const char *health; /* a listener of its own for monitors (edge/health.h), or NULL */
    char *const *argv;  /* how the program was called: so it is called again */
    const char *tree;   /* DIR/public, or the site's document root */
    enum edge_kind kind;
    const char *name;         /* of this host: "difusor-1" */
    struct note_key vkey;     /* of who seals a site; not for a site that is not sealed */
    struct cut_keys cut_keys; /* that sign the cuts; not for a site */
    const char *
        cut_keys_path; /* their file, which is read again when it is another one; NULL: they were given themselves */
    const char *sealed;     /* site: DIR of docs/formats/site.md, and nothing but that is served; or NULL */
    const char *status;     /* file, or NULL */
    const char *program;    /* the name in the status file */
    const char *clock;      /* the night's clock, or NULL for the system's */
    const char *feed_state; /* mirror: file that atalaya-mirror writes, or NULL */
    const char *results;    /* URL, or NULL */
    const char *flow;       /* folder of the status files that /flow tells of, or NULL */
    const char *notice;     /* site: the file of the newest notice (doors/notice.h), or NULL */
    struct site_link mirrors[EDGE_LINKS_MAX];
    uint32_t n_mirrors;
    const char *hits;      /* folder of the hits, or NULL: none are written */
    const char *incidents; /* folder of the incidents, or NULL */
    int64_t hits_rate;     /* bytes of records a second */
    int64_t hits_total;    /* bytes of segments */
    uint64_t budget;       /* bytes in memory and packs for bodies */
    const char *packs;     /* folder for larger bodies, or NULL: all lie in memory */
    uint32_t workers;
    struct limits limits;
    struct forwarders forwarders;
};

/* "results", "mirror", "feed", "site". */
const char *edge_kind_name(enum edge_kind kind);

/* Could it begin so: are certificates and keys such as can be read, and do they fit? In a process of its own, which says on standard
 * error why not. The return value is the exit code, 0 or 2. */
int edge_check(const struct edge_options *given);

/* Runs until SIGTERM or SIGINT. Prints one line with the address when it listens. The return value is the exit code. */
int edge_run(const struct edge_options *given);

#endif
