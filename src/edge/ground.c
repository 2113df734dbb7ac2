/* A row a setting: how it is judged, and what is to be done. */
#include "edge/ground.h"

#include "base/log.h"
#include "base/num.h"
#include "base/span.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int64_t number_in(const char *path)
{
    char text[32];
    uint64_t number = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (fd >= 0) {
        close(fd);
    }
    bool read_it = n > 0 && num_parse_u64(span_trim(span_of(text, (size_t)n)), &number) == OK;
    return read_it && number < INT32_MAX ? (int64_t)number : -1;
}

/* Of a socket that listens, the kernel gives the length of its queue in a field that has another name elsewhere. */
static int64_t queue_of(int listener)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof info;
    bool told =
        getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 && info.tcpi_state == TCP_LISTEN;
    return told ? (int64_t)info.tcpi_sacked : -1;
}

void ground_look(int listener, struct ground *out)
{
    struct rlimit limit;
    out->syncookies = number_in("/proc/sys/net/ipv4/tcp_syncookies");
    out->queue = queue_of(listener);
    out->descriptors = -1;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < INT32_MAX) {
        out->descriptors = (int64_t)limit.rlim_max;
    }
}

static int64_t as_found(const struct ground *found, const struct limits *wanted, int row, int64_t *least)
{
    const int64_t values[GROUND_ROWS][2] = {
        {found->syncookies, 1},
        {found->queue, wanted->backlog},
        {found->descriptors, wanted->connections + EDGE_SPARE_DESCRIPTORS}};
    *least = values[row][1];
    return values[row][0];
}

static void say_cookies(int64_t found, int64_t wanted, char out[GROUND_TEXT])
{
    (void)snprintf(
        out, GROUND_TEXT,
        "net.ipv4.tcp_syncookies=%lld: conexiones a medias dejarían fuera a todos; corra sysctl -w "
        "net.ipv4.tcp_syncookies=%lld / half-open connections would shut everybody out; run that",
        (long long)found, (long long)wanted);
}

static void say_queue(int64_t found, int64_t wanted, char out[GROUND_TEXT])
{
    (void)snprintf(
        out, GROUND_TEXT,
        "la cola de conexiones nuevas es de %lld, y no de %lld; corra sysctl -w net.core.somaxconn=%lld y recargue / "
        "the queue of new connections is too short; run that, then reload",
        (long long)found, (long long)wanted, (long long)wanted);
}

static void say_descriptors(int64_t found, int64_t wanted, char out[GROUND_TEXT])
{
    (void)snprintf(
        out, GROUND_TEXT,
        "RLIMIT_NOFILE=%lld, y las conexiones pedidas necesitan %lld: LimitNOFILE= en la unidad, ulimit -n, o menos con "
        "--connections / too few descriptors for --connections",
        (long long)found, (long long)wanted);
}

/* With fewer descriptors there are fewer connections, and the busiest network's go first; the other two let one attacker keep
 * everybody else outside, and belong on the board. */
static const struct {
    const char *name;
    bool alarms;
    void (*say)(int64_t found, int64_t wanted, char out[GROUND_TEXT]);
} rows[GROUND_ROWS] = {
    {"tcp_syncookies", true, say_cookies},
    {"somaxconn", true, say_queue},
    {"nofile", false, say_descriptors},
};

bool ground_is_weak(const struct ground *found, const struct limits *wanted, int row, char out[GROUND_TEXT])
{
    int64_t least = 0;
    int64_t value = as_found(found, wanted, row, &least);
    if (value < 0 || value >= least) {
        return false;
    }
    rows[row].say(value, least, out);
    return true;
}

void ground_say(int listener, const struct limits *wanted, char alarm[GROUND_TEXT])
{
    struct ground found;
    char text[GROUND_TEXT];
    alarm[0] = '\0';
    ground_look(listener, &found);
    for (int row = 0; row < GROUND_ROWS; row++) {
        if (ground_is_weak(&found, wanted, row, text)) {
            log_line(LOG_WARN, "weak_setting", "name=%s why=\"%s\"", rows[row].name, text);
            if (rows[row].alarms && alarm[0] == '\0') {
                memcpy(alarm, text, sizeof text);
            }
        }
    }
}
