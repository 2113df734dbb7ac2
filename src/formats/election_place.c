/* areas.csv, stations.csv, actas.csv, signers.csv: where votes are cast, which actas are expected and who
 * sends them. */
#include "formats/election_def.h"

#include "os/team.h"
#include "seal/note.h"

enum {
    VOTERS_MAX = 999999,
    REPS_MAX = 9999,
    FORM_MAX = ACTA_KEY_MAX - STATION_KEY_LEN,
    STATION_ACTAS_MAX = 64
};

/* areas.csv */

static enum err areas_start(struct def *def, uint32_t rows)
{
    void *areas = NULL;
    TRY(def_array(def, rows, sizeof(struct area), &areas));
    def->election->areas = areas;
    return OK;
}

/* The entity first, then districts, then boroughs; the numbers of a kind go up by one. */
static enum err check_area_order(struct def *def, const struct area *area)
{
    uint32_t n = def->election->n_areas;
    if ((n == 0) != (area->kind == AREA_ENTITY)) {
        return def_fail(def, ERR_CONFLICT, "el primer renglón, y ningún otro, es la entidad",
                        "the first row, and no other, is the entity");
    }
    if (area->kind == AREA_ENTITY) {
        return area->id == 0
                   ? OK
                   : def_fail(def, ERR_RANGE, "el id de la entidad es 0 (su número está en election.ini)",
                              "the entity's id is 0 (its number is in election.ini)");
    }
    const struct area *before = &def->election->areas[n - 1];
    if (area->kind < before->kind) {
        return def_fail(def, ERR_CONFLICT, "%s después de %s: entidad, distritos, alcaldías",
                        "a %s after a %s: entity, districts, boroughs", area_kind_names[area->kind],
                        area_kind_names[before->kind]);
    }
    if (area->kind == before->kind && area->id != before->id + 1) {
        return def_fail(def, ERR_CONFLICT,
                        "%s %u después de %u: los números suben de uno en uno, sin huecos ni repetidos",
                        "%s %u after %u: numbers go up by one, without holes or repeats",
                        area_kind_names[area->kind], area->id, before->id);
    }
    return OK;
}

static enum err areas_row(struct def *def, const struct span *f)
{
    int kind = name_index(area_kind_names, 3, f[0]);
    if (kind < 0) {
        return def_fail(def, ERR_SYNTAX, "no hay clase \"%.*s\"; la más parecida es \"%s\"",
                        "no kind \"%.*s\"; the nearest is \"%s\"", DEF_ARG(f[0]),
                        name_nearest(area_kind_names, 3, f[0]));
    }
    uint32_t id = 0;
    TRY(def_number(def, "id", f[1], 9999, &id));
    struct area area = {.kind = (enum area_kind)kind, .id = (uint16_t)id};
    TRY(check_area_order(def, &area));
    if (area.kind != AREA_ENTITY && area.id == 0) {
        return def_fail(def, ERR_RANGE, "distritos y alcaldías se numeran desde 1",
                        "districts and boroughs are numbered from 1");
    }
    TRY(def_text(def, "name", f[2], false, &area.name));
    if (area.kind == AREA_ENTITY && !span_equal(area.name, def->election->entity_name)) {
        return def_fail(def, ERR_CONFLICT, "la entidad es \"%.*s\" aquí y \"%.*s\" en election.ini",
                        "the entity is \"%.*s\" here and \"%.*s\" in election.ini", DEF_ARG(area.name),
                        DEF_ARG(def->election->entity_name));
    }
    def->election->areas[def->election->n_areas++] = area;
    return OK;
}

static bool has_areas(const struct election *election, enum area_kind kind)
{
    for (uint32_t i = 0; i < election->n_areas; i++) {
        if (election->areas[i].kind == kind) {
            return true;
        }
    }
    return false;
}

static enum err areas_end(struct def *def)
{
    const struct election *election = def->election;
    if (election->n_areas == 0) {
        return def_fail(def, ERR_MISSING, "falta la entidad", "the entity is missing");
    }
    for (uint32_t i = 0; i < election->n_contests; i++) {
        const struct contest *contest = &election->contests[i];
        enum area_kind kind =
            has_areas(election, contest->area_kind) ? contest->share_kind : contest->area_kind;
        if (!has_areas(election, kind)) {
            return def_fail(def, ERR_MISSING, "la elección %.*s se elige o reparte por %s, y no hay ninguno",
                            "contest %.*s is elected or shared by %s, and there is none",
                            SPAN_ARG(contest->id), area_kind_names[kind]);
        }
    }
    return OK;
}

