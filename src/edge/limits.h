/* Every limit of a worker, one row each: its name, unit, default, the least and the most it may be, what it is for, and
 * which attack of docs/threat-model.md it answers. Options, --explain, the manual page and the threat model come from these rows
 * (a test compares them). A row whose least is its most is fixed when the program is built. */
#ifndef EDGE_LIMITS_H
#define EDGE_LIMITS_H

#include "base/buf.h"

#include <stdint.h>

enum { LIMIT_HEAD_BYTES = 8192, LIMIT_READ_BYTES = 16384, LIMIT_WAITING_BYTES = 16384 };
enum { LIMIT_H2_BLOCK_BYTES = 16384, LIMIT_H2_READ_BYTES = 24576 };

/* member, name, unit, default, least, most, attack, Spanish, English */
#define EDGE_LIMITS(ROW)                                                                                     \
    ROW(connections, "connections", "", 250000, 1, 1000000, "connection-flood",                              \
        "conexiones de cada proceso; nunca más de las que permiten los descriptores",                        \
        "connections of each worker; never more than the descriptors carry")                                 \
    ROW(backlog, "backlog", "", 4096, 16, 65535, "connection-flood",                                         \
        "conexiones nuevas que esperan en el núcleo a ser aceptadas",                                        \
        "new connections that wait in the kernel to be accepted")                                            \
    ROW(accepts, "accepts", "", 64, 1, 4096, "connection-flood",                                             \
        "conexiones nuevas por vuelta, para que quien ya está dentro no espere",                             \
        "new connections a turn, so that who is inside does not wait")                                       \
    ROW(prefix4_bits, "prefix4-bits", "bit", 24, 8, 32, "connection-flood",                                  \
        "red a la que pertenece una dirección IPv4 cuando falta lugar",                                      \
        "the network that an IPv4 address belongs to when room is short")                                    \
    ROW(prefix6_bits, "prefix6-bits", "bit", 48, 16, 64, "connection-flood",                                 \
        "red a la que pertenece una dirección IPv6 cuando falta lugar",                                      \
        "the network that an IPv6 address belongs to when room is short")                                    \
    ROW(first_ms, "first-ms", "ms", 10000, 100, 600000, "idle-flood", "de la aceptación al primer byte",     \
        "from being accepted to the first byte")                                                             \
    ROW(idle_ms, "idle-ms", "ms", 15000, 100, 600000, "idle-flood",                                          \
        "entre una respuesta y la siguiente solicitud", "between an answer and the next request")            \
    ROW(head_ms, "head-ms", "ms", 5000, 100, 60000, "slow-head",                                             \
        "del primer byte de una cabecera al último, lleguen como lleguen",                                   \
        "from the first byte of a head to its last, however they come")                                      \
    ROW(head_bytes, "head-bytes", "byte", LIMIT_HEAD_BYTES, LIMIT_HEAD_BYTES, LIMIT_HEAD_BYTES,              \
        "large-head", "cabecera de una solicitud", "head of a request")                                      \
    ROW(head_fields, "head-fields", "", 64, 64, 64, "large-head", "campos de una cabecera",                  \
        "fields of a head")                                                                                  \
    ROW(target_bytes, "target-bytes", "byte", 2048, 2048, 2048, "large-head", "dirección de una solicitud",  \
        "target of a request")                                                                               \
    ROW(read_bytes, "read-bytes", "byte", LIMIT_READ_BYTES, LIMIT_READ_BYTES, LIMIT_READ_BYTES,              \
        "pipelining", "leídos de una conexión antes de atender a las demás",                                 \
        "read from a connection before the others have their turn")                                          \
    ROW(waiting_bytes, "waiting-bytes", "byte", LIMIT_WAITING_BYTES, LIMIT_WAITING_BYTES,                    \
        LIMIT_WAITING_BYTES, "pipelining",                                                                   \
        "respuestas formadas que esperan a una conexión; mientras, de ella no se lee",                       \
        "formed answers that wait for a connection; meanwhile nothing is read from it")                      \
    ROW(unsent_bytes, "unsent-bytes", "byte", 131072, 4096, 16777216, "slow-read",                           \
        "en el núcleo sin enviar, por conexión (TCP_NOTSENT_LOWAT)",                                         \
        "unsent in the kernel, each connection (TCP_NOTSENT_LOWAT)")                                         \
    ROW(unsent_read_bytes, "unsent-read-bytes", "byte", 1048576, 4096, 16777216, "slow-read",                \
        "lo mismo, desde que la conexión tomó 64 KiB de una respuesta en su primer segundo",                 \
        "the same, once the connection took 64 KiB of an answer within its first second")                    \
    ROW(drain_ms, "drain-ms", "ms", 10000, 100, 600000, "slow-read",                                         \
        "plazo en que se mide lo que una conexión recibe",                                                   \
        "the time over which it is measured what a connection takes")                                        \
    ROW(drain_bytes, "drain-bytes", "byte", 40960, 1, 1073741824, "slow-read",                               \
        "que debe recibir en cada plazo; con menos se corta",                                                \
        "that it must take in each such time; with less it is cut off")                                      \
    ROW(linger_ms, "linger-ms", "ms", 1000, 0, 60000, "slow-read",                                           \
        "espera a que lea una negativa quien todavía envía",                                                 \
        "waits until who still sends has read a refusal")                                                    \
    ROW(handshake_ms, "handshake-ms", "ms", 5000, 100, 60000, "tls-handshake",                               \
        "del primer byte de un saludo TLS al último", "from the first byte of a TLS handshake to its last")  \
    ROW(key_asks, "key-asks", "", 64, 1, 65536, "tls-handshake",                                             \
        "firmas pedidas a la vez para una misma red; los demás saludos esperan su turno",                    \
        "signatures asked for at once for one network; further handshakes wait for their turn")              \
    ROW(tls_connections, "tls-connections", "", 32768, 1, 1000000, "memory",                                 \
        "conexiones TLS de cada proceso, de unos 15 KiB cada una",                                           \
        "TLS connections of each worker, of some 15 KiB each")                                               \
    ROW(h2_streams, "h2-streams", "", 100, 1, 1000, "h2-streams",                                            \
        "solicitudes abiertas a la vez en una conexión HTTP/2",                                              \
        "requests open at once on an HTTP/2 connection")                                                     \
    ROW(h2_span_ms, "h2-span-ms", "ms", 10000, 100, 600000, "h2-flood",                                      \
        "plazo en que se cuentan las tramas siguientes", "the time over which the frames below are counted") \
    ROW(h2_resets, "h2-resets", "", 200, 1, 65000, "h2-reset", "RST_STREAM recibidos",                       \
        "RST_STREAM received")                                                                               \
    ROW(h2_forced, "h2-forced-resets", "", 100, 1, 65000, "h2-reset",                                        \
        "RST_STREAM que la otra parte nos obliga a enviar", "RST_STREAM that the other side makes us send")  \
    ROW(h2_settings, "h2-settings", "", 32, 1, 65000, "h2-flood", "SETTINGS recibidos", "SETTINGS received") \
    ROW(h2_pings, "h2-pings", "", 64, 1, 65000, "h2-flood", "PING recibidos", "PING received")               \
    ROW(h2_empty, "h2-empty", "", 64, 1, 65000, "h2-flood", "DATA y CONTINUATION sin contenido",             \
        "DATA and CONTINUATION without content")                                                             \
    ROW(h2_updates, "h2-window-updates", "", 20000, 1, 65000, "h2-flood", "WINDOW_UPDATE recibidos",         \
        "WINDOW_UPDATE received")                                                                            \
    ROW(h2_idle, "h2-idle-frames", "", 500, 1, 65000, "h2-flood", "PRIORITY, GOAWAY y tramas desconocidas",  \
        "PRIORITY, GOAWAY and unknown frames")                                                               \
    ROW(h2_continuations, "h2-continuations", "", 8, 8, 8, "h2-continuation",                                \
        "CONTINUATION de una cabecera", "CONTINUATION of a head")                                            \
    ROW(h2_block_bytes, "h2-block-bytes", "byte", LIMIT_H2_BLOCK_BYTES, LIMIT_H2_BLOCK_BYTES,                \
        LIMIT_H2_BLOCK_BYTES, "h2-continuation", "cabecera comprimida de una solicitud",                     \
        "compressed head of a request")                                                                      \
    ROW(h2_table_bytes, "h2-table-bytes", "byte", 4096, 4096, 4096, "h2-continuation",                       \
        "tabla dinámica de HPACK de una conexión", "dynamic table of HPACK of a connection")                 \
    ROW(flow_subscribers, "flow-subscribers", "", 32768, 1, 1000000, "flow-hoarding",                        \
        "suscriptores de /flow de cada proceso; con más sale uno de la red que más tiene",                   \
        "subscribers of /flow of each worker; past it one of the network that has most goes")                \
    ROW(flow_prefix, "flow-prefix", "", 4096, 1, 1000000, "flow-hoarding",                                   \
        "suscriptores de /flow de una misma red; los demás preguntan cada tanto",                            \
        "subscribers of /flow of one network; the others ask now and then")                                  \
    ROW(flow_queue, "flow-queue", "byte", 8192, 1, 1048576, "flow-hoarding",                                 \
        "sin recibir por un suscriptor; con más se le saltan noticias",                                      \
        "that a subscriber has not taken; past it, events are skipped for him")                              \
    ROW(flow_beat_ms, "flow-beat-ms", "ms", 15000, 100, 600000, "flow-hoarding",                             \
        "silencio en /flow tras el que se dice que sigue ahí",                                               \
        "silence in /flow after which it says that it is there")                                             \
    ROW(buffers_mb, "buffers-mb", "MiB", 64, 1, 65536, "memory",                                             \
        "memoria de cada proceso para cabeceras a medias y respuestas que esperan",                          \
        "memory of each worker for half heads and waiting answers")

struct limits {
#define ROW(member, name, unit, usual, least, most, attack, es, en) int64_t member;
    EDGE_LIMITS(ROW)
#undef ROW
};

struct limit_row {
    const char *name;   /* "head-ms" */
    const char *unit;   /* "ms", "byte" ...; "" counts */
    const char *attack; /* a heading of docs/threat-model.md */
    const char *es, *en;
    int64_t usual, least, most;
    size_t at; /* in struct limits */
};

enum { LIMIT_ROWS_MAX = 64 };
extern const struct limit_row limit_rows[];
extern const size_t n_limit_rows;

void limits_usual(struct limits *limits);
static inline int64_t *limit_of(struct limits *limits, const struct limit_row *row)
{
    return (int64_t *)((char *)limits + row->at);
}

/* The rows with their values in force: "text" for a terminal, "json", "man" for the manual page, "markdown" for the
 * threat model. ERR_RANGE for any other form. */
MUST_CHECK enum err limits_explain(const struct limits *limits, const char *form, struct buf *out);

#endif
