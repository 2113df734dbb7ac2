/* The table of settings. */
#include "night/settings.h"

#include "base/num.h"
#include "os/sock.h"

#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

enum kind { TEXT, ADDRESS, NUMBER };

static const struct row {
    const char *name;
    enum kind kind;
    size_t offset;
    uint32_t least, most; /* of a number; most bytes of a text */
    const char *comment;
} rows[] = {
    {"results", ADDRESS, offsetof(struct settings, results), 1, ADDRESS_MAX, "the public results site"},
    {"site", ADDRESS, offsetof(struct settings, site), 1, ADDRESS_MAX,
     "the institutional site, a plane of its own"},
    {"mirror_1", ADDRESS, offsetof(struct settings, mirror_1), 1, ADDRESS_MAX, "difusor 1"},
    {"mirror_2", ADDRESS, offsetof(struct settings, mirror_2), 1, ADDRESS_MAX, "difusor 2"},
    {"feed", ADDRESS, offsetof(struct settings, feed), 1, ADDRESS_MAX, "where difusores pull from"},
    {"intake", ADDRESS, offsetof(struct settings, intake), 1, ADDRESS_MAX, "where centres send to"},
    {"metrics", ADDRESS, offsetof(struct settings, metrics), 1, ADDRESS_MAX,
     "where a monitor asks: all programs"},
    {"health", ADDRESS, offsetof(struct settings, health), 1, ADDRESS_MAX, "and the results site alone"},
    {"speed", NUMBER, offsetof(struct settings, speed), 0, SPEED_MAX,
     "night seconds a real second; 0: stepped"},
    {"cut_s", NUMBER, offsetof(struct settings, cut_s), 1, 7200,
     "seconds between cuts; a real night makes three an hour or more"},
    {"package_s", NUMBER, offsetof(struct settings, package_s), 1, 86400, "seconds between packages"},
    {"keep_cuts", NUMBER, offsetof(struct settings, keep_cuts), 10, 100000,
     "newest cuts that are kept whole"},
    {"keep_every", NUMBER, offsetof(struct settings, keep_every), 1, 86400,
     "and of the older ones every so many-th"},
    {"copy", TEXT, offsetof(struct settings, copy), 0, SETTING_TEXT_MAX, "folder of the continuous copy"},
    {"alert", TEXT, offsetof(struct settings, alert), 0, SETTING_TEXT_MAX,
     "program that is told of alarms; empty: none"},
};
enum { ROWS = sizeof rows / sizeof *rows };

void settings_default(struct settings *settings)
{
    *settings =
        (struct settings){.speed = 1, .cut_s = 60, .package_s = 300, .keep_cuts = 12, .keep_every = 30};
}

uint32_t settings_cadence_s(uint32_t speed, uint32_t real_ms)
{
    static const uint32_t usual[] = {60, 120, 300, 600, 1200};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        if ((uint64_t)usual[i] * 1000 >= (uint64_t)real_ms * speed) {
            return usual[i];
        }
    }
    return 1200;
}

static const struct {
    size_t offset;
    uint32_t above;
} doors[] = {
    {offsetof(struct settings, results), 0},  {offsetof(struct settings, site), 1},
    {offsetof(struct settings, mirror_1), 2}, {offsetof(struct settings, mirror_2), 3},
    {offsetof(struct settings, feed), 10},    {offsetof(struct settings, intake), 11},
    {offsetof(struct settings, metrics), 12}, {offsetof(struct settings, health), 13},
};
enum { DOORS = sizeof doors / sizeof *doors };

/* Listens on port 0 for all doors at once, so that they differ, and lets go. */
static enum err free_ports(struct span host, uint32_t ports[DOORS], struct why *why)
{
    int fds[DOORS];
    int n = 0;
    enum err err = OK;
    char address[ADDRESS_MAX + 1];
    snprintf(address, sizeof address, "%.*s:0", SPAN_ARG(host));
    for (; n < DOORS && err == OK; n++) {
        err = sock_listen(span_str(address), &fds[n], why);
        if (err != OK) {
            break;
        }
        ports[n] = sock_port(fds[n]);
    }
    while (n-- > 0) {
        close(fds[n]);
    }
    return err;
}