const struct def_table def_areas = {.columns = {"kind", "id", "name"},
                                    .n_columns = 3,
                                    .rows_max = 20000,
                                    .start = areas_start,
                                    .row = areas_row,
                                    .end = areas_end};

/* stations.csv */

static enum err stations_start(struct def *def, uint32_t rows)
{
    void *stations = NULL;
    TRY(def_array(def, rows, sizeof(struct station), &stations));
    def->election->stations = stations;
    if (def->team == NULL) {
        map_reserve(&def->election->station_by_key, rows);
    }
    return OK;
}

static bool name_station(struct election *election, uint32_t station)
{
    struct span key = span_of(election->stations[station].key, STATION_KEY_LEN);
    return map_put(&election->station_by_key, key, station) == MAP_NONE;
}

/* The keys of all, while the caller reads on. It writes nothing of the stations but the first of their actas. */
static void name_stations(void *arg, void *piece, unsigned member)
{
    struct def *def = arg;
    (void)piece, (void)member;
    map_reserve(&def->election->station_by_key, def->election->n_stations);
    for (uint32_t i = 0; i < def->election->n_stations; i++) {
        def->repeated |= !name_station(def->election, i);
    }
}

static enum err stations_end(struct def *def)
{
    if (def->team != NULL) {
        team_give(def->team, name_stations, def, NULL);
    }
    return OK;
}

/* The index of a district or borough by its number; empty: none. */
static enum err parse_place(struct def *def, enum area_kind kind, struct span text, uint16_t *out)
{
    *out = AREA_NONE;
    if (text.len == 0) {
        return OK;
    }
    uint32_t id = 0;
    TRY(def_number(def, area_kind_names[kind], text, 9999, &id));
    uint16_t area = election_area(def->election, kind, (uint16_t)id);
    if (area == AREA_NONE) {
        return def_fail(def, ERR_MISSING, "areas.csv no tiene %s %u", "areas.csv has no %s %u",
                        area_kind_names[kind], id);
    }
    *out = area;
    return OK;
}

/* Which of list, ballots and representatives a kind of station has (LEEME-G 35, last notes). */
static enum err check_station(struct def *def, const struct station *station)
{
    if (station->type == 'S' && station->nominal != 0) {
        return def_fail(def, ERR_CONFLICT, "una casilla especial no tiene lista nominal: 0, no %u",
                        "a special station has no nominal list: 0, not %u", station->nominal);
    }
    if (station_is_special(station) && station->ballots == 0) {
        return def_fail(def, ERR_CONFLICT, "una casilla especial necesita sus boletas: acotan sus votos",
                        "a special station needs its ballots: they bound its votes");
    }
    if (station_is_mode(station) && station->reps != 0) {
        return def_fail(def, ERR_CONFLICT, "las mesas M, A y P no tienen representantes: 0, no %u",
                        "tables M, A and P have no representatives: 0, not %u", station->reps);
    }
    return OK;
}

static enum err stations_row(struct def *def, const struct span *f)
{
    struct election *election = def->election;
    struct station station = {.acta = MAP_NONE};
    uint16_t entity = 0;
    uint32_t location = 0;
    uint32_t reps = 0;
    if (station_parse_key(f[0], &station, &entity) != OK) {
        return def_fail(def, ERR_SYNTAX, "\"%.*s\" no es una CLAVE_CASILLA como 090001C0100",
                        "\"%.*s\" is no CLAVE_CASILLA like 090001C0100", DEF_ARG(f[0]));
    }
    if (entity != election->entity) {
        return def_fail(def, ERR_CONFLICT, "la clave es de la entidad %02u, la elección de la %02u",
                        "the key is of entity %02u, the election of %02u", entity, election->entity);
    }
    TRY(parse_place(def, AREA_DISTRICT, f[1], &station.district));
    TRY(parse_place(def, AREA_BOROUGH, f[2], &station.borough));
    TRY(def_number(def, "location", f[3], 2, &location));
    if (location == 0) {
        return def_fail(def, ERR_RANGE, "la ubicación es 1 (urbana) o 2 (no urbana)",
                        "location is 1 (urban) or 2 (not urban)");
    }
    TRY(def_number(def, "nominal", f[4], VOTERS_MAX, &station.nominal));
    TRY(def_number(def, "ballots", f[5], VOTERS_MAX, &station.ballots));
    TRY(def_number(def, "reps", f[6], REPS_MAX, &reps));
    station.location = (uint8_t)location;
    station.reps = (uint16_t)reps;
    TRY(check_station(def, &station));
    election->stations[election->n_stations] = station;
    if (def->team == NULL && !name_station(election, election->n_stations)) {
        return def_fail(def, ERR_EXISTS, "la casilla %s está dos veces", "station %s is there twice",
                        station.key);
    }
    election->n_stations++;
    return OK;
}

