/* Where votes are cast and added up: stations (casillas) and areas (entity, districts, boroughs, sections).
 *
 * Source of the codes: LEEME of the PREP CDMX 2024, fields 1 to 10; Anexo 18.10 of the Reglamento de
 * Elecciones for entity ids. */
#ifndef TALLY_PLACE_H
#define TALLY_PLACE_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum { STATION_KEY_LEN = 11, ACTA_KEY_MAX = 20 };

/* Area kinds, from the whole to the part. */
enum area_kind { AREA_ENTITY, AREA_DISTRICT, AREA_BOROUGH, AREA_SECTION, AREA_KINDS };

#define AREA_NONE UINT16_MAX

struct area {
    enum area_kind kind;
    uint16_t id; /* the official number: district 1..33, borough 2..17, section 1..9999; 0 for the entity */
    struct span name; /* "DISTRITO 7", "COYOACÁN"; UTF-8 */
};

/* TIPO_CASILLA: B básica, C contigua, E extraordinaria, S especial, M residents abroad, A early voting,
 * P preventive prison, U electronic urn. */
#define STATION_TYPES "BCESMAPU"

struct station {
    char key[STATION_KEY_LEN + 1]; /* CLAVE_CASILLA: entity(2) section(4) type(1) number(2) extension(2) */
    char type;                     /* one of STATION_TYPES */
    uint8_t number;                /* ID_CASILLA */
    uint8_t extension;             /* EXT_CONTIGUA */
    uint8_t location;              /* UBICACION_CASILLA: 1 urban, 2 not urban */
    uint16_t section;              /* official number, 0 where there is none (M, A, P) */
    uint16_t district;             /* index into election.areas, AREA_NONE where it cannot be tied to one */
    uint16_t borough;              /* the same */
    uint16_t reps;                 /* accredited representatives, the most that may vote here */
    uint32_t nominal;              /* lista nominal; 0 for special stations, which have none */
    uint32_t ballots;              /* ballots approved; the bound that special stations have instead */
    uint32_t acta;                 /* index of one of its actas (acta.next leads on), UINT32_MAX: none */
};

/* Special stations have no nominal list: their votes stay out of participation until the last cut
 * (Anexo 13, numeral 29, fraction IX). An electronic urn without a list stands in a special station (LEEME,
 * E). */
static inline bool station_is_special(const struct station *station)
{
    return station->type == 'S' || (station->type == 'U' && station->nominal == 0);
}

/* M, A and P: tables of a voting mode, not tied to a place; district, section and number are published "N/A".
 */
static inline bool station_is_mode(const struct station *station)
{
    return station->type == 'M' || station->type == 'A' || station->type == 'P';
}

/* The most votes that a table can hold: nominal list (special: ballots) plus representatives. The tables of a
 * mode have a list of their own and no representatives. As many votes as this are fine, one more exceeds
 * (LEEME-G 6). */
uint32_t station_bound(const struct station *station);

/* Takes a CLAVE_CASILLA apart. ERR_SYNTAX when it is not two digits, four digits, a type, two and two digits.
 * Sets key, type, section, number and extension; the entity's number goes to *entity. */
MUST_CHECK enum err station_parse_key(struct span key, struct station *out, uint16_t *entity);

#endif
