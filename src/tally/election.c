/* Lookups in the election's definition. */
#include "tally/election.h"

bool origin_is_drill(struct span origin)
{
    static const char *const words[] = {"simulacro", "ensayo",  "prueba", "repeticion",
                                        "ejemplo",   "example", "drill",  "test"};
    bool begins = true;
    for (size_t i = 0; i < origin.len; i++) {
        for (size_t w = 0; begins && w < sizeof words / sizeof *words; w++) {
            if (span_starts(span_from(origin, i), span_str(words[w]))) {
                return true;
            }
        }
        begins = strchr("./-", origin.at[i]) != NULL;
    }
    return false;
}

uint32_t election_station(const struct election *election, struct span key)
{
    return map_get(&election->station_by_key, key);
}

uint32_t election_acta(const struct election *election, struct span key)
{
    if (key.len <= STATION_KEY_LEN) {
        return MAP_NONE;
    }
    uint32_t station = election_station(election, span_of(key.at, STATION_KEY_LEN));
    struct span form = span_from(key, STATION_KEY_LEN);
    uint32_t at = station == MAP_NONE ? MAP_NONE : election->stations[station].acta;
    while (at != MAP_NONE && !span_equal(acta_form(&election->actas[at]), form)) {
        at = election->actas[at].next;
    }
    return at;
}

int election_contest(const struct election *election, struct span id)
{
    for (uint32_t i = 0; i < election->n_contests; i++) {
        if (span_equal(election->contests[i].id, id)) {
            return (int)i;
        }
    }
    return -1;
}

uint16_t election_area(const struct election *election, enum area_kind kind, uint16_t id)
{
    for (uint32_t i = 0; i < election->n_areas; i++) {
        if (election->areas[i].kind == kind && election->areas[i].id == id) {
            return (uint16_t)i;
        }
    }
    return AREA_NONE;
}

uint16_t election_acta_area(const struct election *election, const struct acta *acta, enum area_kind kind)
{
    const struct station *station = &election->stations[acta->station];
    if (kind == AREA_ENTITY) {
        return 0;
    }
    /* Votes for the proportional lists alone belong to no seat's area, wherever they were cast. */
    if (acta->proportional) {
        return AREA_NONE;
    }
    return kind == AREA_DISTRICT ? station->district : kind == AREA_BOROUGH ? station->borough : AREA_NONE;
}

uint64_t election_acta_columns(const struct election *election, const struct acta *acta)
{
    const struct contest *contest = &election->contests[acta->contest];
    return contest_columns_in(contest, election_acta_area(election, acta, contest->area_kind));
}

void election_done(struct election *election)
{
    map_done(&election->station_by_key);
    arena_done(&election->arena);
    *election = (struct election){0};
}
