/* Steps of the drill on a flood: from many loopback addresses in a few networks, bounded in connections, rate and time; what the
 * board says of it meanwhile, how the results fare, and what the origin report says afterwards. */
#include "night/drill.h"
#include "night/origins.h"

#include "base/num.h"
#include "os/clock.h"
#include "os/sock.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    NETS = 3,     /* 127.50.1.0/24 and on */
    A_NET = 40,   /* addresses in each */
    BATCH = 20,   /* requests sent at once on a connection */
    PAUSE_MS = 5, /* between two batches: 4,000 requests a second at most */
    FLOOD_MS = 15000,
    ANSWER_MS = 200,
    READINGS = 300,
    SEEN_S = 14,
    FOREIGN_PERMILLE = 50,
    REPORT_S = 60,
    REPORT_MAX = 16 << 20
};

static struct {
    char address[ADDRESS_MAX + 1]; /* of the site */
    char count[FILE_PATH_MAX];     /* where the flood says what it has sent */
    char incident[96];
    uint64_t sent;
} flood;

static void source_of(int i, char out[32])
{
    snprintf(out, 32, "127.50.%d.%d", 1 + i % NETS, 1 + i / NETS);
}

/* What comes back is read and forgotten, so that the connection goes on. */
static bool drain(int fd)
{
    char bytes[65536];
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    ssize_t n = 1;
    while (n > 0 && poll(&wait, 1, ANSWER_MS) > 0) {
        n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n > 0 && (size_t)n < sizeof bytes) {
            return true;
        }
    }
    return n > 0;
}

/* Pages that are not there, each another one: what no cache answers. */
static bool send_batch(int fd, uint64_t number)
{
    struct buf text = {0};
    for (int i = 0; i < BATCH; i++) {
        buf_printf(&text, "GET /no-existe-%" PRIu64 " HTTP/1.1\r\nHost: x\r\n\r\n", number + (uint64_t)i);
    }
    bool sent = send(fd, text.at, text.len, MSG_NOSIGNAL) == (ssize_t)text.len;
    buf_done(&text);
    return sent && drain(fd);
}

