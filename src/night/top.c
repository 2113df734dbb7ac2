/* Lines of the board: ingest, cut, planes, alarms. What a program did not say is shown as "-", never as zero.
 */
#include "night/top.h"

#include "base/date.h"

#include <inttypes.h>
#include <stdio.h>

static struct top_line *line(struct top *top, enum top_style style, struct buf *text)
{
    if (top->n == TOP_LINES_MAX) {
        return &top->lines[TOP_LINES_MAX - 1];
    }
    struct top_line *out = &top->lines[top->n++];
    out->style = style;
    (void)span_copy(span_of(text->at, text->len < TOP_TEXT_MAX ? text->len : TOP_TEXT_MAX - 1), out->text,
                    sizeof out->text);
    buf_clear(text);
    return out;
}

static void put_number(struct buf *out, const struct board *board, enum board_seat seat, const char *name)
{
    const struct board_program *program = &board->seats[seat];
    if (!program->present || status_value(&program->status, name).len == 0) {
        buf_char(out, '-');
        return;
    }
    print_thousands(out, status_number(&program->status, name));
}

static void put_hour(struct buf *out, const struct board *board, int64_t ms)
{
    if (ms < 0) {
        buf_char(out, '-');
        return;
    }
    struct date date = date_at(ms, board->offset_min);
    buf_printf(out, "%02d:%02d:%02d", date.hour, date.minute, date.second);
}

static void title(const struct board *board, struct top *out, struct buf *text)
{
    struct date date = date_at(board->now_ms, board->offset_min);
    buf_printf(text, "ATALAYA  %02d/%02d/%04d ", date.day, date.month, date.year);
    put_hour(text, board, board->now_ms);
    buf_printf(text, " (UTC%+d)", board->offset_min / 60);
    if (board->speed == 0) {
        buf_str(text, "  por pasos");
    } else if (board->speed > 1) {
        buf_printf(text, "  x%u", board->speed);
    }
    struct span mode = status_value(board_status(board, SEAT_NIGHT), "mode");
    if (board->seats[SEAT_NIGHT].present && mode.len > 0) {
        buf_printf(text, "  %.*s", SPAN_ARG(mode));
    }
    line(out, TOP_TITLE, text);
}

static void ingest(const struct board *board, struct top *out, struct buf *text)
{
    static const struct {
        const char *title, *total, *rate;
    } stages[] = {{"acopio", "received_total", "received_per_min"},
                  {"captura", "captured_total", "captured_per_min"},
                  {"verificación", "verified_total", "verified_per_min"}};
    buf_str(text, "INGESTA");
    line(out, TOP_HEAD, text);
    buf_str(text, " acuses ");
    put_number(text, board, SEAT_INTAKE, "actas_acknowledged");
    buf_str(text, " (");
    put_number(text, board, SEAT_NIGHT, "ingest_per_min");
    buf_str(text, "/min)  rechazos ");
    put_number(text, board, SEAT_INTAKE, "actas_refused");
    buf_str(text, "  correcciones ");
    put_number(text, board, SEAT_INTAKE, "corrections");
    buf_str(text, "  imágenes ");
    put_number(text, board, SEAT_INTAKE, "images");
    line(out, TOP_PLAIN, text);
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        buf_printf(text, "%s%s ", i == 0 ? " por etapa (/min): " : "  ", stages[i].title);
        put_number(text, board, SEAT_CUT, stages[i].total);
        buf_str(text, " (");
        put_number(text, board, SEAT_NIGHT, stages[i].rate);
        buf_char(text, ')');
    }
    line(out, TOP_PLAIN, text);
    buf_str(text, " pendiente más antigua ");
    bool says = status_value(board_status(board, SEAT_CUT), "oldest_pending_s").len > 0;
    print_age(text, says ? (int64_t)board_number(board, SEAT_CUT, "oldest_pending_s") : -1);
    buf_str(text, "  libro ");
    put_number(text, board, SEAT_INTAKE, "ledger_size");
    buf_str(text, "  copia atrasada ");
    put_number(text, board, SEAT_INTAKE, "copy_lag_entries");
    if (board->seats[SEAT_FEEDER].present) {
        uint64_t all = board_number(board, SEAT_FEEDER, "to_send"),
                 done = board_number(board, SEAT_FEEDER, "acknowledged");
        buf_str(text, "  por enviar ");
        print_thousands(text, done < all ? all - done : 0);
    }
    line(out, TOP_PLAIN, text);
}

static void put_percent(struct buf *out, uint64_t part, uint64_t whole)
{
    uint64_t ten_thousandths = whole == 0 ? 0 : part * 1000000 / whole; /* truncated, as published */
    buf_printf(out, "%" PRIu64 ".%04" PRIu64 " %%", ten_thousandths / 10000, ten_thousandths % 10000);
}