enum err settings_listen(struct settings *settings, struct span base, struct why *why)
{
    size_t colon = base.len;
    while (colon > 0 && base.at[colon - 1] != ':') {
        colon--;
    }
    uint32_t port = 0;
    if (colon == 0 || colon > 48 || num_parse_u32(span_from(base, colon), &port) != OK || port > 65535 - 13) {
        return why_set(why, ERR_SYNTAX, "\"%.*s\" no es una dirección: 127.0.0.1:8080 / is no address",
                       SPAN_ARG(base));
    }
    struct span host = span_of(base.at, colon - 1);
    uint32_t ports[DOORS];
    for (int i = 0; i < DOORS; i++) {
        ports[i] = port + doors[i].above;
    }
    if (port == 0) {
        TRY(free_ports(host, ports, why));
    }
    for (int i = 0; i < DOORS; i++) {
        snprintf((char *)settings + doors[i].offset, ADDRESS_MAX + 1, "%.*s:%u", SPAN_ARG(host), ports[i]);
    }
    return OK;
}

void settings_print(const struct settings *settings, struct buf *out)
{
    buf_str(out, "# atalaya night\nformat = 1\n");
    for (int i = 0; i < ROWS; i++) {
        const char *at = (const char *)settings + rows[i].offset;
        buf_printf(out, "\n# %s\n%s = ", rows[i].comment, rows[i].name);
        if (rows[i].kind == NUMBER) {
            uint32_t number;
            memcpy(&number, at, sizeof number);
            buf_u64(out, number);
        } else {
            buf_str(out, at);
        }
        buf_char(out, '\n');
    }
}

static enum err parse_value(const struct row *row, struct span value, struct settings *settings,
                            uint32_t line, struct why *why)
{
    char *at = (char *)settings + row->offset;
    if (row->kind != NUMBER) {
        if (value.len < row->least || value.len > row->most) {
            return why_set(why, ERR_RANGE,
                           "night.ini, línea %u: %s vacío o demasiado largo / is empty or too long", line,
                           row->name);
        }
        (void)span_copy(value, at, row->most + 1);
        return OK;
    }
    uint32_t number = 0;
    if (num_parse_u32(value, &number) != OK || number < row->least || number > row->most) {
        return why_set(why, ERR_RANGE,
                       "night.ini, línea %u: %s es un número de %u a %u / a number between them", line,
                       row->name, row->least, row->most);
    }
    memcpy(at, &number, sizeof number);
    return OK;
}

static enum err parse_line(struct span text, uint32_t line, struct settings *settings, struct why *why)
{
    struct span value = text;
    struct span name = span_trim(span_cut(&value, '='));
    if (value.at == NULL) {
        return why_set(why, ERR_SYNTAX, "night.ini, línea %u: no es nombre = valor / it is not name = value",
                       line);
    }
    value = span_trim(value);
    if (span_is(name, "format")) {
        return span_is(value, "1")
                   ? OK
                   : why_set(why, ERR_SYNTAX, "night.ini, línea %u: format es 1 / format is 1", line);
    }
    for (int i = 0; i < ROWS; i++) {
        if (span_is(name, rows[i].name)) {
            return parse_value(&rows[i], value, settings, line, why);
        }
    }
    return why_set(why, ERR_SYNTAX, "night.ini, línea %u: no hay tal ajuste / there is no such setting",
                   line);
}

enum err settings_parse(struct span text, struct settings *settings, struct why *why)
{
    struct settings read = *settings;
    struct span line;
    for (uint32_t n = 1; span_line(&text, &line); n++) {
        line = span_trim(line);
        if (line.len > 0 && line.at[0] != '#' && line.at[0] != ';') {
            TRY(parse_line(line, n, &read, why));
        }
    }
    *settings = read;
    return OK;
}
