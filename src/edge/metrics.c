/* Families by rows. The counters of the notice board sort themselves by the beginning of their names: "refused_head" is
 * atalaya_edge_refused_total{reason="head"}, so a limit that comes later is told without a word here. */
#include "edge/metrics.h"

#include "edge/conns.h"
#include "edge/hits_ring.h"
#include "gauges/exposition.h"

#include <stdio.h>

enum { BEAT_MS = 5000 };

#define PREFIX "atalaya_edge_"

static const char *const counter_names[COUNTERS] = {
#define ROW(id, name) [COUNT_##id] = (name),
    EDGE_COUNTERS(ROW)
#undef ROW
};

static const char *const path_names[] = {
#define ROW(id, name) (name),
    HITS_PATHS(ROW)
#undef ROW
};
_Static_assert(sizeof path_names / sizeof *path_names <= EDGE_PATHS_MAX, "every class of paths has a place");

static const char *const stage_names[CONN_STAGES] = {
    [CONN_SENDING] = "sending", [CONN_FLOW] = "flow", [CONN_IDLE] = "idle",
    [CONN_NEW] = "new",         [CONN_HEAD] = "head", [CONN_LINGER] = "refused"};

/* First rows first: a counter belongs to the first row that its name begins with. */
static const struct family {
    const char *begins; /* of the counter's name */
    const char *name;
    const char *label; /* what the rest of the name is; NULL: nothing, the row is one counter */
    const char *help;
} families[] = {
    {"responses_", "responses_total", "class", "Answers, by the class of their status."},
    {"refused_", "refused_total", "reason",
     "Connections and requests that a limit or a rule refused, by the rule."},
    {"timeout_", "timeouts_total", "deadline", "Connections whose deadline ran out, by the deadline."},
    {"evicted", "evicted_total", NULL,
     "Connections closed for lack of room, always of the network that has the most."},
    {"accepted", "connections_accepted_total", NULL, "Connections that were let in."},
    {"bytes", "sent_bytes_total", NULL, "Bytes of answers handed to the kernel, heads included."},
    {"tls_signed", "tls_signatures_total", NULL, "Signatures that the role with the keys gave."},
    {"tls_", "tls_handshakes_total", "kind", "TLS handshakes that were completed, by kind."},
    {"h2_connections", "h2_connections_total", NULL, "Connections that spoke HTTP/2."},
    {"h2_streams", "h2_streams_total", NULL, "Requests over HTTP/2."},
    {"h2_ended", "h2_ended_total", NULL, "HTTP/2 connections that were ended for breaking a rule."},
    {"flow_", "flow_total", "event", "Subscriptions of /flow, events written, and events skipped."},
    {"views", "views_total", NULL, "Versions of what is served that workers took up."},
};
enum { FAMILIES = sizeof families / sizeof *families };

const char *health_alive(const struct notice_board *board, uint32_t workers, int64_t now_ms)
{
    for (uint32_t i = 0; i < workers; i++) {
        int64_t beat = atomic_load_explicit(&board->workers[i].beat_ms, memory_order_relaxed);
        if (beat == 0 || now_ms - beat > BEAT_MS) {
            return "un proceso no responde / a worker does not answer\n";
        }
    }
    return NULL;
}

const char *health_ready(const struct notice_board *board, const struct edge_options *options, int64_t now_ms)
{
    struct loader_notice notice;
    const char *dead = health_alive(board, options->workers, now_ms);
    if (dead != NULL) {
        return dead;
    }
    if (!notice_read(board, &notice) || notice.has_view == 0) {
        return "todavía no hay qué servir / nothing to serve yet\n";
    }
    return notice.has_cut == 0 && options->kind != EDGE_SITE ? "todavía no hay un corte / no cut yet\n"
                                                             : NULL;
}

static const struct family *family_of(struct span counter)
{
    for (size_t i = 0; i < FAMILIES; i++) {
        struct span begins = span_str(families[i].begins);
        if (families[i].label == NULL ? span_equal(counter, begins) : span_starts(counter, begins)) {
            return &families[i];
        }
    }
    return NULL;
}

static void one_family(struct exposition *to, const struct notice_board *board, const struct family *family)
{
    struct span begins = span_str(family->begins);
    exposition_family(to, PREFIX, span_str(family->name), "", EXPOSITION_COUNTER, family->help);
    for (int i = 0; i < COUNTERS; i++) {
        if (family_of(span_str(counter_names[i])) == family) {
            struct span rest = span_from(span_str(counter_names[i]), begins.len);
            const struct exposition_label label[] = {{.name = family->label, .value = rest}, {.name = NULL}};
            exposition_u64(to, label, notice_sum(board, (enum edge_counter)i));
        }
    }
}

