/* Sums over actas: the header figures of a contest or area, and what follows from them. Integers only.
 *
 * A count is a sum, so actas can be added in any order and taken out again when a correction replaces them.
 * Sources: LEEME-G, second component (fields 1 to 13); Anexo 13 numeral 29. */
#ifndef TALLY_COUNT_H
#define TALLY_COUNT_H

#include "tally/election.h"
#include "tally/rules.h"

struct count {
    uint64_t expected;         /* ACTAS_ESPERADAS (from the catalogue) */
    uint64_t captured;         /* ACTAS_CAPTURADAS: in the catalogue, counted or not */
    uint64_t counted;          /* ACTAS_CONTABILIZADAS */
    uint64_t not_counted;      /* ACTAS_NO_CONTABILIZADAS */
    uint64_t out_of_catalogue; /* ACTAS_FUERA_CATALOGO */
    uint64_t inconsistent;     /* numerator of PORCENTAJE_ACTAS_CON_INCONSISTENCIAS */
    uint64_t no_acta;          /* captured as "sin acta" */
    uint64_t in_review;        /* set aside: neither captured nor counted until a person releases it */
    uint64_t urban_counted, rural_counted; /* counted, by UBICACION_CASILLA */
    uint64_t nominal_counted;              /* LISTA_NOMINAL_ACTAS_CONTABILIZADAS */
    uint64_t votes;                        /* TOTAL_VOTOS_C_CS: with special stations */
    uint64_t votes_special;                /* of these, in special stations; S_CS = votes - votes_special */
    uint64_t columns[COLUMNS_MAX];         /* votes of counted actas by column */
};

/* ACTAS_REGISTRADAS */
static inline uint64_t count_registered(const struct count *count)
{
    return count->captured + count->out_of_catalogue;
}

/* Adds (or takes out again) one acta. `station` NULL for out of catalogue. */
void count_add(struct count *count, const struct sheet *sheet, struct judgement judgement,
               const struct station *station);
void count_remove(struct count *count, const struct sheet *sheet, struct judgement judgement,
                  const struct station *station);
/* sum += part, field by field (expected too). */
void count_merge(struct count *sum, const struct count *part);
bool count_equal(const struct count *a, const struct count *b);

/* A percentage in ten-thousandths of a percent, truncated, never rounded: 89.0187 % is 890187. 0 when whole
 * is 0. */
uint64_t percent4(uint64_t part, uint64_t whole);
/* The same as text with exactly four decimals: "89.0187". */
void percent4_print(struct buf *out, uint64_t part, uint64_t whole);

/* Participation: votes without special stations over the nominal list, until the last cut, which has them in
 * (numeral 29, fraction IX). Ten-thousandths of a percent. */
uint64_t count_participation(const struct count *count, bool last_cut);

/* Votes of each party after joint columns are shared out, for one area's count (or any count that one set of
 * rules governs). Independents, write-ins and nulls keep their column. The sum over `parties` equals the sum
 * over columns. */
void count_by_party(const struct contest *contest, uint16_t area, const struct count *count,
                    uint64_t parties[COLUMNS_MAX]);

/* Votes of a candidacy: the sum of its columns. */
uint64_t count_candidacy(const struct count *count, const struct candidacy *candidacy);

#endif
