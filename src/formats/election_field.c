/* Single values of the definition's files, and the sentences about them. */
#include "formats/election_def.h"

#include "base/num.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *const area_kind_names[3] = {"entity", "district", "borough"};
const char *const column_kind_names[6] = {"party", "coalition", "common", "independent", "write_in", "null"};
const char *const share_kind_names[3] = {"equal", "equal-each", "percent"};
const char *const signer_kind_names[3] = {"catd", "ccv", "device"};

enum err def_fail(struct def *def, enum err err, const char *es, const char *en, ...)
{
    char spanish[240], english[240];
    va_list args, again;
    va_start(args, en);
    va_copy(again, args);
    vsnprintf(spanish, sizeof spanish, es, args);
    vsnprintf(english, sizeof english, en, again);
    va_end(again);
    va_end(args);
    if (def->line == 0) {
        return why_set(def->why, err, "%s: %s / %s", def->file, spanish, english);
    }
    return why_set(def->why, err, "%s línea %llu: %s / line %llu: %s", def->file,
                   (unsigned long long)def->line, spanish, (unsigned long long)def->line, english);
}

enum err def_text(struct def *def, const char *field, struct span text, bool may_be_empty, struct span *out)
{
    if (text.len == 0 && !may_be_empty) {
        return def_fail(def, ERR_MISSING, "\"%s\" está vacío", "\"%s\" is empty", field);
    }
    if (text.len > ELECTION_TEXT_MAX) {
        return def_fail(def, ERR_TOO_BIG, "\"%s\" pasa de %d bytes", "\"%s\" is longer than %d bytes", field,
                        ELECTION_TEXT_MAX);
    }
    struct span trimmed = span_trim(text);
    if (trimmed.len != text.len) {
        return def_fail(def, ERR_SYNTAX, "\"%s\" empieza o termina con un espacio",
                        "\"%s\" begins or ends with a blank", field);
    }
    struct span copy = arena_copy(&def->election->arena, text);
    if (copy.at == NULL) {
        return def_fail(def, ERR_FULL, "la definición pide demasiada memoria",
                        "the definition needs too much memory");
    }
    *out = copy;
    return OK;
}

enum err def_code(struct def *def, const char *field, struct span text, const char *allowed, size_t most,
                  struct span *out)
{
    if (text.len > most) {
        return def_fail(def, ERR_SYNTAX, "\"%s\" pasa de %zu caracteres",
                        "\"%s\" is longer than %zu characters", field, most);
    }
    for (size_t i = 0; i < text.len; i++) {
        if (strchr(allowed, text.at[i]) == NULL) {
            return def_fail(def, ERR_SYNTAX, "\"%.*s\" no sirve para %s: sólo %s",
                            "\"%.*s\" is no %s: only %s", DEF_ARG(text), field, allowed);
        }
    }
    return def_text(def, field, text, false, out);
}

enum err def_number(struct def *def, const char *field, struct span text, uint32_t most, uint32_t *out)
{
    uint32_t value = 0;
    if (num_parse_u32(text, &value) != OK) {
        return def_fail(def, ERR_SYNTAX, "\"%.*s\" no es un número para \"%s\" (cifras, sin ceros delante)",
                        "\"%.*s\" is no number for \"%s\" (digits, no leading zeros)", DEF_ARG(text), field);
    }
    if (value > most) {
        return def_fail(def, ERR_RANGE, "\"%s\" es %u, lo más es %u", "\"%s\" is %u, the most is %u", field,
                        value, most);
    }
    *out = value;
    return OK;
}

enum err def_area(struct def *def, struct span text, enum area_kind kind, uint16_t *out)
{
    if (span_is(text, "*")) {
        *out = AREA_NONE;
        return OK;
    }
    struct span rest = text;
    struct span word = span_cut(&rest, ':');
    if (!span_is(word, area_kind_names[kind]) || rest.at == NULL) {
        return def_fail(def, ERR_SYNTAX, "el área \"%.*s\" debe ser \"*\" o \"%s:\" y un número",
                        "area \"%.*s\" must be \"*\" or \"%s:\" and a number", DEF_ARG(text),
                        area_kind_names[kind]);
    }
    uint32_t id = 0;
    TRY(def_number(def, "area", rest, UINT16_MAX - 1, &id));
    uint16_t area = election_area(def->election, kind, (uint16_t)id);
    if (area == AREA_NONE) {
        return def_fail(def, ERR_MISSING, "areas.csv no tiene %s %u", "areas.csv has no %s %u",
                        area_kind_names[kind], id);
    }
    *out = area;
    return OK;
}

enum err def_column(struct def *def, struct span code, uint8_t *out)
{
    const struct contest *contest = &def->election->contests[def->contest];
    int column = contest_column(contest, code);
    if (column < 0) {
        return def_fail(def, ERR_MISSING, "la elección %.*s no tiene columna \"%.*s\"",
                        "contest %.*s has no column \"%.*s\"", SPAN_ARG(contest->id), DEF_ARG(code));
    }
    *out = (uint8_t)column;
    return OK;
}

enum err def_enter_contest(struct def *def, struct span id, bool *fresh)
{
    int contest = election_contest(def->election, id);
    if (contest < 0) {
        return def_fail(def, ERR_MISSING, "election.ini no tiene la elección \"%.*s\"",
                        "election.ini has no contest \"%.*s\"", DEF_ARG(id));
    }
    if (contest < def->contest) {
        return def_fail(
            def, ERR_CONFLICT, "los renglones de %.*s van juntos, las elecciones en el orden de election.ini",
            "rows of %.*s must stand together, contests in the order of election.ini", DEF_ARG(id));
    }
    *fresh = contest != def->contest;
    def->contest = contest;
    return OK;
}

struct contest *def_contest(struct def *def)
{
    return &def->election->contests[def->contest];
}

bool def_is_joint(enum column_kind kind)
{
    return kind == COLUMN_COALITION || kind == COLUMN_COMMON;
}