/* Requests are told by the class of their path; counters that no row knows under their own names. */
static void add_counters(struct exposition *to, const struct notice_board *board)
{
    exposition_family(to, PREFIX, SPAN("requests_total"), "", EXPOSITION_COUNTER,
                      "Requests that were answered, by the class of their path.");
    for (size_t i = 0; i < sizeof path_names / sizeof *path_names; i++) {
        uint64_t sum = 0;
        for (int k = 0; k < EDGE_WORKERS_MAX; k++) {
            sum += atomic_load_explicit(&board->workers[k].paths[i], memory_order_relaxed);
        }
        exposition_u64(to, EXPOSITION_ONE("path", span_str(path_names[i])), sum);
    }
    for (size_t i = 0; i < FAMILIES; i++) {
        one_family(to, board, &families[i]);
    }
    for (int i = 0; i < COUNTERS; i++) {
        if (i != COUNT_REQUESTS && family_of(span_str(counter_names[i])) == NULL) {
            exposition_family(to, PREFIX, span_str(counter_names[i]), "_total", EXPOSITION_COUNTER,
                              "See docs/formats/status.md.");
            exposition_u64(to, EXPOSITION_NONE, notice_sum(board, (enum edge_counter)i));
        }
    }
}

static void add_connections(struct exposition *to, const struct notice_board *board, uint32_t workers)
{
    exposition_family(to, PREFIX, SPAN("connections"), "", EXPOSITION_GAUGE,
                      "Open connections, by what they are doing; counted once a second.");
    for (int tls = 0; tls < 2; tls++) {
        for (int stage = 0; stage < CONN_STAGES; stage++) {
            uint64_t sum = 0;
            for (uint32_t i = 0; i < workers; i++) {
                sum += atomic_load_explicit(&board->workers[i].stages[tls][stage], memory_order_relaxed);
            }
            exposition_u64(to,
                           EXPOSITION_TWO("state",
                                          span_str(stage_names[stage] != NULL ? stage_names[stage] : "other"),
                                          "transport", tls != 0 ? SPAN("tls") : SPAN("plain")),
                           sum);
        }
    }
}

static void add_workers(struct exposition *to, const struct notice_board *board, uint32_t workers,
                        int64_t now_ms)
{
    char number[16];
    exposition_family(to, PREFIX, SPAN("worker_connections"), "", EXPOSITION_GAUGE,
                      "Open connections of a worker.");
    for (uint32_t i = 0; i < workers; i++) {
        (void)snprintf(number, sizeof number, "%u", i);
        exposition_u64(to, EXPOSITION_ONE("worker", span_str(number)),
                       atomic_load(&board->workers[i].connections));
    }
    exposition_family(to, PREFIX, SPAN("worker_beat_age_seconds"), "", EXPOSITION_GAUGE,
                      "Since a worker last had a turn for itself.");
    for (uint32_t i = 0; i < workers; i++) {
        (void)snprintf(number, sizeof number, "%u", i);
        exposition_ms(to, EXPOSITION_ONE("worker", span_str(number)),
                      now_ms - atomic_load(&board->workers[i].beat_ms));
    }
}

static void add_limits(struct exposition *to, const struct limits *limits)
{
    struct limits values = *limits;
    exposition_family(to, PREFIX, SPAN("limit"), "", EXPOSITION_GAUGE,
                      "The limits in force of each worker, in the units of --explain.");
    for (size_t i = 0; i < n_limit_rows; i++) {
        const char *unit = limit_rows[i].unit;
        exposition_u64(to,
                       EXPOSITION_TWO("limit", span_str(limit_rows[i].name), "unit",
                                      span_str(unit[0] != '\0' ? unit : "count")),
                       (uint64_t)*limit_of(&values, &limit_rows[i]));
    }
}

static void add_notice(struct exposition *to, const struct loader_notice *notice, int64_t night_ms)
{
    exposition_gauge(to, PREFIX "alarm", "1 while what is published cannot be taken up.",
                     notice->alarm[0] != '\0');
    exposition_gauge(to, PREFIX "held_bytes", "Memory for what is served.", notice->held_bytes);
    exposition_family(to, PREFIX, SPAN("load_failures_total"), "", EXPOSITION_COUNTER,
                      "Cuts and sites that were refused.");
    exposition_u64(to, EXPOSITION_NONE, notice->load_failures);
    exposition_family(to, PREFIX, SPAN("load_duration_seconds"), "", EXPOSITION_GAUGE,
                      "How long the newest load took.");
    exposition_ms(to, EXPOSITION_NONE, notice->load_ms);
    if (notice->has_cut == 0) {
        return;
    }
    exposition_gauge(to, PREFIX "cut_number", "The cut that is served.", notice->cut);
    exposition_gauge(to, PREFIX "cuts_addressable", "Cuts that can be asked for.", notice->cuts);
    exposition_family(to, PREFIX, SPAN("cut_age_seconds"), "", EXPOSITION_GAUGE,
                      "Age of the cut that is served, by the night's clock.");
    exposition_ms(to, EXPOSITION_NONE, night_ms - notice->cut_time_ms);
}

