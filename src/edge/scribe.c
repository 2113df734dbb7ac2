/* The scribe: drains the workers' rings, and once a second writes what came as a block (doors/hits.h): exact counts, gaps,
 * a bounded sample. It notices when the rate leaves its custom and says so in a file. It hears nobody and answers nobody;
 * when it stands still, nobody waits for it. */
#include "edge/hits_book.h"
#include "edge/prints.h"
#include "edge/protocol.h"
#include "edge/roles.h"

#include "base/date.h"
#include "base/log.h"
#include "os/append.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/jail.h"
#include "sketch/change.h"

#include <signal.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/timex.h>

enum {
    LOOK_MS = 50,
    SECOND_MS = 1000,
    SEGMENT_MS = 60000,
    READ_MAX = 1024,
    LAST_MS = 6000, /* how long workers of a program that was replaced may still write */
    NAMES_MAX = 128,
    PATHS = HITS_PATH_CLASSES
};

/* Four times the custom, three seconds in a row; over after fifteen below half of that. */
static const struct change_rule rules[] = {
    {.least = 200, .times = 4, .begin_s = 3, .end_s = 15, .custom_bits = 7},       /* requests */
    {.least = 300000000, .times = 4, .begin_s = 3, .end_s = 15, .custom_bits = 7}, /* ns of processor time */
};
static const char *const rule_names[] = {"requests", "cost_ns"};
enum { RULES = sizeof rules / sizeof *rules };

struct scribe {
    const struct role_gift *gift;
    struct loop *loop;
    const struct hits_ring *rings[EDGE_WORKERS_MAX];
    struct hits_book book;
    struct prints prints;
    struct append file;
    char path[FILE_PATH_MAX];
    int64_t opened_ms, last_ms;
    uint32_t error_us;
    bool said[HITS_KINDS][HITS_IDS];
    struct change changes[RULES];
    char incident[96]; /* its id; "": none */
    struct buf incident_text;
    struct buf out;
    struct hits_slot slots[READ_MAX];
};

static const char *const methods[] = {"other", "GET", "HEAD", "POST", "PUT", "OPTIONS"};
static const char *const decisions[] = {"served", "refused", "timeout", "evicted", "lost"};
/* By enum protocol_id, then in clear, over TLS 1.2 and over TLS 1.3. */
static const char *const protocols[PROTOCOLS * HITS_WAYS] = {
#define WAYS(protocol, name)                                                                                 \
    [(protocol)*HITS_WAYS] = (name), [(protocol)*HITS_WAYS + 1] = name " tls/1.2",                           \
    [(protocol)*HITS_WAYS + 2] = name " tls/1.3"
    WAYS(PROTOCOL_HTTP1, "http/1.1"), WAYS(PROTOCOL_PROXY, "proxy"), WAYS(PROTOCOL_TLS, "tls"),
    WAYS(PROTOCOL_HTTP2, "h2"),       WAYS(PROTOCOL_FLOW, "flow"),
#undef WAYS
};
static const char *const reasons[COUNTERS + 1] = {
#define ROW(id, name) [COUNT_##id] = (name),
    EDGE_COUNTERS(ROW)
#undef ROW
        [COUNTERS] = "none"};
static const char *const paths[PATHS] = {
#define ROW(id, name) (name),
    HITS_PATHS(ROW)
#undef ROW
};

struct words {
    struct hits_word
        all[3 * HITS_IDS]; /* of two kinds of fingerprints as many as there are ids, and the fixed ones */
    uint32_t n;
};

static void say(struct scribe *scribe, struct words *words, enum hits_kind kind, uint16_t id,
                struct span text)
{
    if (!scribe->said[kind][id]) {
        scribe->said[kind][id] = true;
        words->all[words->n++] = (struct hits_word){.kind = kind, .id = id, .text = text};
    }
}

static void say_all(struct scribe *scribe, struct words *words, enum hits_kind kind, const char *const *names,
                    size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *name = names[i] == NULL ? "other" : names[i];
        say(scribe, words, kind, (uint16_t)i, span_str(name));
    }
}

/* Of the fingerprints those that an event of this block has, in the order of their ids. */
static void say_prints(struct scribe *scribe, struct words *words, enum hits_kind kind,
                       enum prints_kind prints)
{
    bool used[HITS_IDS] = {false};
    for (uint32_t i = 0; i < scribe->book.n_records; i++) {
        used[scribe->book.records[i].id[kind]] = true;
    }
    for (unsigned id = 1; id < HITS_IDS; id++) {
        if (used[id]) {
            say(scribe, words, kind, (uint16_t)id, prints_text(&scribe->prints, prints, (uint16_t)id));
        }
    }
}