static void cut_lines(const struct board *board, struct top *out, struct buf *text)
{
    int64_t cut_ms = board_time(board, SEAT_CUT, "cut_time");
    bool last = span_is(status_value(board_status(board, SEAT_CUT), "last"), "yes");
    buf_str(text, "CORTE ");
    put_number(text, board, SEAT_CUT, "cut");
    buf_str(text, last ? " (el último)" : "");
    buf_str(text, "  ");
    print_code(text, board);
    line(out, TOP_HEAD, text);
    buf_str(text, " de las ");
    put_hour(text, board, cut_ms);
    buf_str(text, ", hace ");
    print_age(text, cut_ms < 0 ? -1 : (board->now_ms - cut_ms) / 1000);
    buf_str(text, "  siguiente ");
    put_hour(text, board, last ? -1 : board_time(board, SEAT_CUT, "next"));
    buf_str(text, "  hecho en ");
    put_number(text, board, SEAT_CUT, "build_ms");
    buf_str(text, " ms  paquete ");
    put_number(text, board, SEAT_CUT, "package");
    line(out, TOP_PLAIN, text);
    uint64_t expected = board_number(board, SEAT_CUT, "expected");
    buf_str(text, " capturadas ");
    put_number(text, board, SEAT_CUT, "captured");
    buf_str(text, " de ");
    put_number(text, board, SEAT_CUT, "expected");
    buf_str(text, " (");
    put_percent(text, board_number(board, SEAT_CUT, "captured"), expected);
    buf_str(text, ")  contabilizadas ");
    put_number(text, board, SEAT_CUT, "counted");
    buf_str(text, "  en revisión ");
    put_number(text, board, SEAT_CUT, "in_review");
    line(out, TOP_PLAIN, text);
}

/* The two come from status files of different moments: there is at least what is signed. */
static void put_ledger_size(struct buf *out, const struct board *board)
{
    uint64_t is_there = board_number(board, SEAT_INTAKE, "ledger_size");
    uint64_t is_signed = board_number(board, SEAT_LOG, "checkpoint_size");
    if (is_signed > is_there) {
        print_thousands(out, is_signed);
    } else {
        put_number(out, board, SEAT_INTAKE, "ledger_size");
    }
}

/* The Merkle tree over the ledger: how far it is signed. */
static void log_lines(const struct board *board, struct top *out, struct buf *text)
{
    const struct board_program *seat = &board->seats[SEAT_LOG];
    struct span signer = status_value(&seat->status, "signer");
    buf_str(text, "REGISTRO  firmado hasta ");
    put_number(text, board, SEAT_LOG, "checkpoint_size");
    buf_str(text, " de ");
    put_ledger_size(text, board);
    buf_printf(text, "  firmante %.*s  espera ", (int)(signer.len == 0 ? 1 : signer.len),
               signer.len == 0 ? "-" : signer.at);
    put_number(text, board, SEAT_LOG, "behind_ms");
    buf_str(text, " ms  punto de control ");
    put_hour(text, board, board_time(board, SEAT_LOG, "checkpoint_time"));
    if (span_is(status_value(&seat->status, "held"), "yes")) {
        buf_str(text, "  (hay actas que esperan la apertura)");
    }
    line(out, !seat->present || board_alive(board, SEAT_LOG) ? TOP_PLAIN : TOP_BAD, text);
}

