/* The night of 2 June, step by step. */
#include "night/drill.h"

#include <inttypes.h>
#include <stdio.h>

enum { ZERO_S = 60, CUTS_S = 200, MIRROR_S = 200, DOWN_S = 90, BACK_S = 200, LAST_S = 700, AGE_REAL_S = 3 };

/* Sum of a name over all contests in the last answer: "captured" of latest.json. */
static uint64_t sum_of(const struct drill *drill, const char *name)
{
    struct drill part = *drill; /* a window on the same answer that moves on */
    struct span rest = buf_as_span(&drill->body);
    char key[64];
    int n = snprintf(key, sizeof key, "\"%s\":", name);
    uint64_t sum = 0;
    for (const char *at; rest.len > 0 && (at = memmem(rest.at, rest.len, key, (size_t)n)) != NULL;) {
        uint64_t number = 0;
        rest = span_from(rest, (size_t)(at - rest.at));
        part.body.at = (char *)(uintptr_t)rest.at;
        part.body.len = rest.len;
        sum += drill_number(&part, name, &number) ? number : 0;
        rest = span_from(rest, (size_t)n);
    }
    return sum;
}

/* Another's night is past its zeros: they are still there. */
static bool condition_zero(struct drill *drill, void *arg)
{
    (void)arg;
    uint64_t cut = 1;
    if (drill->options->on != NULL) {
        return drill_get(drill, drill->settings.results, "/cut/0/cut.json") == 200 &&
               drill_number(drill, "cut", &cut) && cut == 0;
    }
    return drill_get(drill, drill->settings.results, "/latest.json") == 200 &&
           drill_number(drill, "cut", &cut) && cut == 0;
}

static bool step_zeros(struct drill *drill, char figure[DRILL_FIGURE_MAX])
{
    char public[FILE_PATH_MAX], policy[FILE_PATH_MAX];
    if (!drill_wait(drill, ZERO_S, condition_zero, NULL)) {
        snprintf(figure, DRILL_FIGURE_MAX, "no se vio un corte 0 antes de la apertura");
        return false;
    }
    uint64_t captured = sum_of(drill, "captured"), votes = sum_of(drill, "votes"),
             expected = sum_of(drill, "expected");
    path_join(public, drill->dir, "public");
    path_join(policy, drill->dir, "public/log/vkey");
    char *argv[] = {(char *)(uintptr_t) "atalaya-verify", public, (char *)(uintptr_t) "--policy", policy,
                    NULL};
    int code = drill_program(drill, argv, 60);
    snprintf(figure, DRILL_FIGURE_MAX,
             "corte 0: %" PRIu64 " actas esperadas, %" PRIu64 " capturadas, %" PRIu64
             " votos; atalaya verify: %d",
             expected, captured, votes, code);
    return expected > 0 && captured == 0 && votes == 0 && code == 0;
}

struct moving {
    uint64_t cut, captured;
};

static bool condition_more(struct drill *drill, void *arg)
{
    const struct moving *since = arg;
    uint64_t cut = 0;
    return drill_get(drill, drill->settings.results, "/latest.json") == 200 &&
           drill_number(drill, "cut", &cut) && cut > since->cut &&
           sum_of(drill, "captured") > since->captured;
}

static bool flow_page(struct drill *drill, uint64_t cut, struct buf *out)
{
    char path[64];
    snprintf(path, sizeof path, "/cut/%" PRIu64 "/flow.html", cut);
    if (drill_get(drill, drill->settings.results, path) != 200) {
        return false;
    }
    buf_clear(out);
    buf_span(out, buf_as_span(&drill->body));
    return true;
}

static bool step_cuts(struct drill *drill, char figure[DRILL_FIGURE_MAX])
{
    struct moving first = {0, 0}, second;
    struct buf before = {0}, after = {0};
    if (!drill_wait(drill, drill_patience(drill, CUTS_S, 2), condition_more, &first)) {
        snprintf(figure, DRILL_FIGURE_MAX, "no llegó el primer corte con actas");
        return false;
    }
    (void)drill_number(drill, "cut", &first.cut);
    first.captured = sum_of(drill, "captured");
    bool moved = flow_page(drill, first.cut, &before) &&
                 drill_wait(drill, drill_patience(drill, CUTS_S, 3), condition_more, &first);
    second = first;
    if (moved) {
        (void)drill_number(drill, "cut", &second.cut);
        second.captured = sum_of(drill, "captured");
        moved =
            flow_page(drill, second.cut, &after) && !span_equal(buf_as_span(&before), buf_as_span(&after));
    }
    snprintf(figure, DRILL_FIGURE_MAX,
             "del corte %" PRIu64 " al %" PRIu64 ": de %" PRIu64 " a %" PRIu64
             " actas; la página del flujo %s",
             first.cut, second.cut, first.captured, second.captured, moved ? "cambió" : "no cambió");
    buf_done(&before);
    buf_done(&after);
    return moved;
}

