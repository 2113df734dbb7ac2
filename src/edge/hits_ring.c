/* The order that makes it safe without a lock: a record's bytes, then the count; a reader copies first and then asks again
 * how far the writer is, and throws away what may have been written over meanwhile. */
#include "edge/hits_ring.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PROBES = 8 };

int hits_ring_new(void)
{
    int fd = memfd_create("atalaya-hits", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    /* Its length is nobody's to change: who reads it would die of that. */
    if (fd >= 0 && (ftruncate(fd, (off_t)sizeof(struct hits_ring)) != 0 ||
                    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

enum err hits_ring_map(int fd, bool writes, struct hits_ring **out, struct why *why)
{
    int rights = PROT_READ | (writes ? PROT_WRITE : 0);
    void *at = mmap(NULL, sizeof(struct hits_ring), rights, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        return why_set(why, ERR_FULL, "no memory for the hits");
    }
    *out = at;
    return OK;
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

enum err hits_pen_open(struct hits_pen *pen, int fd, struct why *why)
{
    *pen = (struct hits_pen){0};
    if (fd < 0) {
        return OK;
    }
    TRY(hits_ring_map(fd, true, &pen->ring, why));
    pen->at = atomic_load(&pen->ring->head); /* a worker before us may have been here */
    pen->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    return OK;
}

void hits_pen_flush(struct hits_pen *pen)
{
    if (pen->ring == NULL) {
        return;
    }
    int64_t now = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    uint64_t cost = pen->waiting == 0 ? 0 : (uint64_t)(now - pen->cpu_ns) / pen->waiting;
    for (uint32_t i = 1; i <= pen->waiting; i++) {
        pen->ring->slots[(pen->at - i) % HITS_RING].cost_ns = cost > UINT32_MAX ? UINT32_MAX : (uint32_t)cost;
    }
    atomic_store_explicit(&pen->ring->head, pen->at, memory_order_release);
    atomic_thread_fence(memory_order_release); /* what is written next is not seen before */
    pen->waiting = 0;
    pen->cpu_ns = now;
}

enum hits_path hits_path_of(struct span target)
{
    static const struct {
        char begin[15];
        uint8_t len;
        enum hits_path path;
    } rows[] = {
#define BEGINS(text, path) {(text), sizeof(text) - 1, HITS_PATH_##path}
        BEGINS("/cut/", CUT),     BEGINS("/chunk/", CHUNK),      BEGINS("/package/", PACKAGE),
        BEGINS("/acta/", ACTA),   BEGINS("/log/", LOG),          BEGINS("/estado", STATE),
        BEGINS("/codigo", STATE), BEGINS("/latest.json", STATE), BEGINS("/flow", STATE),
#undef BEGINS
    };
    if (target.len == 0) {
        return HITS_PATH_NONE;
    }
    if (target.at[target.len - 1] == '/') {
        return HITS_PATH_ENTRY;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (target.len > 1 && target.at[1] == rows[i].begin[1] &&
            span_starts(target, span_of(rows[i].begin, rows[i].len))) {
            return rows[i].path;
        }
    }
    return HITS_PATH_OTHER;
}

/* The place of a fingerprint; a table that is full says none. */
uint16_t hits_pen_print(struct hits_pen *pen, const struct http1_request *request)
{
    struct hits_ring *ring = pen->ring;
    struct hits_print print = {
        .names = request->names, .n_fields = request->n_fields, .minor = request->minor};
    uint64_t hash = (print.names ^ (uint64_t)print.n_fields << 56) * UINT64_C(0x9e3779b97f4a7c15);
    if (ring == NULL || print.n_fields == 0) {
        return 0;
    }
    for (uint32_t i = 0; i < PROBES; i++) {
        uint32_t place = (uint32_t)(hash >> 56) + i;
        struct hits_print *row = &ring->prints[place % HITS_PRINTS];
        if (row->n_fields == 0) {
            *row = print;
        }
        if (row->names == print.names && row->n_fields == print.n_fields && row->minor == print.minor) {
            return (uint16_t)(place % HITS_PRINTS + 1);
        }
    }
    return 0;
}

static bool same_hello(const struct tls_hello *a, const struct tls_hello *b)
{
    return a->ciphers == b->ciphers && a->extensions == b->extensions && a->version == b->version &&
           a->named == b->named && a->alpn[0] == b->alpn[0] && a->alpn[1] == b->alpn[1];
}

/* The place of a TLS fingerprint; a table that is full says none. */
static uint16_t hello_of(struct hits_ring *ring, const struct tls_line *line)
{
    const struct tls_hello *hello = line == NULL ? NULL : tls_line_hello(line);
    if (hello == NULL || hello->ciphers == 0) {
        return 0;
    }
    uint64_t hash = (hello->ciphers ^ hello->extensions) * UINT64_C(0x9e3779b97f4a7c15);
    for (uint32_t i = 0; i < PROBES; i++) {
        uint32_t place = ((uint32_t)(hash >> 56) + i) % HITS_PRINTS;
        struct tls_hello *row = &ring->hellos[place];
        if (row->ciphers == 0) {
            *row = *hello;
        }
        if (same_hello(row, hello)) {
            return (uint16_t)(place + 1);
        }
    }
    return 0;
}

static uint8_t way_of(const struct conn *conn)
{
    unsigned version = conn->tls == NULL ? 0 : tls_line_version(conn->tls);
    return (uint8_t)(conn->protocol * HITS_WAYS + (version == 13 ? 2 : version == 12 ? 1 : 0));
}

/* The next record, with when and whose it is. */
static struct hits_slot *begin_slot(const struct hits_pen *pen, const struct conn *conn,
                                    const uint8_t source[16])
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    struct hits_slot *slot = &pen->ring->slots[pen->at % HITS_RING];
    slot->time_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    memcpy(slot->source, source, 16);
    slot->port = conn->port;
    slot->tls = hello_of(pen->ring, conn->tls);
    slot->protocol = way_of(conn);
    return slot;
}

static void finish_slot(struct hits_pen *pen)
{
    pen->at++;
    /* The reader has had that line last: it is on its way while the next request comes. */
    __builtin_prefetch(&pen->ring->slots[pen->at % HITS_RING], 1);
    if (++pen->waiting == HITS_HANDFUL) {
        hits_pen_flush(pen);
    }
}

void hits_pen_again(struct hits_pen *pen, const struct conn *conn, const struct memo_entry *known)
{
    if (pen->ring == NULL) {
        return;
    }
    struct hits_slot *slot = begin_slot(pen, conn, conn->address);
    slot->bytes = known->body_len;
    slot->status = known->status;
    slot->http = known->whole.print;
    slot->method = known->method;
    slot->path = known->whole.path;
    slot->decision = DECIDED_SERVED;
    slot->reason = COUNTERS;
    finish_slot(pen);
}

void hits_pen_write(struct hits_pen *pen, const struct finished *finished, enum hits_path path)
{
    if (pen->ring == NULL) {
        return;
    }
    const uint8_t *source = finished->client != NULL ? finished->client : finished->conn->address;
    struct hits_slot *slot = begin_slot(pen, finished->conn, source);
    slot->bytes = finished->bytes;
    slot->status = (uint16_t)finished->status;
    slot->http = finished->request == NULL ? 0 : hits_pen_print(pen, finished->request);
    slot->method = (uint8_t)finished->method;
    slot->path = (uint8_t)path;
    slot->decision = (uint8_t)finished->decision;
    slot->reason = (uint8_t)finished->reason;
    finish_slot(pen);
}

uint32_t hits_ring_read(const struct hits_ring *ring, uint64_t *at, struct hits_slot *out, uint32_t max,
                        uint64_t *lost)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    uint64_t from = *at;
    /* What the writer may be at now is as good as gone. */
    const uint64_t safe = HITS_RING - HITS_HANDFUL;
    if (head < from) { /* not a count that grows: nothing of it is believed */
        *at = head;
        return 0;
    }
    if (head - from > safe) {
        *lost += head - safe - from;
        from = head - safe;
    }
    uint32_t n = head - from < max ? (uint32_t)(head - from) : max;
    for (uint32_t i = 0; i < n; i++) {
        out[i] = ring->slots[(from + i) % HITS_RING];
    }
    atomic_thread_fence(memory_order_acquire);
    uint64_t later = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t good = later > safe && later - safe > from ? later - safe : from;
    uint32_t torn = good - from < n ? (uint32_t)(good - from) : n;
    *lost += torn;
    memmove(out, out + torn, (n - torn) * sizeof *out);
    *at = from + n;
    return n - torn;
}