const struct def_table def_stations = {
    .columns = {"key", "district", "borough", "location", "nominal", "ballots", "reps"},
    .n_columns = 7,
    .rows_max = 400000,
    .start = stations_start,
    .row = stations_row,
    .end = stations_end};

/* actas.csv */

static enum err actas_start(struct def *def, uint32_t rows)
{
    void *actas = NULL;
    TRY(def_array(def, rows, sizeof(struct acta), &actas));
    def->election->actas = actas;
    return OK;
}

static bool in_list(struct span list, struct span word)
{
    struct span rest = list;
    while (rest.len > 0) {
        if (span_equal(span_cut(&rest, '+'), word)) {
            return true;
        }
    }
    return false;
}

/* A station that is tied to a place must lie where its contests are elected and shared. */
static enum err check_acta_place(struct def *def, const struct contest *contest,
                                 const struct station *station)
{
    const enum area_kind kinds[] = {contest->area_kind, contest->share_kind};
    for (size_t i = 0; i < 2; i++) {
        uint16_t area = kinds[i] == AREA_DISTRICT ? station->district : station->borough;
        if (kinds[i] != AREA_ENTITY && area == AREA_NONE && !station_is_mode(station)) {
            return def_fail(def, ERR_CONFLICT,
                            "la casilla %s no está en ningún %s, y la elección %.*s lo necesita",
                            "station %s lies in no %s, and contest %.*s needs it", station->key,
                            area_kind_names[kinds[i]], SPAN_ARG(contest->id));
        }
    }
    return OK;
}

static enum err parse_form(struct def *def, struct span form, struct acta *acta)
{
    bool spelt = form.len > 0 && form.len <= FORM_MAX;
    for (size_t i = 0; spelt && i < form.len; i++) {
        char c = form.at[i];
        spelt = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }
    if (!spelt) {
        return def_fail(def, ERR_SYNTAX, "\"%.*s\" no es un TIPO_ACTA: de 1 a %d de A-Z y 0-9",
                        "\"%.*s\" is no TIPO_ACTA: 1 to %d of A-Z and 0-9", DEF_ARG(form), FORM_MAX);
    }
    memcpy(acta->key + STATION_KEY_LEN, form.at, form.len);
    acta->form_len = (uint8_t)form.len;
    return OK;
}

/* Puts the acta before its station's others, which it must differ from. So few, that a walk finds each. */
static enum err chain_acta(struct def *def, struct acta *acta)
{
    struct election *election = def->election;
    struct station *station = &election->stations[acta->station];
    unsigned n = 0;
    for (uint32_t i = station->acta; i != MAP_NONE; i = election->actas[i].next) {
        if (span_equal(acta_form(&election->actas[i]), acta_form(acta))) {
            return def_fail(def, ERR_EXISTS, "el acta %s está dos veces", "acta %s is there twice",
                            acta->key);
        }
        n++;
    }
    if (n == STATION_ACTAS_MAX) {
        return def_fail(def, ERR_TOO_BIG, "la casilla %s tiene más de %d actas",
                        "station %s has more than %d actas", station->key, STATION_ACTAS_MAX);
    }
    acta->next = station->acta;
    station->acta = election->n_actas;
    return OK;
}