static uint64_t mirror_cut(struct drill *drill, const char *address)
{
    uint64_t cut = 0;
    return drill_get(drill, address, "/latest.json") == 200 && drill_number(drill, "cut", &cut) ? cut : 0;
}

struct both {
    uint64_t first, second; /* cuts that the mirrors must have */
};

static bool condition_both(struct drill *drill, void *arg)
{
    const struct both *wanted = arg;
    return mirror_cut(drill, drill->settings.mirror_1) >= wanted->first &&
           mirror_cut(drill, drill->settings.mirror_2) >= wanted->second;
}

static bool condition_results(struct drill *drill, void *arg)
{
    const bool *up = arg;
    return (drill_get(drill, drill->settings.results, "/latest.json") == 200) == *up;
}

static bool step_edge(struct drill *drill, char figure[DRILL_FIGURE_MAX])
{
    bool down = false, up = true;
    struct both now = {mirror_cut(drill, drill->settings.mirror_1),
                       mirror_cut(drill, drill->settings.mirror_2)};
    int64_t begin = monotonic_ms();
    bool stopped = drill_order(drill, "stop results") && drill_wait(drill, DOWN_S, condition_results, &down);
    struct both wanted = {now.first + 2, now.second + 2};
    bool more = stopped && drill_wait(drill, drill_patience(drill, MIRROR_S, 3), condition_both, &wanted);
    bool still_down = drill_get(drill, drill->settings.results, "/latest.json") == 0;
    int64_t without_ms = monotonic_ms() - begin;
    bool back = drill_order(drill, "start results") && drill_wait(drill, BACK_S, condition_results, &up);
    snprintf(figure, DRILL_FIGURE_MAX,
             "resultados sin contestar %" PRId64 " s; difusor-1 del corte %" PRIu64 " al %" PRIu64
             ", difusor-2 del %" PRIu64 " al %" PRIu64 "%s",
             without_ms / 1000, now.first, mirror_cut(drill, drill->settings.mirror_1), now.second,
             mirror_cut(drill, drill->settings.mirror_2), back ? "" : "; resultados no volvió");
    return stopped && more && still_down && back;
}

/* A mirror that says "feed lost" with an age, and whose page is up. */
static bool says_age(struct drill *drill, const char *address, uint64_t *age_s)
{
    bool says = drill_get(drill, address, "/estado") == 200 && drill_number(drill, "feed_age_s", age_s) &&
                memmem(drill->body.at, drill->body.len, "\"feed\":\"lost\"", 13) != NULL;
    uint64_t age_s_min = (uint64_t)AGE_REAL_S * drill->settings.speed; /* a stepped clock stands still */
    return says && *age_s >= age_s_min && drill_get(drill, address, "/") == 200;
}

static bool condition_lost(struct drill *drill, void *arg)
{
    uint64_t *ages = arg;
    return says_age(drill, drill->settings.mirror_1, &ages[0]) &&
           says_age(drill, drill->settings.mirror_2, &ages[1]);
}

/* A third mirror that knows no origin fills itself from the first one, and verifies what it gets all the same. */
static bool fill_from_mirror(struct drill *drill, uint64_t *cut)
{
    char feed[128], folder[FILE_PATH_MAX], key[FILE_PATH_MAX], log_key[FILE_PATH_MAX];
    snprintf(feed, sizeof feed, "http://%s/", drill->settings.mirror_1);
    char *argv[] = {(char *)(uintptr_t) "atalaya-mirror",
                    (char *)(uintptr_t) "--feed",
                    feed,
                    (char *)(uintptr_t) "--vkey",
                    (char *)(uintptr_t)path_join(key, drill->dir, "keys/cut.key.pub"),
                    (char *)(uintptr_t) "--log-vkey",
                    (char *)(uintptr_t)path_join(log_key, drill->dir, "keys/log.key.pub"),
                    (char *)(uintptr_t) "--dir",
                    (char *)(uintptr_t)path_join(folder, drill->work, "mirror-3"),
                    (char *)(uintptr_t) "--once",
                    NULL};
    if (drill_program(drill, argv, DOWN_S) != 0) {
        return false;
    }
    char path[FILE_PATH_MAX];
    struct why why = {{0}};
    buf_clear(&drill->body);
    return file_read(path_join(path, drill->work, "mirror-3/public/latest.json"), 65536, &drill->body,
                     &why) == OK &&
           drill_number(drill, "cut", cut);
}

static bool step_origin(struct drill *drill, char figure[DRILL_FIGURE_MAX])
{
    static const char *const orders[] = {"stop results", "stop feed", "stop cut", "stop intake"};
    uint64_t ages[2] = {0, 0}, third = 0;
    bool stopped = true;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        stopped &= drill_order(drill, orders[i]);
    }
    uint64_t held = mirror_cut(drill, drill->settings.mirror_1);
    bool said = stopped && drill_wait(drill, DOWN_S, condition_lost, ages);
    bool filled = said && fill_from_mirror(drill, &third) && third == held;
    snprintf(figure, DRILL_FIGURE_MAX,
             "los difusores sirven el corte %" PRIu64 " y dicen su edad: %" PRIu64 " s y %" PRIu64
             " s de la noche; uno nuevo se llenó de otro: corte %" PRIu64,
             held, ages[0], ages[1], third);
    return said && filled && held > 0;
}

