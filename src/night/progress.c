/* What the parent says while the night runs: its status file, rates, a line for people. */
#include "night/night.h"
#include "night/top.h"

#include "base/log.h"
#include "os/file.h"
#include "os/terminal.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { PLAIN_MS = 10000, TERMINAL_MS = 500, STANDS_MS = 2000, RATES = 16 };

static int64_t clock_ms(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void night_rates(struct night *night)
{
    const struct board *board = &night->look.board;
    struct rate *rate = &night->rates[night->next_rate];
    rate->night_ms = clock_now_ms(night->clock);
    rate->values[0] = board_number(board, SEAT_INTAKE, "actas_acknowledged");
    rate->values[1] = board_number(board, SEAT_CUT, "received_total");
    rate->values[2] = board_number(board, SEAT_CUT, "captured_total");
    rate->values[3] = board_number(board, SEAT_CUT, "verified_total");
    night->next_rate = (night->next_rate + 1) % RATES;
    night->n_rates += night->n_rates < RATES;
}

/* Per minute of the night, over the samples that there are; a counter that began again gives none. */
static uint64_t per_minute(const struct night *night, int value)
{
    if (night->n_rates < 2) {
        return 0;
    }
    const struct rate *newest = &night->rates[(night->next_rate + RATES - 1) % RATES];
    const struct rate *oldest = &night->rates[(night->next_rate + RATES - night->n_rates) % RATES];
    int64_t ms = newest->night_ms - oldest->night_ms;
    if (ms <= 0 || newest->values[value] < oldest->values[value]) {
        return 0;
    }
    return (newest->values[value] - oldest->values[value]) * 60000 / (uint64_t)ms;
}

/* The one program without a status file: it only reads those of the others. Who dies once is up again before anybody has looked;
 * who dies again and again is down until it has stood a while. */
static struct span metrics_state(struct night *night)
{
    const struct crew_member *member = crew_find(&night->crew, "metrics");
    if (member == NULL || member->state == CREW_OUT) {
        return SPAN("-");
    }
    bool stands = member->state == CREW_UP && monotonic_ms() - member->started_ms >= STANDS_MS;
    return member->failures <= 1 || stands ? SPAN("up") : SPAN("down");
}

void night_status(struct night *night)
{
    static const char *const states[] = {"starting", "running", "running", "running", "running", "running"};
    char path[FILE_PATH_MAX], offset[24];
    struct status *status = &night->status;
    const struct board *board = &night->look.board;
    struct why why = {{0}};
    status_begin(status, "night", states[night->phase], clock_now_ms(night->clock));
    status_add(status, "mode", night->options->n_inputs > 0 ? SPAN("REPETICIÓN") : SPAN("SIMULACRO"));
    status_add_u64(status, "speed", night->settings.speed);
    status_add_u64(status, "sent", board_number(board, SEAT_FEEDER, "sent"));
    status_add_u64(status, "to_send", board_number(board, SEAT_FEEDER, "to_send"));
    status_add_u64(status, "restarts", night->restarts);
    int64_t moved = clock_ms(CLOCK_REALTIME) - clock_ms(CLOCK_BOOTTIME) - night->clock_base_ms;
    snprintf(offset, sizeof offset, "%" PRId64, moved);
    status_add(status, "clock_offset_ms", span_str(offset));
    status_add_u64(status, "ingest_per_min", per_minute(night, 0));
    status_add_u64(status, "received_per_min", per_minute(night, 1));
    status_add_u64(status, "captured_per_min", per_minute(night, 2));
    status_add_u64(status, "verified_per_min", per_minute(night, 3));
    status_add_u64(status, "alerts_told", night->alerts.told);
    status_add_u64(status, "alerts_failed", night->alerts.failed + night->alerts.dropped);
    status_add_u64(status, "disk_free_bytes", file_free_bytes(night->dir));
    status_add(status, "done", night->phase == NIGHT_DONE ? SPAN("yes") : SPAN("no"));
    status_add(status, "metrics", metrics_state(night));
    if (status_write(path_join(path, night->dir, "run/status/night"), status, &why) != OK) {
        log_line(LOG_WARN, "status_not_written", "why=\"%s\"", why.text);
    }
}

static void print_line(const struct night *night, struct buf *out)
{
    const struct board *board = &night->look.board;
    struct date now = date_at(board->now_ms, board->offset_min);
    buf_printf(out, "%02d/%02d %02d:%02d:%02d  ", now.day, now.month, now.hour, now.minute, now.second);
    if (night->alarms.n > 0) {
        buf_printf(out, "ALARMAS %u  ", night->alarms.n); /* first, as a narrow terminal shows no end */
    }
    if (board_time(board, SEAT_CUT, "cut_time") >= 0) {
        buf_printf(out, "corte %" PRIu64 "%s ", board_number(board, SEAT_CUT, "cut"),
                   span_is(status_value(board_status(board, SEAT_CUT), "last"), "yes") ? " (último)" : "");
        print_code(out, board);
        buf_str(out, "  actas ");
    } else {
        buf_str(out, "sin corte  actas ");
    }
    uint64_t captured = board_number(board, SEAT_CUT, "captured"),
             expected = board_number(board, SEAT_CUT, "expected");
    print_thousands(out, captured);
    buf_char(out, '/');
    print_thousands(out, expected);
    uint64_t tenths = expected == 0 ? 0 : captured * 1000 / expected;
    buf_printf(out, " (%" PRIu64 ".%" PRIu64 " %%)  ", tenths / 10, tenths % 10);
    print_thousands(out, per_minute(night, 0));
    buf_str(out, "/min  ");
    if (night->settings.speed == 0) {
        buf_str(out, "máx");
    } else {
        buf_printf(out, "x%u", night->settings.speed);
    }
    buf_printf(out, "  difusores %" PRIu64 " %" PRIu64 "%s", board_number(board, SEAT_MIRROR_1, "cut"),
               board_number(board, SEAT_MIRROR_2, "cut"), night->alarms.n == 0 ? "  sin alarmas" : "");
}

void night_progress(struct night *night, bool at_once)
{
    int64_t now = monotonic_ms();
    uint64_t cut = board_number(&night->look.board, SEAT_CUT, "cut");
    bool due = now - night->told_ms >= (night->terminal ? TERMINAL_MS : PLAIN_MS) ||
               (!night->terminal && cut != night->told_cut && now - night->told_ms >= 1000);
    if (night->options->quiet || (!due && !at_once)) {
        return;
    }
    night->told_ms = now;
    night->told_cut = cut;
    struct buf text = {0};
    print_line(night, &text);
    if (night->terminal) {
        /* One column less: some terminals go to the next line when the last one is filled. */
        struct span line = terminal_fit(buf_as_span(&text), terminal_columns(STDOUT_FILENO) - 1);
        printf("\r%.*s\033[K", SPAN_ARG(line));
    } else {
        printf("%.*s\n", (int)text.len, text.at);
    }
    (void)fflush(stdout);
    buf_done(&text);
}

void night_addresses(const struct night *night)
{
    const struct {
        const char *title, *address;
    } rows[] = {
        {"Resultados / results", night->settings.results},
        {"Sitio institucional / institution", night->settings.site},
        {"Difusor 1 / mirror 1", night->settings.mirror_1},
        {"Difusor 2 / mirror 2", night->settings.mirror_2},
        {"Fuente de difusores / mirrors' feed", night->settings.feed},
        {"Acopio / intake", night->settings.intake},
        {"Medidas / metrics", night->settings.metrics},
        {"Salud de resultados / results' health", night->settings.health},
    };
    printf("Atalaya: la noche corre en %s / the night runs there\n\n", night->dir);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].address[0] == '\0') {
            continue;
        }
        char url[128];
        night_url(rows[i].address, url, sizeof url);
        printf("  %-38s %s%s\n", rows[i].title, url, i + 2 < sizeof rows / sizeof *rows ? "" : "metrics");
    }
    printf("\n  Clave del registro / log's key  %s\n", night->log_vkey);
    printf("  Clave de los cortes / cuts' key  %s\n", night->vkey);
    printf("  Tablero / board   atalaya top --dir %s\n", night->options->dir);
    printf(
        "  Un corte cada %u s de la noche; paquete cada %u s / a cut every so many seconds of the night; a package\n",
        night->settings.cut_s, night->settings.package_s);
    printf("  Ctrl-C termina / ends it\n\n");
    (void)fflush(stdout);
}
