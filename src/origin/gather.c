/* Walks the segments in order. A segment that is wrong stops the report and is named; half a block at its end is not yet. */
#include "origin/origin.h"

#include "base/map.h"
#include "base/num.h"
#include "os/file.h"

#include <stdio.h>
#include <stdlib.h>

enum { MINUTE_MS = 60000 };

static uint32_t country_index(const char code[3])
{
    bool known = code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z';
    return known ? (uint32_t)(code[0] - 'A') * 26 + (uint32_t)(code[1] - 'A') : ORIGIN_COUNTRIES - 1;
}

void origin_country_code(uint32_t index, char out[3])
{
    out[0] = index < ORIGIN_COUNTRIES - 1 ? (char)('A' + index / 26) : '?';
    out[1] = index < ORIGIN_COUNTRIES - 1 ? (char)('A' + index % 26) : '?';
    out[2] = '\0';
}

static void add_row(struct origin *origin, const struct hits_row *row)
{
    bool v4 = row->bits >= 96 && net_is_v4(row->net);
    for (int level = 0; level < NET_LEVELS; level++) {
        uint8_t bits = net_level_bits(v4, level);
        struct net net = net_of(row->net, bits);
        if (row->bits < bits) {
            origin->wide[level] += row->requests;
        } else {
            heavy_add(&origin->nets[level], &net, row->requests, row->cost_ns);
        }
    }
    if (row->bits >= net_level_bits(v4, 0)) {
        distinct_add(&origin->sources, siphash(0, 0, row->net, 16));
    }
    if (row->bits < net_level_bits(v4, 1)) {
        origin->country_wide += row->requests;
        return;
    }
    struct geo_country country = {"??"};
    if (origin->geo != NULL) {
        country = geo_find(origin->geo, row->net);
    }
    uint32_t index = country_index(country.code);
    origin->countries[index] += row->requests;
    origin->country_cost[index] += row->cost_ns;
}

/* What everybody may ask is judged by how few ask how much; the door of the difusores is not, they are few by design. */
static void add_open(struct origin_public *open, const struct hits_row *row)
{
    bool v4 = row->bits >= 96 && net_is_v4(row->net);
    uint8_t bits = net_level_bits(v4, 1);
    struct net net = net_of(row->net, bits);
    open->seen += row->requests;
    if (row->bits >= bits) {
        heavy_add(&open->nets, &net, row->requests, row->cost_ns);
    }
    if (row->bits >= net_level_bits(v4, 0)) {
        distinct_add(&open->sources, siphash(0, 0, row->net, 16));
    }
}

static void add_totals(struct hits_totals *sum, const struct hits_totals *more)
{
    sum->seen += more->seen;
    sum->lost += more->lost;
    sum->cost_ns += more->cost_ns;
    sum->bytes += more->bytes;
    for (int i = 0; i < HITS_DECISIONS; i++) {
        sum->by_decision[i] += more->by_decision[i];
    }
    for (int i = 0; i < HITS_STATUSES; i++) {
        sum->by_status[i] += more->by_status[i];
    }
    for (int i = 0; i < HITS_COSTS; i++) {
        sum->by_cost[i] += more->by_cost[i];
    }
}

static struct origin_server *server_of(struct origin *origin, const char *name)
{
    for (uint32_t i = 0; i < origin->n_servers; i++) {
        if (strcmp(origin->servers[i].name, name) == 0) {
            return &origin->servers[i];
        }
    }
    if (origin->n_servers == ORIGIN_SERVERS) {
        return NULL;
    }
    struct origin_server *server = &origin->servers[origin->n_servers++];
    (void)snprintf(server->name, sizeof server->name, "%s", name);
    return server;
}

