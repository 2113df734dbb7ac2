/* election.ini through inih: who elects, what, when. An unknown key stops with the nearest name. */
#include "formats/election_def.h"

#include "base/date.h"
#include "base/num.h"

#include <ini.h>

enum { INI_LINE_MAX = 180, KEYS_MAX = 20 };

/* One key: where its value goes and how it is checked. */
struct key {
    const char *name;
    enum err (*set)(struct def *def, const struct key *key, struct span value, void *target);
    size_t offset;
    const char *allowed; /* set_code: characters */
    size_t most;         /* set_code: length; set_u16: largest */
    bool optional;
};

#define CODE_CHARS UPPER LOWER DIGITS "_"

static enum err set_text(struct def *def, const struct key *key, struct span value, void *target)
{
    return def_text(def, key->name, value, false, (struct span *)((char *)target + key->offset));
}

static enum err set_code(struct def *def, const struct key *key, struct span value, void *target)
{
    return def_code(def, key->name, value, key->allowed, key->most,
                    (struct span *)((char *)target + key->offset));
}

static enum err set_u16(struct def *def, const struct key *key, struct span value, void *target)
{
    uint32_t number = 0;
    TRY(def_number(def, key->name, value, (uint32_t)key->most, &number));
    *(uint16_t *)((char *)target + key->offset) = (uint16_t)number;
    return OK;
}

static enum err set_format(struct def *def, const struct key *key, struct span value, void *target)
{
    (void)key, (void)target;
    return span_is(value, "1") ? OK
                               : def_fail(def, ERR_SYNTAX, "formato \"%.*s\": este programa lee el formato 1",
                                          "format \"%.*s\": this program reads format 1", DEF_ARG(value));
}

static enum err set_drill(struct def *def, const struct key *key, struct span value, void *target)
{
    if (!span_is(value, "yes") && !span_is(value, "no")) {
        return def_fail(def, ERR_SYNTAX, "\"%s\" es yes o no", "\"%s\" is yes or no", key->name);
    }
    *(bool *)((char *)target + key->offset) = span_is(value, "yes");
    return OK;
}

static enum err set_moment(struct def *def, const struct key *key, struct span value, void *target)
{
    int64_t ms = 0;
    if (date_parse_iso(value, &ms) != OK) {
        return def_fail(def, ERR_SYNTAX, "\"%s\" no es un momento como 2027-06-07T02:00:00Z",
                        "\"%s\" is no moment like 2027-06-07T02:00:00Z", key->name);
    }
    *(int64_t *)((char *)target + key->offset) = ms;
    return OK;
}

static enum err set_offset(struct def *def, const struct key *key, struct span value, void *target)
{
    int64_t minutes = 0;
    if (num_parse_i64(value, &minutes) != OK || minutes < -720 || minutes > 840) {
        return def_fail(def, ERR_RANGE, "\"%s\" son minutos desde UTC, de -720 a 840",
                        "\"%s\" is minutes from UTC, -720 to 840", key->name);
    }
    *(int *)((char *)target + key->offset) = (int)minutes;
    return OK;
}

static enum err set_area_kind(struct def *def, const struct key *key, struct span value, void *target)
{
    int kind = name_index(area_kind_names, 3, value);
    if (kind < 0) {
        return def_fail(def, ERR_SYNTAX, "\"%s\" es entity, district o borough, no \"%.*s\"",
                        "\"%s\" is entity, district or borough, not \"%.*s\"", key->name, DEF_ARG(value));
    }
    *(enum area_kind *)((char *)target + key->offset) = (enum area_kind)kind;
    return OK;
}