static const char *state_word(const struct board_program *program)
{
    if (!program->present) {
        return "no está";
    }
    if (program->gone) {
        return "sin señal";
    }
    static const struct {
        const char *state, *word;
    } words[] = {
        {"starting", "empieza"}, {"running", "arriba"}, {"degraded", "a medias"}, {"stopped", "parado"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (span_is(program->status.state, words[i].state)) {
            return words[i].word;
        }
    }
    return "?";
}

/* printf pads bytes, a terminal columns: counts what is no continuation byte. */
static void pad(struct buf *out, const char *text, size_t width)
{
    size_t columns = 0;
    for (const char *c = text; *c != '\0'; c++) {
        columns += ((unsigned char)*c & 0xc0) != 0x80;
    }
    buf_str(out, text);
    for (; columns < width; columns++) {
        buf_char(out, ' ');
    }
}

static void pad_number(struct buf *out, const struct board *board, enum board_seat seat, const char *name,
                       size_t width)
{
    struct buf number = {0};
    put_number(&number, board, seat, name);
    for (size_t i = number.len; i < width; i++) {
        buf_char(out, ' ');
    }
    buf_span(out, buf_as_span(&number));
    buf_done(&number);
}

static void plane(const struct board *board, enum board_seat seat, enum board_seat puller, struct top *out,
                  struct buf *text)
{
    const struct board_program *program = &board->seats[seat];
    buf_char(text, ' ');
    pad(text, program->title, 22);
    pad(text, state_word(program), 10);
    pad_number(text, board, seat, "requests", 11);
    pad_number(text, board, seat, "responses_5xx", 5);
    pad_number(text, board, seat, "cut", 7);
    buf_str(text, "  ");
    if (puller != SEATS) {
        const struct board_program *mirror = &board->seats[puller];
        bool lost = mirror->present && span_is(status_value(&mirror->status, "feed"), "lost");
        if (lost) {
            buf_str(text, "sin fuente hace ");
            print_age(text, (int64_t)status_number(&mirror->status, "feed_age_s"));
        } else {
            buf_str(text, "atraso ");
            print_age(text, mirror->present ? (int64_t)status_number(&mirror->status, "lag_s") : -1);
        }
    } else {
        print_bytes(text, program->present ? status_number(&program->status, "bytes") : UINT64_MAX);
    }
    line(out, board_alive(board, seat) ? TOP_GOOD : TOP_BAD, text);
}

/* The institution's site: how it is served, from which sealed copy, and what in its folder is not as sealed. */
static void sealed_site(const struct board *board, struct top *out, struct buf *text)
{
    const struct board_program *site = &board->seats[SEAT_SITE];
    struct span mode = status_value(&site->status, "site_mode");
    if (!site->present || mode.len == 0) {
        return;
    }
    bool down = span_is(mode, "down");
    buf_printf(text, "   sitio institucional: %s  diferencias ", down ? "COPIA CON AVISO (down)" : "normal");
    put_number(text, board, SEAT_SITE, "differences");
    buf_str(text, "  copia sellada ");
    put_number(text, board, SEAT_SITE, "sealed_version");
    buf_str(text, "  cambios ");
    put_number(text, board, SEAT_SITE, "mode_serial");
    line(out, down || board_number(board, SEAT_SITE, "differences") > 0 ? TOP_BAD : TOP_PLAIN, text);
}

static void planes(const struct board *board, struct top *out, struct buf *text)
{
    buf_char(text, ' ');
    buf_truncate(text, 0);
    pad(text, "SITIOS", 23);
    buf_str(text, "estado     peticiones  5xx  corte");
    line(out, TOP_HEAD, text);
    plane(board, SEAT_RESULTS, SEATS, out, text);
    plane(board, SEAT_FEED, SEATS, out, text);
    plane(board, SEAT_MIRROR_1_EDGE, SEAT_MIRROR_1, out, text);
    plane(board, SEAT_MIRROR_2_EDGE, SEAT_MIRROR_2, out, text);
    plane(board, SEAT_SITE, SEATS, out, text);
    sealed_site(board, out, text);
}

static void machine(const struct board *board, struct top *out, struct buf *text)
{
    struct span offset = status_value(board_status(board, SEAT_NIGHT), "clock_offset_ms");
    buf_str(text, "MÁQUINA  disco libre ");
    print_bytes(text, board->disk_free);
    buf_printf(text, "  reloj %.*s ms", (int)(offset.len == 0 ? 1 : offset.len),
               offset.len == 0 ? "-" : offset.at);
    buf_str(text, "  reinicios ");
    put_number(text, board, SEAT_NIGHT, "restarts");
    struct span metrics = status_value(board_status(board, SEAT_NIGHT), "metrics");
    bool down = span_is(metrics, "down");
    buf_printf(text, "  medidas %s", span_is(metrics, "up") ? "arriba" : down ? "CAÍDAS" : "-");
    line(out, down ? TOP_BAD : TOP_PLAIN, text);
}

void top_lines(const struct board *board, const struct alarm_set *alarms, struct top *out)
{
    struct buf text = {0};
    out->n = 0;
    title(board, out, &text);
    ingest(board, out, &text);
    cut_lines(board, out, &text);
    log_lines(board, out, &text);
    planes(board, out, &text);
    machine(board, out, &text);
    buf_printf(&text, "ALARMAS  %s", alarms->n == 0 ? "ninguna" : "");
    if (alarms->n > 0) {
        buf_u64(&text, alarms->n);
    }
    line(out, alarms->n == 0 ? TOP_GOOD : TOP_BAD, &text);
    for (uint32_t i = 0; i < alarms->n; i++) {
        buf_printf(&text, " ! %s", alarms->alarms[i].sentence);
        line(out, TOP_BAD, &text);
    }
    out->core = out->n;
    buf_done(&text);
}