static enum err add_segment(struct origin *origin, const char *relative, struct span bytes, struct why *why)
{
    static struct hits_reader reader;
    static struct forms_tally tally; /* zero between segments */
    struct hits_view view;
    uint64_t last = 0;
    enum err err = hits_open(&reader, bytes, why);
    if (err != OK) {
        return err == ERR_AGAIN ? OK : err;
    }
    bool wanted = origin->query.server[0] == '\0' || strcmp(origin->query.server, reader.head.name) == 0;
    while (wanted && (err = hits_next(&reader, &view, why)) == OK) {
        if (view.to_ms <= origin->query.since_ms || view.from_ms >= origin->query.until_ms) {
            continue;
        }
        struct origin_server *server = server_of(origin, reader.head.name);
        add_totals(&origin->totals, &view.totals);
        if (server != NULL) {
            add_totals(&server->totals, &view.totals);
        }
        for (uint32_t i = 0; i < view.n_rows; i++) {
            struct hits_row row = hits_row_at(&view, i);
            add_row(origin, &row);
            if (!span_is(hits_name(&reader, HITS_PLANE, 0), "feed")) {
                add_open(&origin->open, &row);
            }
        }
        forms_count(&tally, &view);
        origin->worst_rate = view.rate > origin->worst_rate ? view.rate : origin->worst_rate;
        if (view.totals.seen > 0) {
            bool first = origin->last_ms == 0 || view.from_ms < origin->first_ms;
            origin->first_ms = first ? view.from_ms : origin->first_ms;
            origin->last_ms = view.to_ms > origin->last_ms ? view.to_ms : origin->last_ms;
        }
        last = reader.at;
    }
    forms_merge(origin->forms, &reader, &tally);
    if (wanted && err != ERR_MISSING && err != ERR_AGAIN) {
        return err;
    }
    if (last > 0 && origin->n_files < ORIGIN_FILES) {
        struct origin_file *file = &origin->files[origin->n_files++];
        if (!span_copy(span_str(relative), file->path, sizeof file->path)) {
            return why_set(why, ERR_TOO_BIG, "the name of the server is too long");
        }
        file->bytes = last;
        digest_hex(span_of(bytes.at, (size_t)last), file->sha256);
    }
    return OK;
}

struct walk {
    struct origin *origin;
    const char *below; /* of DIR */
    struct why *why;
};

/* A segment is named by when it was opened, and takes no block more than a minute later. */
static bool may_be_in(const struct origin_query *query, const char *relative)
{
    const char *name = strrchr(relative, '/');
    struct span digits = span_str(name == NULL ? relative : name + 1);
    int64_t opened = 0;
    digits.len = digits.len >= 13 ? 13 : digits.len;
    if (num_parse_i64(digits, &opened) != OK) {
        return true;
    }
    return opened + 2 * MINUTE_MS >= query->since_ms && opened <= query->until_ms + MINUTE_MS;
}

static enum err visit(void *arg, const char *relative, int64_t size)
{
    const struct walk *walk = arg;
    char below[FILE_PATH_MAX], path[FILE_PATH_MAX];
    struct mapped file = {0};
    (void)size;
    if (!span_ends(span_str(relative), SPAN(".hits")) || !may_be_in(&walk->origin->query, relative)) {
        return OK;
    }
    path_join(below, walk->below, relative);
    if (file_map(path_join(path, walk->origin->query.dir, below), &file, NULL) != OK) {
        return OK; /* the oldest go while we read */
    }
    enum err err = add_segment(walk->origin, below, file.bytes, walk->why);
    file_unmap(&file);
    return err == OK ? OK : why_prefix(walk->why, err, "%s", below);
}

static enum err gather(struct origin *origin, struct why *why)
{
    static const char *const places[] = {"run/hits", "mirror-1/run/hits", "mirror-2/run/hits"};
    static const uint64_t key[2] = {0, 0}; /* a report must come out the same again */
    for (int level = 0; level < NET_LEVELS; level++) {
        TRY(heavy_init(&origin->nets[level], ORIGIN_PLACES, key));
    }
    TRY(heavy_init(&origin->open.nets, ORIGIN_PLACES, key));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char path[FILE_PATH_MAX];
        struct walk walk = {.origin = origin, .below = places[i], .why = why};
        if (file_exists(path_join(path, origin->query.dir, places[i]))) {
            TRY(folder_walk(path, visit, &walk, why));
        }
    }
    return OK;
}

enum err origin_gather(const struct origin_query *query, const struct geo *geo, struct origin **out,
                       struct why *why)
{
    struct origin *origin = calloc(1, sizeof *origin);
    struct origin_file *files = calloc(ORIGIN_FILES, sizeof *files);
    if (origin == NULL || files == NULL) {
        free(origin);
        free(files);
        return why_set(why, ERR_FULL, "no memory");
    }
    origin->query = *query;
    origin->files = files;
    origin->geo = geo;
    enum err err = gather(origin, why);
    forms_sort(origin->forms);
    if (err != OK) {
        origin_free(origin);
        return err;
    }
    *out = origin;
    return OK;
}

void origin_free(struct origin *origin)
{
    for (int level = 0; origin != NULL && level < NET_LEVELS; level++) {
        heavy_done(&origin->nets[level]);
    }
    if (origin != NULL) {
        heavy_done(&origin->open.nets);
        free(origin->files);
        free(origin);
    }
}