#define IN(member) offsetof(struct election, member)
static const struct key election_keys[] = {
    {"format", set_format, 0, NULL, 0, false},
    {"id", set_code, IN(id), LOWER DIGITS "-", 32, false},
    {"name", set_text, IN(name), NULL, 0, false},
    {"name_en", set_text, IN(name_en), NULL, 0, false},
    {"authority", set_text, IN(authority), NULL, 0, false},
    {"origin", set_code, IN(origin), LOWER DIGITS "./-", 100, false},
    {"entity", set_u16, IN(entity), NULL, 99, false},
    {"entity_name", set_text, IN(entity_name), NULL, 0, false},
    {"package_code", set_code, IN(package_code), CODE_CHARS, 16, false},
    {"drill", set_drill, IN(drill), NULL, 0, false},
};
static const struct key hours_keys[] = {
    {"opening", set_moment, IN(opening_ms), NULL, 0, false},
    {"closing", set_moment, IN(closing_ms), NULL, 0, false},
    {"utc_offset_minutes", set_offset, IN(offset_min), NULL, 0, false},
    {"zone_label", set_text, IN(zone_label), NULL, 0, false},
};
#undef IN
#define IN(member) offsetof(struct contest, member)
static const struct key contest_keys[] = {
    {"code", set_code, IN(code), CODE_CHARS, 16, false},
    {"name", set_text, IN(name), NULL, 0, false},
    {"name_en", set_text, IN(name_en), NULL, 0, false},
    {"area", set_area_kind, IN(area_kind), NULL, 0, false},
    {"share_area", set_area_kind, IN(share_kind), NULL, 0, false},
    {"proportional_forms", set_code, IN(proportional), UPPER DIGITS "+", 100, true},
};
#undef IN

/* A section: its keys and which of them were given. */
struct section {
    const char *name;
    const struct key *keys;
    size_t n_keys;
    uint32_t seen;
    struct span contest; /* of a contest's section, its id */
};
#define SECTION(name, keys)                                                                                  \
    {                                                                                                        \
        name, keys, sizeof(keys) / sizeof((keys)[0]), 0,                                                     \
        {                                                                                                    \
            NULL, 0                                                                                          \
        }                                                                                                    \
    }

struct ini {
    struct def *def;
    struct span rest;
    enum err err;
    struct section election, hours, contests[CONTESTS_MAX];
};

/* Hands inih one line at a time, so that we know which line a key stands on. */
static char *next_line(char *out, int size, void *stream)
{
    struct ini *ini = stream;
    struct span line;
    if (ini->err != OK || !span_line(&ini->rest, &line)) {
        return NULL;
    }
    ini->def->line++;
    if (line.len > INI_LINE_MAX || line.len + 2 > (size_t)size) {
        ini->err = def_fail(ini->def, ERR_TOO_BIG, "pasa de %d bytes", "longer than %d bytes", INI_LINE_MAX);
        return NULL;
    }
    memcpy(out, line.at, line.len);
    memcpy(out + line.len, "\n", 2);
    return out;
}

static enum err new_contest(struct ini *ini, struct span id, struct section **out)
{
    struct election *election = ini->def->election;
    if (election->n_contests == CONTESTS_MAX) {
        return def_fail(ini->def, ERR_TOO_BIG, "más de %d elecciones", "more than %d contests", CONTESTS_MAX);
    }
    struct contest *contest = &election->contests[election->n_contests];
    TRY(def_code(ini->def, "contest", id, LOWER DIGITS, 8, &contest->id));
    struct section *section = &ini->contests[election->n_contests++];
    *section = (struct section)SECTION("contest", contest_keys);
    section->contest = contest->id;
    *out = section;
    return OK;
}

/* The section of a name, and the struct that its values go to. */
static enum err find_section(struct ini *ini, struct span name, struct section **out, void **target)
{
    static const char *const names[] = {"election", "hours", "contest"};
    struct election *election = ini->def->election;
    *target = election;
    if (span_is(name, "election") || span_is(name, "hours")) {
        *out = span_is(name, "hours") ? &ini->hours : &ini->election;
        return OK;
    }
    if (!span_starts(name, SPAN("contest "))) {
        return def_fail(ini->def, ERR_SYNTAX, "no hay sección [%.*s]; la más parecida es [%s]",
                        "no section [%.*s]; the nearest is [%s]", DEF_ARG(name),
                        name_nearest(names, 3, name));
    }
    struct span id = span_trim(span_from(name, 8));
    int contest = election_contest(election, id);
    if (contest < 0) {
        TRY(new_contest(ini, id, out));
        contest = (int)election->n_contests - 1;
    }
    *out = &ini->contests[contest];
    *target = &election->contests[contest];
    return OK;
}

