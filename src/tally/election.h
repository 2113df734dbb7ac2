/* The election's definition in memory: everything that is known before the first acta arrives. It is read by
 * formats/election from a directory of CSV files and one election.ini (docs/formats/election.md) and never
 * changes during the night. The order of `actas` is the catalogue order, fixed for ever. */
#ifndef TALLY_ELECTION_H
#define TALLY_ELECTION_H

#include "base/arena.h"
#include "base/map.h"
#include "tally/contest.h"
#include "tally/place.h"

/* One expected acta: a station, a contest, a printed form. */
struct acta {
    char key[ACTA_KEY_MAX + 1]; /* CLAVE_ACTA = CLAVE_CASILLA + TIPO_ACTA */
    uint8_t contest;            /* index into election.contests */
    uint8_t form_len;           /* the last form_len characters of the key are TIPO_ACTA ("A02", "A03EMR") */
    uint32_t station;           /* index into election.stations */
    uint32_t next;              /* another acta of the same station, MAP_NONE after the last */
    bool proportional; /* its votes are for the proportional lists alone and belong to no district or borough
                        */
};

/* Who may send records: a centre (CATD, CCV) or a device, by the key it signs with. */
enum signer_kind { SIGNER_CATD, SIGNER_CCV, SIGNER_DEVICE };

struct signer {
    struct span name;
    enum signer_kind kind;
    struct span vkey; /* signed-note verifier key, as written */
};

struct election {
    struct arena arena; /* owns everything below */
    struct span id;     /* "cdmx2027": [a-z0-9-]{1,32} */
    struct span name;   /* "PROCESO ELECTORAL LOCAL 2026-2027" */
    struct span name_en;
    struct span authority;    /* who publishes: "INSTITUTO ELECTORAL ..." */
    struct span origin;       /* "prep.example.mx/2027": name of the log and of its key */
    struct span entity_name;  /* "CIUDAD DE MÉXICO" */
    struct span package_code; /* "CDMX": file names of the package */
    struct span zone_label;   /* "(UTC-6)" */
    uint16_t entity;          /* Anexo 18.10: 9 */
    int offset_min;           /* from UTC: -360 */
    bool drill;               /* SIMULACRO: a strip on every page, an origin of its own */
    int64_t opening_ms;       /* publication begins; nothing about votes before */
    int64_t closing_ms;       /* latest end of publication */
    struct area *areas;       /* [0] is the entity; then districts, boroughs by id */
    uint32_t n_areas;
    struct contest *contests;
    uint32_t n_contests;
    struct station *stations;
    uint32_t n_stations;
    struct acta *actas; /* the catalogue */
    uint32_t n_actas;
    struct signer *signers; /* in the order of the file */
    uint32_t n_signers;
    struct map station_by_key; /* an acta is found through its station */
    uint8_t digest[32];        /* SHA-256 over the definition's files, see docs/formats/election.md */
};

/* Is this the origin of a drill? One of its parts (between dots, slashes and hyphens) begins with simulacro, ensayo, prueba,
 * repeticion, ejemplo, example, drill or test. A real election's has none, so that keys and logs of the two never mix. */
bool origin_is_drill(struct span origin);

/* Indices by official key, or UINT32_MAX. */
uint32_t election_station(const struct election *election, struct span key);
uint32_t election_acta(const struct election *election, struct span key);
int election_contest(const struct election *election, struct span id); /* -1: unknown */
/* Index of an area by kind and official number, AREA_NONE when there is none. */
uint16_t election_area(const struct election *election, enum area_kind kind, uint16_t id);

/* The area of `kind` that an acta's votes belong to: index, or AREA_NONE (e.g. votes from abroad have no
 * borough, and the proportional actas of special stations no district). */
uint16_t election_acta_area(const struct election *election, const struct acta *acta, enum area_kind kind);

/* The columns that exist on an acta's form, as bits: contest_columns_in its contest's area. */
uint64_t election_acta_columns(const struct election *election, const struct acta *acta);

static inline struct span acta_form(const struct acta *acta)
{
    return span_of(acta->key + STATION_KEY_LEN, acta->form_len);
}

void election_done(struct election *election);

#endif