static void say_words(struct scribe *scribe, struct words *words)
{
    const char *const plane[] = {edge_kind_name(scribe->gift->options->kind)};
    words->n = 0;
    say_all(scribe, words, HITS_PLANE, plane, 1);
    say_all(scribe, words, HITS_PROTOCOL, protocols, PROTOCOLS * HITS_WAYS);
    say_all(scribe, words, HITS_METHOD, methods, sizeof methods / sizeof *methods);
    say_all(scribe, words, HITS_PATH, paths, PATHS);
    say_all(scribe, words, HITS_DECISION, decisions, sizeof decisions / sizeof *decisions);
    say_all(scribe, words, HITS_REASON, reasons, COUNTERS + 1);
    say_prints(scribe, words, HITS_HTTP, PRINTS_HTTP);
    say_prints(scribe, words, HITS_TLS, PRINTS_TLS);
}

/* A worker may have been taken over: what cannot be becomes nothing. */
static uint16_t below(uint32_t id, uint32_t n, uint16_t otherwise)
{
    return id < n ? (uint16_t)id : otherwise;
}

static void take(struct scribe *scribe, uint32_t worker, uint64_t number, const struct hits_slot *slot)
{
    const struct role_gift *gift = scribe->gift;
    struct hit hit = {
        .time_ms = slot->time_ms, .bytes = slot->bytes & (UINT64_MAX >> 16), .cost_ns = slot->cost_ns};
    hit.number = (uint64_t)worker << 56 | (number & (UINT64_MAX >> 8));
    memcpy(hit.source, slot->source, 16);
    memcpy(hit.dest, gift->address, 16);
    hit.source_port = slot->port;
    hit.dest_port = gift->port;
    hit.status = hits_status_class(slot->status) == 0 ? 0 : slot->status;
    hit.id[HITS_PROTOCOL] = below(slot->protocol, PROTOCOLS * HITS_WAYS, 0);
    hit.id[HITS_METHOD] = below(slot->method, sizeof methods / sizeof *methods, 0);
    hit.id[HITS_PATH] = below(slot->path, PATHS, 0);
    hit.id[HITS_DECISION] = below(slot->decision, sizeof decisions / sizeof *decisions, DECIDED_LOST);
    hit.id[HITS_REASON] = below(slot->reason, COUNTERS + 1, COUNTERS);
    hit.id[HITS_HTTP] = prints_id(&scribe->prints, PRINTS_HTTP, scribe->rings[worker], worker, slot->http);
    hit.id[HITS_TLS] = prints_id(&scribe->prints, PRINTS_TLS, scribe->rings[worker], worker, slot->tls);
    book_add(&scribe->book, &hit, hit.id[HITS_DECISION] != DECIDED_SERVED);
}

static void drain(struct scribe *scribe)
{
    for (uint32_t i = 0; i < scribe->gift->options->workers; i++) {
        struct hits_place *place = &scribe->gift->board->hits[i];
        uint64_t at = atomic_load(&place->read);
        /* Bounded: a worker that writes as fast as it is read is left for the next look. */
        for (uint32_t turn = 0; turn < 2 * HITS_RING / READ_MAX; turn++) {
            uint64_t lost = 0;
            uint32_t n = hits_ring_read(scribe->rings[i], &at, scribe->slots, READ_MAX, &lost);
            scribe->book.totals.lost += lost;
            for (uint32_t k = 0; k < n; k++) {
                take(scribe, i, at - n + k, &scribe->slots[k]);
            }
            if (n == 0) {
                break;
            }
        }
        atomic_store(&place->read, at);
    }
}

/* Segments above the bound go, the oldest first. */
struct folder {
    char names[4096][24];
    int64_t sizes[4096];
    uint32_t n;
    int64_t bytes;
};

static enum err add_file(void *arg, const char *relative, int64_t size)
{
    struct folder *folder = arg;
    if (folder->n < sizeof folder->sizes / sizeof *folder->sizes &&
        strlen(relative) < sizeof folder->names[0]) {
        (void)snprintf(folder->names[folder->n], sizeof folder->names[0], "%s", relative);
        folder->sizes[folder->n++] = size;
        folder->bytes += size;
    }
    return OK;
}

