/* Where the traffic of a window came from: exact counts by network and country from the rows of the hits, with the error
 * bound where rows are wider or the table was full, what was served meanwhile, and the hashes of what it was read from. The
 * same segments give the same report, byte for byte. */
#ifndef ORIGIN_ORIGIN_H
#define ORIGIN_ORIGIN_H

#include "doors/hits.h"
#include "geo/geo.h"
#include "origin/forms.h"
#include "seal/digest.h"
#include "sketch/distinct.h"
#include "sketch/heavy.h"

enum {
    ORIGIN_SERVERS = 32,
    ORIGIN_FILES = 8192,
    ORIGIN_COUNTRIES = 26 * 26 + 1, /* the last: unknown */
    ORIGIN_PLACES = 65536,          /* of each width of network */
    ORIGIN_TOP = 20,
    ORIGIN_GROUNDS = 4
};

struct origin_server {
    char name[48];
    struct hits_totals totals;
};

/* Of what everybody may ask, by which it is judged how few ask how much: the difusores' own door is for few who ask a lot. */
struct origin_public {
    struct heavy nets; /* /24, /48 */
    struct distinct sources;
    uint64_t seen;
};

struct origin_file {
    char path[96];  /* below DIR */
    uint64_t bytes; /* up to the end of the last block of the window */
    char sha256[DIGEST_HEX + 1];
};

struct origin_query {
    const char *dir, *incident; /* incident: "" when a window was asked for */
    const char *server;         /* only this one; "": all */
    int64_t since_ms, until_ms;
    bool short_nets; /* nothing narrower than /24 and /48 is shown */
};

struct origin {
    struct origin_query query;
    struct hits_totals totals;
    struct origin_server servers[ORIGIN_SERVERS];
    uint32_t n_servers;
    struct heavy nets[NET_LEVELS];
    uint64_t wide[NET_LEVELS]; /* in rows that are wider: any network may have so many more */
    uint64_t countries[ORIGIN_COUNTRIES], country_cost[ORIGIN_COUNTRIES];
    uint64_t country_wide;
    struct distinct sources;
    struct origin_forms forms[ORIGIN_FORMS];
    struct origin_public open;
    struct origin_file *files;
    uint32_t n_files;
    const struct geo *geo; /* NULL: all countries are unknown */
    uint32_t worst_rate;
    int64_t first_ms,
        last_ms; /* of what was read: its first block's begin and its last one's end; 0: nothing */
};

/* Reads every segment below DIR/run/hits and DIR/mirror-N/run/hits that has to do with the window. */
MUST_CHECK enum err origin_gather(const struct origin_query *query, const struct geo *geo,
                                  struct origin **out, struct why *why);
void origin_free(struct origin *origin);

enum origin_kind { ORIGIN_UNDECIDED, ORIGIN_DEMAND, ORIGIN_ATTACK };
struct origin_ground {
    const char *name, *es;
    uint64_t value, limit;
    bool holds;
};
/* Two grounds or more: indications of an attack. None: like demand. Never more than indications. */
enum origin_kind origin_judge(const struct origin *origin, struct origin_ground grounds[ORIGIN_GROUNDS]);
const char *origin_kind_name(enum origin_kind kind, bool spanish);

/* The cost below which `permille` of the requests stayed, as a power of two in ns. */
uint64_t origin_cost_below(const struct hits_totals *totals, uint32_t permille);
void origin_country_code(uint32_t index, char out[3]);

void origin_json(const struct origin *origin, struct buf *out);
void origin_html(const struct origin *origin, struct buf *out);

#endif