static void add_feed(struct exposition *to, const struct notice_board *board)
{
    static const char *const states[] = {
        [FEED_NONE] = "none", [FEED_OK] = "ok", [FEED_LOST] = "lost", [FEED_CONFLICT] = "conflict"};
    uint32_t now = atomic_load(&board->feed);
    exposition_family(to, PREFIX, SPAN("feed"), "", EXPOSITION_GAUGE,
                      "1 for the state in which this mirror's feed is.");
    for (uint32_t i = FEED_OK; i <= FEED_CONFLICT; i++) {
        exposition_u64(to, EXPOSITION_ONE("state", span_str(states[i])), now == i);
    }
    exposition_family(to, PREFIX, SPAN("feed_age_seconds"), "", EXPOSITION_GAUGE,
                      "Since the feed's last good answer, by the night's clock.");
    exposition_ms(to, EXPOSITION_NONE, atomic_load(&board->feed_age_s) * 1000);
}

static void add_sealed(struct exposition *to, const struct loader_notice *notice)
{
    exposition_gauge(to, PREFIX "sealed_version", "The newest sealed version of the site that was seen.",
                     notice->sealed_version);
    exposition_gauge(to, PREFIX "site_down", "1 while the site was taken down by a person.",
                     notice->site_down);
    exposition_gauge(to, PREFIX "site_differences", "Paths of the document root that are not as sealed.",
                     notice->differences);
}

static void add_certificates(struct exposition *to, const struct notice_board *board,
                             const struct edge_options *options)
{
    exposition_family(to, PREFIX, SPAN("certificate_expiry_timestamp_seconds"), "", EXPOSITION_GAUGE,
                      "When a certificate in use ends, or the first of its chain does.");
    for (uint32_t i = 0; i < options->n_certs; i++) {
        exposition_u64(to, EXPOSITION_ONE("file", span_str(options->certs[i])),
                       (uint64_t)atomic_load(&board->certs.ends_s[i]));
    }
    exposition_family(to, PREFIX, SPAN("certificate_reloads_total"), "", EXPOSITION_COUNTER,
                      "Sets of certificates that were read again, by what came of it.");
    exposition_u64(to, EXPOSITION_ONE("result", SPAN("taken")), atomic_load(&board->certs.taken));
    exposition_u64(to, EXPOSITION_ONE("result", SPAN("refused")), atomic_load(&board->certs.refused));
    exposition_family(to, PREFIX, SPAN("key_answers_waited_total"), "", EXPOSITION_COUNTER,
                      "Packets of signatures that a worker's socket did not take at once.");
    exposition_u64(to, EXPOSITION_NONE, atomic_load(&board->certs.waited));
}

static void add_hits(struct exposition *to, const struct notice_board *board)
{
    const struct hits_place *hits = &board->hits[0];
    exposition_family(to, PREFIX, SPAN("hits_total"), "", EXPOSITION_COUNTER,
                      "Hits that the scribe read from the workers.");
    exposition_u64(to, EXPOSITION_NONE, atomic_load(&hits->seen));
    exposition_family(to, PREFIX, SPAN("hits_dropped_total"), "", EXPOSITION_COUNTER,
                      "Hits that are in no segment: overrun before they were read, or refused by the disk.");
    exposition_u64(to, EXPOSITION_ONE("reason", SPAN("overrun")), atomic_load(&hits->lost));
    exposition_u64(to, EXPOSITION_ONE("reason", SPAN("disk")), atomic_load(&hits->unwritten));
}

void edge_metrics(const struct notice_board *board, const struct edge_options *options, int64_t now_ms,
                  int64_t night_ms, struct buf *out)
{
    struct exposition to = {.out = out};
    struct loader_notice notice = {0};
    exposition_family(&to, PREFIX, SPAN("build_info"), "", EXPOSITION_GAUGE, "1; what runs and as what.");
    exposition_u64(
        &to,
        EXPOSITION_TWO("version", SPAN(ATALAYA_VERSION), "kind", span_str(edge_kind_name(options->kind))), 1);
    exposition_gauge(&to, PREFIX "alive", "1 when /healthz says 200.",
                     health_alive(board, options->workers, now_ms) == NULL);
    exposition_gauge(&to, PREFIX "ready", "1 when /readyz says 200.",
                     health_ready(board, options, now_ms) == NULL);
    add_counters(&to, board);
    add_connections(&to, board, options->workers);
    add_workers(&to, board, options->workers, now_ms);
    add_limits(&to, &options->limits);
    if (notice_read(board, &notice)) {
        add_notice(&to, &notice, night_ms);
        if (options->sealed != NULL) {
            add_sealed(&to, &notice);
        }
    }
    if (options->feed_state != NULL) {
        add_feed(&to, board);
    }
    if (options->n_certs > 0) {
        add_certificates(&to, board, options);
    }
    if (options->hits != NULL) {
        add_hits(&to, board);
    }
}
