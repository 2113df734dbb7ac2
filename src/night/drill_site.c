/* Steps of the drill on the institutional site: altered, taken down, put back. */
#include "night/drill.h"

#include "os/clock.h"

#include <inttypes.h>
#include <stdio.h>

enum { SEEN_S = 10, WITHIN_MS = 1000, PROGRAM_S = 60, READINGS = 40 };

static struct buf sealed_page; /* the front page as it was before it was altered */

static bool condition_site(struct drill *drill, void *arg)
{
    (void)arg;
    return drill_get(drill, drill->settings.site, "/") == 200;
}

static bool condition_alarm(struct drill *drill, void *arg)
{
    uint32_t *wrong = arg;
    const struct status *status = board_status(&drill->look.board, SEAT_SITE);
    if (drill_get(drill, drill->settings.site, "/") != 200 ||
        !span_equal(buf_as_span(&drill->body), buf_as_span(&sealed_page))) {
        ++*wrong;
    }
    return status_number(status, "differences") > 0 && status->alarm.len > 0;
}

bool drill_step_altered(struct drill *drill, char figure[DRILL_FIGURE_MAX])
{
    static const char altered[] = "<!doctype html><title>x</title><body>RESULTADOS FALSOS</body>\n";
    char page[FILE_PATH_MAX];
    struct why why = {{0}};
    uint32_t wrong = 0;
    buf_clear(&sealed_page);
    if (!drill_wait(drill, SEEN_S, condition_site, NULL)) {
        snprintf(figure, DRILL_FIGURE_MAX, "el sitio institucional no contesta");
        return false;
    }
    buf_span(&sealed_page, buf_as_span(&drill->body));
    int64_t begin = monotonic_ms();
    if (file_write(path_join(page, drill->dir, "site/index.html"), span_str(altered), true, &why) != OK) {
        snprintf(figure, DRILL_FIGURE_MAX, "no se pudo alterar: %.200s", why.text);
        return false;
    }
    bool said = drill_wait(drill, SEEN_S, condition_alarm, &wrong);
    int64_t alarm_ms = monotonic_ms() - begin;
    for (int i = 0; i < READINGS; i++) {
        wrong += drill_get(drill, drill->settings.site, "/") != 200 ||
                 !span_equal(buf_as_span(&drill->body), buf_as_span(&sealed_page));
    }
    snprintf(figure, DRILL_FIGURE_MAX,
             "alarma a los %" PRId64
             " ms; lecturas con un byte que no se selló: %u (se sirve sólo la copia sellada)",
             alarm_ms, wrong);
    return said && wrong == 0;
}

static int site_program(struct drill *drill, const char *verb)
{
    char root[FILE_PATH_MAX], dir[FILE_PATH_MAX];
    const char *argv[] = {"atalaya-site",
                          verb,
                          "--root",
                          path_join(root, drill->dir, "site"),
                          "--dir",
                          path_join(dir, drill->dir, "site-guard"),
                          NULL};
    return drill_program(drill, (char *const *)(uintptr_t)argv, PROGRAM_S);
}

static bool links_to(const struct drill *drill, const char *address)
{
    char url[160];
    int n = snprintf(url, sizeof url, "href=\"http://%s/\"", address);
    return memmem(drill->body.at, drill->body.len, url, (size_t)n) != NULL;
}

static bool condition_down(struct drill *drill, void *arg)
{
    (void)arg;
    return condition_site(drill, NULL) &&
           memmem(drill->body.at, drill->body.len, "atalaya-baja", 12) != NULL &&
           links_to(drill, drill->settings.results) && links_to(drill, drill->settings.mirror_1) &&
           links_to(drill, drill->settings.mirror_2);
}

bool drill_step_down(struct drill *drill, char figure[DRILL_FIGURE_MAX])
{
    int64_t begin = monotonic_ms();
    int code = site_program(drill, "down");
    bool seen = code == 0 && drill_wait(drill, SEEN_S, condition_down, NULL);
    int64_t ms = monotonic_ms() - begin;
    snprintf(figure, DRILL_FIGURE_MAX,
             "atalaya site down: %d; aviso fechado con los tres enlaces a los %" PRId64 " ms (antes de %d)",
             code, ms, WITHIN_MS);
    return seen && ms < WITHIN_MS;
}

static bool condition_as_before(struct drill *drill, void *arg)
{
    (void)arg;
    return condition_site(drill, NULL) && span_equal(buf_as_span(&drill->body), buf_as_span(&sealed_page));
}

bool drill_step_restored(struct drill *drill, char figure[DRILL_FIGURE_MAX])
{
    int restored = site_program(drill, "restore");
    int64_t begin = monotonic_ms();
    int up = site_program(drill, "up");
    bool seen = drill_wait(drill, SEEN_S, condition_as_before, NULL);
    int64_t ms = monotonic_ms() - begin;
    int checked = site_program(drill, "check");
    snprintf(figure, DRILL_FIGURE_MAX,
             "restore: %d, up: %d, check: %d; la página de antes, byte por byte, a los %" PRId64 " ms",
             restored, up, checked, ms);
    return restored == 0 && up == 0 && checked == 0 && seen;
}