static enum err set_key(struct ini *ini, struct span section_name, struct span name, struct span value)
{
    struct section *section = &ini->election;
    void *target = NULL;
    TRY(find_section(ini, section_name, &section, &target));
    const char *names[KEYS_MAX];
    for (size_t i = 0; i < section->n_keys; i++) {
        names[i] = section->keys[i].name;
    }
    int at = name_index(names, section->n_keys, name);
    if (at < 0) {
        return def_fail(ini->def, ERR_SYNTAX, "no hay clave \"%.*s\" en [%.*s]; la más parecida es \"%s\"",
                        "no key \"%.*s\" in [%.*s]; the nearest is \"%s\"", DEF_ARG(name),
                        DEF_ARG(section_name), name_nearest(names, section->n_keys, name));
    }
    if (section->seen >> at & 1) {
        return def_fail(ini->def, ERR_EXISTS,
                        "\"%s\" se da dos veces (o su valor sigue en una línea con sangría)",
                        "\"%s\" is given twice (or its value goes on in an indented line)", names[at]);
    }
    section->seen |= 1U << at;
    return section->keys[at].set(ini->def, &section->keys[at], value, target);
}

static int on_key(void *user, const char *section, const char *name, const char *value)
{
    struct ini *ini = user;
    if (ini->err == OK) {
        ini->err = set_key(ini, span_str(section), span_str(name), span_str(value));
    }
    return ini->err == OK;
}

static enum err check_complete(struct def *def, const struct section *section)
{
    for (size_t i = 0; i < section->n_keys; i++) {
        if (!(section->seen >> i & 1) && !section->keys[i].optional) {
            return def_fail(def, ERR_MISSING, "a [%s%s%.*s] le falta \"%s\"", "[%s%s%.*s] has no \"%s\"",
                            section->name, section->contest.len > 0 ? " " : "", SPAN_ARG(section->contest),
                            section->keys[i].name);
        }
    }
    return OK;
}

static enum err check_codes(struct def *def)
{
    const struct election *election = def->election;
    for (uint32_t i = 0; i < election->n_contests; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (span_equal(election->contests[i].code, election->contests[k].code)) {
                return def_fail(def, ERR_EXISTS, "dos elecciones tienen el código %.*s",
                                "two contests have the code %.*s", SPAN_ARG(election->contests[i].code));
            }
        }
    }
    return OK;
}

static enum err check_whole(struct ini *ini)
{
    struct def *def = ini->def;
    const struct election *election = def->election;
    def->line = 0;
    TRY(check_complete(def, &ini->election));
    TRY(check_complete(def, &ini->hours));
    for (uint32_t i = 0; i < election->n_contests; i++) {
        TRY(check_complete(def, &ini->contests[i]));
    }
    if (election->n_contests == 0) {
        return def_fail(def, ERR_MISSING, "no hay sección [contest ...]", "no [contest ...] section");
    }
    if (election->opening_ms >= election->closing_ms) {
        return def_fail(def, ERR_CONFLICT, "closing no es después de opening",
                        "closing is not later than opening");
    }
    if (election->drill != origin_is_drill(election->origin)) {
        return def_fail(
            def, ERR_CONFLICT,
            election->drill
                ? "el origen \"%.*s\" no es de simulacro: un simulacro tiene origen y claves propios"
                : "el origen \"%.*s\" es de simulacro: la noche misma nunca usa uno",
            election->drill
                ? "the origin \"%.*s\" is not a drill's: a drill has an origin and keys of its own"
                : "the origin \"%.*s\" is a drill's: the night itself never uses one",
            DEF_ARG(election->origin));
    }
    return check_codes(def);
}

enum err election_ini_parse(struct def *def, struct span bytes)
{
    void *contests = NULL;
    TRY(def_array(def, CONTESTS_MAX, sizeof(struct contest), &contests));
    def->election->contests = contests;
    struct ini ini = {.def = def,
                      .rest = bytes,
                      .election = SECTION("election", election_keys),
                      .hours = SECTION("hours", hours_keys)};
    int bad_line = ini_parse_stream(next_line, &ini, on_key, &ini);
    TRY(ini.err);
    if (bad_line != 0) {
        def->line = bad_line > 0 ? (uint64_t)bad_line : 0;
        return def_fail(def, ERR_SYNTAX, "no es una [sección], ni clave = valor, ni un comentario",
                        "is neither a [section], nor key = value, nor a comment");
    }
    return check_whole(&ini);
}