/* Mostly the one of the row before, as a station has an acta of each contest, or the one after that. */
static uint32_t row_station(struct def *def, struct span key)
{
    const struct election *election = def->election;
    if (election->n_actas > 0 && key.len == STATION_KEY_LEN) {
        uint32_t before = election->actas[election->n_actas - 1].station;
        for (uint32_t i = before; i < election->n_stations && i <= before + 1; i++) {
            if (bytes_equal(key.at, election->stations[i].key, STATION_KEY_LEN)) {
                return i;
            }
        }
    }
    team_finish(def->team); /* the keys are known then */
    return election_station(election, key);
}

static enum err actas_row(struct def *def, const struct span *f)
{
    struct election *election = def->election;
    struct acta *acta = &election->actas[election->n_actas];
    acta->station = row_station(def, f[0]);
    if (acta->station == MAP_NONE) {
        return def_fail(def, ERR_MISSING, "stations.csv no tiene la casilla \"%.*s\"",
                        "stations.csv has no station \"%.*s\"", DEF_ARG(f[0]));
    }
    int contest = election_contest(election, f[1]);
    if (contest < 0) {
        return def_fail(def, ERR_MISSING, "election.ini no tiene la elección \"%.*s\"",
                        "election.ini has no contest \"%.*s\"", DEF_ARG(f[1]));
    }
    acta->contest = (uint8_t)contest;
    memcpy(acta->key, f[0].at, STATION_KEY_LEN);
    TRY(parse_form(def, f[2], acta));
    acta->proportional = in_list(election->contests[contest].proportional, f[2]);
    TRY(check_acta_place(def, &election->contests[contest], &election->stations[acta->station]));
    TRY(chain_acta(def, acta));
    election->n_actas++;
    return OK;
}

static enum err actas_end(struct def *def)
{
    return def->election->n_actas > 0
               ? OK
               : def_fail(def, ERR_MISSING, "no se espera ninguna acta", "no acta is expected");
}

const struct def_table def_actas = {.columns = {"station", "contest", "form"},
                                    .n_columns = 3,
                                    .rows_max = 2000000,
                                    .start = actas_start,
                                    .row = actas_row,
                                    .end = actas_end};

/* signers.csv */

static enum err signers_start(struct def *def, uint32_t rows)
{
    void *signers = NULL;
    TRY(def_array(def, rows, sizeof(struct signer), &signers));
    def->election->signers = signers;
    return OK;
}

static enum err check_vkey(struct def *def, struct span vkey, struct span name)
{
    struct note_key key;
    struct why why = {{0}};
    if (note_key_parse(vkey, &key, &why) != OK) {
        return def_fail(def, ERR_SYNTAX, "vkey: %s", "vkey: %s", why.text);
    }
    if (!span_is(name, key.name)) {
        return def_fail(def, ERR_CONFLICT, "la vkey es de \"%.60s\", el renglón de \"%.*s\"",
                        "the vkey is of \"%.60s\", the row of \"%.*s\"", key.name, DEF_ARG(name));
    }
    return OK;
}

static enum err signers_row(struct def *def, const struct span *f)
{
    struct election *election = def->election;
    struct signer signer = {0};
    TRY(def_code(def, "name", f[0], LOWER UPPER DIGITS "._/-", 60, &signer.name));
    int kind = name_index(signer_kind_names, 3, f[1]);
    if (kind < 0) {
        return def_fail(def, ERR_SYNTAX, "no hay clase \"%.*s\"; la más parecida es \"%s\"",
                        "no kind \"%.*s\"; the nearest is \"%s\"", DEF_ARG(f[1]),
                        name_nearest(signer_kind_names, 3, f[1]));
    }
    signer.kind = (enum signer_kind)kind;
    TRY(check_vkey(def, f[2], signer.name));
    TRY(def_text(def, "vkey", f[2], false, &signer.vkey));
    if (map_put(&def->names, signer.name, election->n_signers) != MAP_NONE) {
        return def_fail(def, ERR_EXISTS, "el firmante \"%.*s\" está dos veces",
                        "signer \"%.*s\" is there twice", DEF_ARG(f[0]));
    }
    election->signers[election->n_signers++] = signer;
    return OK;
}

const struct def_table def_signers = {.columns = {"name", "kind", "vkey"},
                                      .n_columns = 3,
                                      .rows_max = 400000,
                                      .start = signers_start,
                                      .row = signers_row};