static int flood_role(void *arg)
{
    static int fds[NETS * A_NET];
    struct why why = {{0}};
    char text[32];
    uint64_t sent = 0;
    (void)arg;
    memset(fds, -1, sizeof fds);
    int64_t end = monotonic_ms() + FLOOD_MS;
    for (int i = 0; monotonic_ms() < end; i = (i + 1) % (NETS * A_NET)) {
        char source[32];
        source_of(i, source);
        if (fds[i] < 0 && sock_connect_from(span_str(flood.address), span_str(source), &fds[i], &why) != OK) {
            fds[i] = -1;
        } else if (send_batch(fds[i], sent)) {
            sent += BATCH;
        } else {
            close(fds[i]);
            fds[i] = -1;
        }
        poll(NULL, 0, PAUSE_MS);
    }
    int n = snprintf(text, sizeof text, "%" PRIu64 "\n", sent);
    return file_write(flood.count, span_of(text, (size_t)n), false, &why) == OK ? 0 : 1;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct reading {
    int64_t p50_us, p99_us;
    unsigned failed;
};

static struct reading read_results(struct drill *drill)
{
    static int64_t took[READINGS];
    struct reading reading = {0};
    for (int i = 0; i < READINGS; i++) {
        int64_t begin = now_us();
        reading.failed += drill_get(drill, drill->settings.results, "/") != 200;
        took[i] = now_us() - begin;
        poll(NULL, 0, 2);
    }
    qsort(took, READINGS, sizeof took[0], by_value);
    reading.p50_us = took[READINGS / 2];
    reading.p99_us = took[READINGS * 99 / 100];
    return reading;
}

/* The incident of the site, as its edge opened it; names sort by their beginning. */
static enum err note_incident(void *arg, const char *relative, int64_t size)
{
    (void)size;
    if (relative[0] != '.' && span_ends(span_str(relative), SPAN("-site"))) {
        snprintf(arg, sizeof flood.incident, "%s", relative);
    }
    return OK;
}

static bool newest_incident(const struct drill *drill)
{
    char folder[FILE_PATH_MAX];
    struct why why = {{0}};
    return file_exists(path_join(folder, drill->dir, "run/incidents")) &&
           folder_walk(folder, note_incident, flood.incident, &why) == OK && flood.incident[0] != '\0';
}

/* Every network of the flood, and what it looks like, on the board that the operators have before them. */
static bool condition_named(struct drill *drill, void *arg)
{
    static struct top top;
    bool *kind = arg;
    int named = 0;
    *kind = false;
    top.n = 0;
    origin_lines(drill->dir, NULL, &top);
    for (int net = 1; net <= NETS; net++) {
        char text[32];
        snprintf(text, sizeof text, "127.50.%d.0/24", net);
        bool there = false;
        for (size_t i = 0; i < top.n; i++) {
            there = there || strstr(top.lines[i].text, text) != NULL;
            *kind = *kind || strstr(top.lines[i].text, origin_kind_name(ORIGIN_ATTACK, true)) != NULL;
        }
        named += there;
    }
    return named == NETS && *kind && newest_incident(drill);
}

static bool calm_enough(const struct reading *calm, const struct reading *during)
{
    int64_t most = calm->p99_us * 5 > 50000 ? calm->p99_us * 5 : 50000;
    return during->failed == 0 && during->p99_us <= most;
}

static uint64_t read_count(void)
{
    struct buf text = {0};
    uint64_t count = 0;
    if (file_read(flood.count, 64, &text, NULL) != OK ||
        num_parse_u64(span_trim(buf_as_span(&text)), &count) != OK) {
        count = 0;
    }
    buf_done(&text);
    return count;
}

bool drill_step_flood(struct drill *drill, char figure[DRILL_FIGURE_MAX])
{
    struct child child;
    struct why why = {{0}};
    bool kind = false;
    struct reading calm = read_results(drill);
    snprintf(flood.address, sizeof flood.address, "%s", drill->settings.site);
    path_join(flood.count, drill->work, "flood.count");
    if (role_start("drill-flood", flood_role, NULL, NULL, 0, &child, &why) != OK) {
        snprintf(figure, DRILL_FIGURE_MAX, "la inundación no empezó: %.200s", why.text);
        return false;
    }
    struct reading during = read_results(drill);
    bool named = drill_wait(drill, SEEN_S, condition_named, &kind);
    int ended = child_wait(&child, FLOOD_MS + 10000);
    flood.sent = read_count();
    snprintf(figure, DRILL_FIGURE_MAX,
             "%" PRIu64
             " peticiones de %d direcciones en %d redes; el tablero nombra %s; resultados p50/p99 %" PRId64
             "/%" PRId64 " µs, en calma %" PRId64 "/%" PRId64 " µs; %u sin contestar",
             flood.sent, NETS * A_NET, NETS,
             named  ? "la clase y las redes"
             : kind ? "solo la clase"
                    : "poco",
             during.p50_us, during.p99_us, calm.p50_us, calm.p99_us, during.failed);
    return named && ended == 1 && flood.sent > 0 && calm_enough(&calm, &during);
}

/* "net":"127.50.1.0/24","requests":1400 after "24_48" in the report. */
static struct span next_net(struct span *rest, uint64_t *requests)
{
    static const char key[] = "{\"net\":\"";
    const char *at = rest->len == 0 ? NULL : memmem(rest->at, rest->len, key, sizeof key - 1);
    if (at == NULL) {
        *rest = SPAN("");
        return SPAN("");
    }
    *rest = span_from(*rest, (size_t)(at - rest->at) + sizeof key - 1);
    struct span net = span_cut(rest, '"');
    struct span number = span_from(*rest, strlen(",\"requests\":"));
    *rest = number;
    if (num_parse_u64(span_cut(&number, ','), requests) != OK) {
        *requests = 0;
    }
    return net;
}

struct accused {
    int right, wrong; /* networks */
    uint64_t requests;
};

static struct accused compare(struct span report, uint64_t seen)
{
    struct accused accused = {0};
    const char *from = memmem(report.at, report.len, "\"24_48\"", 7);
    const char *to = memmem(report.at, report.len, "\"16_32\"", 7);
    if (from == NULL || to == NULL || to < from) {
        return accused;
    }
    struct span rest = span_of(from, (size_t)(to - from));
    while (rest.len > 0) {
        uint64_t requests = 0;
        struct span net = next_net(&rest, &requests);
        if (net.len == 0 || requests * 1000 < seen * FOREIGN_PERMILLE) {
            continue;
        }
        bool true_one = span_starts(net, SPAN("127.50.")) && span_ends(net, SPAN(".0/24"));
        accused.right += true_one;
        accused.wrong += !true_one;
        accused.requests += true_one ? requests : 0;
    }
    return accused;
}

static int report_program(struct drill *drill, const char *what, const char *option, const char *value)
{
    const char *argv[] = {"atalaya-report", what, "--dir", drill->dir, option, value, NULL};
    const char *again[] = {"atalaya-report", "--dir", drill->dir, option, value, NULL};
    return drill_program(drill, (char *const *)(uintptr_t)(what != NULL ? argv : again), REPORT_S);
}

bool drill_step_report(struct drill *drill, char figure[DRILL_FIGURE_MAX])
{
    char base[FILE_PATH_MAX], json[FILE_PATH_MAX];
    struct why why = {{0}};
    if (flood.incident[0] == '\0') {
        snprintf(figure, DRILL_FIGURE_MAX, "no hubo incidente del que informar");
        return false;
    }
    int code = report_program(drill, flood.incident, "--out", path_join(base, drill->work, "informe"));
    int again = report_program(drill, NULL, "--recompute", path_join(json, drill->work, "informe.json"));
    uint64_t seen = 0;
    buf_clear(&drill->body);
    if (code != 0 || file_read(json, REPORT_MAX, &drill->body, &why) != OK) {
        snprintf(figure, DRILL_FIGURE_MAX, "atalaya report: %d", code);
        return false;
    }
    bool attack = memmem(drill->body.at, drill->body.len, "\"kind\":\"attack-indicators\"", 26) != NULL;
    bool read = drill_number(drill, "requests", &seen);
    struct accused accused = compare(buf_as_span(&drill->body), seen);
    snprintf(figure, DRILL_FIGURE_MAX,
             "acusadas %d de %d redes verdaderas y %d ajenas, %" PRIu64 " de %" PRIu64
             " peticiones enviadas; %s; --recompute: %d",
             accused.right, NETS, accused.wrong, accused.requests, flood.sent,
             attack ? "indicios de ataque, con fundamentos" : "sin indicios de ataque", again);
    bool counted = accused.requests * 100 >= flood.sent * 95 && accused.requests <= flood.sent * 105 / 100;
    return read && attack && counted && accused.right == NETS && accused.wrong == 0 && again == 0;
}