static void prune(const char *dir, int64_t most)
{
    static struct folder folder;
    folder.n = 0;
    folder.bytes = 0;
    if (folder_walk(dir, add_file, &folder, NULL) != OK) {
        return;
    }
    for (uint32_t i = 0; i < folder.n && folder.bytes > most; i++) {
        char path[FILE_PATH_MAX];
        if (file_remove(path_join(path, dir, folder.names[i]), NULL) == OK) {
            folder.bytes -= folder.sizes[i];
        }
    }
}

static enum err open_segment(struct scribe *scribe, int64_t now_ms, struct why *why)
{
    const struct edge_options *options = scribe->gift->options;
    struct hits_head head = {.opened_ms = now_ms, .error_us = scribe->error_us};
    char name[32];
    append_close(&scribe->file);
    prune(options->hits, options->hits_total - options->hits_total / 8);
    head.offset_ms = clock_now_ms(scribe->gift->clock) - clock_now_ms(NULL);
    (void)snprintf(head.name, sizeof head.name, "%s", options->name);
    (void)snprintf(name, sizeof name, "%013lld.hits", (long long)now_ms);
    TRY(append_open(path_join(scribe->path, options->hits, name), &scribe->file, why));
    memset(scribe->said, 0, sizeof scribe->said);
    scribe->opened_ms = now_ms;
    buf_clear(&scribe->out);
    hits_head_print(&head, &scribe->out);
    return append_add(&scribe->file, buf_as_span(&scribe->out), why);
}

static enum err write_block(struct scribe *scribe, int64_t now_ms, struct why *why)
{
    static struct words words;
    struct hits_block block = {.from_ms = scribe->last_ms};
    block.to_ms = now_ms > scribe->last_ms ? now_ms : scribe->last_ms;
    int64_t most = scribe->gift->options->hits_total / 8;
    if (scribe->file.fd < 0 || now_ms - scribe->opened_ms >= SEGMENT_MS || now_ms < scribe->opened_ms ||
        (int64_t)scribe->file.len > most) {
        TRY(open_segment(scribe, now_ms, why));
    }
    say_words(scribe, &words);
    book_block(&scribe->book, &block);
    block.words = words.all;
    block.n_words = words.n;
    buf_clear(&scribe->out);
    hits_block_print(&block, &scribe->out);
    return append_add(&scribe->file, buf_as_span(&scribe->out), why);
}

static void tell_incident(struct scribe *scribe, int64_t ended_ms)
{
    char path[FILE_PATH_MAX];
    char iso[DATE_ISO_LEN + 1] = "-";
    struct buf text;
    struct why why = {0};
    buf_init(&text, 0);
    if (ended_ms >= 0) {
        date_print_iso(iso, ended_ms);
    }
    buf_span(&text, buf_as_span(&scribe->incident_text));
    buf_printf(&text, "ended %s\n", iso);
    if (file_write(path_join(path, scribe->gift->options->incidents, scribe->incident), buf_as_span(&text),
                   false, &why) != OK) {
        log_line(LOG_WARN, "incident_failed", "why=\"%s\"", why.text);
    }
    buf_done(&text);
}

/* Its name is the moment at which the first of the seconds that made it began. */
static void begin_incident(struct scribe *scribe, size_t rule, uint64_t count, int64_t now_ms)
{
    const struct edge_options *options = scribe->gift->options;
    int64_t began_ms = now_ms - (int64_t)rules[rule].begin_s * SECOND_MS;
    struct date date = date_at(began_ms, 0);
    char iso[DATE_ISO_LEN + 1];
    date_print_iso(iso, began_ms);
    (void)snprintf(scribe->incident, sizeof scribe->incident, "%04d%02d%02dT%02d%02d%02dZ-%.48s", date.year,
                   date.month, date.day, date.hour, date.minute, date.second, options->name);
    buf_clear(&scribe->incident_text);
    buf_printf(&scribe->incident_text, "incident/v1\nname %s\nplane %s\nbegan %s\n", options->name,
               edge_kind_name(options->kind), iso);
    buf_printf(&scribe->incident_text, "ground %s %llu a second, above %llu\n", rule_names[rule],
               (unsigned long long)count,
               (unsigned long long)change_threshold(&scribe->changes[rule], &rules[rule]));
    log_line(LOG_WARN, "incident_began", "id=%s ground=%s", scribe->incident, rule_names[rule]);
    tell_incident(scribe, -1);
}