static bool step_back(struct drill *drill, char figure[DRILL_FIGURE_MAX])
{
    static const char *const orders[] = {"start intake", "start cut", "start results", "start feed"};
    bool up = true, started = true;
    struct both now = {mirror_cut(drill, drill->settings.mirror_1),
                       mirror_cut(drill, drill->settings.mirror_2)};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        started &= drill_order(drill, orders[i]);
    }
    int64_t begin = monotonic_ms();
    struct both wanted = {now.first + 1, now.second + 1};
    bool back = started && drill_wait(drill, BACK_S, condition_results, &up) &&
                drill_wait(drill, drill_patience(drill, MIRROR_S, 2), condition_both, &wanted);
    snprintf(figure, DRILL_FIGURE_MAX,
             "otra vez un corte nuevo en los difusores a los %" PRId64 " ms (del %" PRIu64 " al %" PRIu64 ")",
             monotonic_ms() - begin, now.first, mirror_cut(drill, drill->settings.mirror_1));
    return back;
}

static bool condition_last(struct drill *drill, void *arg)
{
    (void)arg;
    return span_is(status_value(board_status(&drill->look.board, SEAT_MIRROR_1), "last"), "yes") &&
           span_is(status_value(board_status(&drill->look.board, SEAT_MIRROR_2), "last"), "yes");
}

static bool condition_ended(struct drill *drill, void *arg)
{
    (void)arg;
    return drill->night_code >= 0;
}

static bool step_last(struct drill *drill, char figure[DRILL_FIGURE_MAX])
{
    bool last = drill_wait(drill, LAST_S, condition_last, NULL);
    uint64_t cut = board_number(&drill->look.board, SEAT_CUT, "cut");
    uint64_t captured = board_number(&drill->look.board, SEAT_CUT, "captured");
    uint64_t expected = board_number(&drill->look.board, SEAT_CUT, "expected");
    bool ended = drill_wait(drill, LAST_S, condition_ended, NULL);
    snprintf(figure, DRILL_FIGURE_MAX,
             "último corte %" PRIu64 " con %" PRIu64 " de %" PRIu64
             " actas, también en los difusores; comprobación final: %d",
             cut, captured, expected, ended ? drill->night_code : -1);
    return last && ended && drill->night_code == 0;
}

const struct drill_step drill_noche[] = {
    {"ceros", "Se publican los ceros y se prueban",
     "un corte 0 sin actas ni votos, firmado, antes de la apertura",
     "Zeros published and proven before the opening", step_zeros, false},
    {"cortes", "Los primeros cortes", "las cifras y el flujo de la ingesta se mueven de corte en corte",
     "First cuts: figures and flow move", step_cuts, false},
    {"inundacion", "Una inundación del sitio institucional desde muchas direcciones",
     "el tablero nombra la clase y las redes; p50 y p99 de resultados como en calma",
     "A flood on the institutional site; the board names kind and networks, results stay calm",
     drill_step_flood, false},
    {"alteracion", "Se altera una página del instituto",
     "se sirve la copia sellada; ningún byte alterado servido",
     "A page altered: the sealed copy is served, no altered byte", drill_step_altered, false},
    {"fila", "Se altera una fila de la base de datos del instituto",
     "se nombra la fila y se sirve lo sellado", "A database row altered: it is named", NULL, false},
    {"baja", "`site down`", "la página sigue, con enlaces a resultados y difusores",
     "site down: the page stays, with links to results and mirrors", drill_step_down, false},
    {"regreso", "`site restore`, `site up`", "el sitio vuelve como estaba sellado", "site restore, site up",
     drill_step_restored, false},
    {"borde", "Se para el sitio de resultados",
     "los difusores reciben todavía dos cortes más, por su propia fuente",
     "The results edge stopped: mirrors still get two more cuts", step_edge, false},
    {"origen", "Se para todo el origen", "los difusores lo dicen, con la edad; uno nuevo se llena de otro",
     "The whole origin stopped: mirrors say so with the age, and a new one fills itself from another",
     step_origin, false},
    {"vuelta", "El origen vuelve", "los cortes siguen donde estaban y llegan a los difusores",
     "Origin back: cuts go on and reach the mirrors", step_back, false},
    {"cierre", "Último corte y cierre", "el último corte en todos, y la comprobación final sin nada mal",
     "Last cut and close; the final check finds nothing wrong", step_last, true},
    {"informe", "El informe del origen del ataque",
     "orígenes acusados contra verdaderos, veredicto con fundamentos, --recompute coincide",
     "The origin report: accused against true sources, verdict with grounds", drill_step_report, false},
};
const size_t drill_noche_steps = sizeof drill_noche / sizeof *drill_noche;