static void look_for_changes(struct scribe *scribe, int64_t now_ms)
{
    const struct hits_totals *totals = &scribe->book.totals;
    const uint64_t counts[RULES] = {totals->seen + totals->lost, totals->cost_ns};
    bool on = false;
    if (scribe->gift->options->incidents == NULL) {
        return;
    }
    for (size_t i = 0; i < RULES; i++) {
        if (change_second(&scribe->changes[i], &rules[i], counts[i]) == CHANGE_BEGAN &&
            scribe->incident[0] == '\0') {
            begin_incident(scribe, i, counts[i], now_ms);
        }
        on = on || scribe->changes[i].on;
    }
    if (!on && scribe->incident[0] != '\0') {
        tell_incident(scribe, now_ms);
        scribe->incident[0] = '\0';
    }
}

static void finish_second(struct scribe *scribe)
{
    struct why why = {0};
    int64_t now_ms = clock_now_ms(NULL);
    const struct hits_totals *totals = &scribe->book.totals;
    struct hits_place *sum = &scribe->gift->board->hits[0];
    look_for_changes(scribe, now_ms);
    if (totals->seen + totals->lost > 0 && write_block(scribe, now_ms, &why) != OK) {
        atomic_fetch_add(&sum->unwritten, totals->seen);
        log_line(LOG_WARN, "hits_failed", "why=\"%s\"", why.text);
        append_close(&scribe->file);
    }
    atomic_fetch_add(&sum->seen, totals->seen);
    atomic_fetch_add(&sum->lost, totals->lost);
    scribe->last_ms = now_ms > scribe->last_ms ? now_ms : scribe->last_ms;
    book_clear(&scribe->book);
}

static void on_second(void *arg)
{
    struct scribe *scribe = arg;
    drain(scribe);
    finish_second(scribe);
    loop_after(scribe->loop, SECOND_MS, on_second, scribe);
}

static void on_look(void *arg)
{
    struct scribe *scribe = arg;
    drain(scribe);
    loop_after(scribe->loop, LOOK_MS, on_look, scribe);
}

static void on_end(void *arg)
{
    struct scribe *scribe = arg;
    loop_stop(scribe->loop, 0);
}

/* Another program takes our place: the workers finish what they have, and so do we, a little later. */
static void on_signal(void *arg, int signal)
{
    struct scribe *scribe = arg;
    if (signal == SIGUSR1) {
        loop_after(scribe->loop, LAST_MS, on_end, scribe);
    }
}

static uint32_t clock_error_us(void)
{
    struct timex timex = {0};
    int state = adjtimex(&timex);
    return state < 0 || state == TIME_ERROR || timex.maxerror < 0 ? UINT32_MAX : (uint32_t)timex.maxerror;
}

static enum err prepare(struct scribe *scribe, struct why *why)
{
    const struct role_gift *gift = scribe->gift;
    uint64_t key[2];
    scribe->file.fd = -1;
    scribe->error_us = clock_error_us();
    scribe->last_ms = clock_now_ms(NULL);
    if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key) {
        return why_set(why, ERR_IO, "no randomness");
    }
    if (book_init(&scribe->book, (uint32_t)(gift->options->hits_rate / HITS_RECORD_BYTES), key) != OK) {
        return why_set(why, ERR_FULL, "no memory for the hits");
    }
    for (uint32_t i = 0; i < gift->options->workers; i++) {
        struct hits_ring *ring = NULL;
        TRY(hits_ring_map(gift->rings[i], false, &ring, why));
        scribe->rings[i] = ring;
    }
    buf_init(&scribe->out, 0);
    buf_init(&scribe->incident_text, 0);
    TRY(loop_new(&scribe->loop, why));
    TRY(loop_signals(scribe->loop, on_signal, scribe, why));
    TRY(notice_board_keep(gift->board, gift->board->hits, sizeof gift->board->hits, why));
    const char *const folders[] = {gift->options->hits, gift->options->incidents, NULL};
    struct jail jail = {.name = "edge-scribe", .rights = JAIL_FILES, .write = folders};
    return jail_enter(&jail, why);
}

int scribe_main(void *arg)
{
    static struct scribe scribe;
    struct why why = {0};
    scribe.gift = arg;
    if (prepare(&scribe, &why) != OK) {
        log_line(LOG_ERROR, "scribe_failed", "why=\"%s\"", why.text);
        return 1;
    }
    on_look(&scribe);
    loop_after(scribe.loop, SECOND_MS, on_second, &scribe);
    int code = loop_run(scribe.loop);
    drain(&scribe);
    finish_second(&scribe);
    append_close(&scribe.file);
    return code;
}
