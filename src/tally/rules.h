/* The official rules over one acta. Pure: same sheet, same judgement.
 *
 * Sources: Anexo 13, numerals 15 and 26 to 29; LEEME PREP CDMX 2024, fields 3, 6, 8, 9, 34, 37 and 38. */
#ifndef TALLY_RULES_H
#define TALLY_RULES_H

#include "base/buf.h"
#include "tally/election.h"
#include "tally/sheet.h"

/* OBSERVACIONES, as bits: an acta may have several and all are listed, in this order of precedence. */
enum observation {
    OBS_EXCEEDS = 1 << 0,   /* excede lista nominal: prevails over every other */
    OBS_ALL_EMPTY = 1 << 1, /* todos ilegibles o sin dato */
    OBS_ILLEGIBLE = 1 << 2, /* algún campo ilegible */
    OBS_BLANK = 1 << 3,     /* algún campo sin dato */
    OBS_NO_ACTA = 1 << 4,   /* sin acta (the sheet says why) */
    OBS_OUT_OF_CATALOGUE = 1 << 5
};

/* CONTABILIZADA (LEEME-G 38). */
enum counted { COUNTED_NO = 0, COUNTED_YES = 1, COUNTED_OUT_OF_CATALOGUE = 2 };

struct judgement {
    uint8_t counted;      /* enum counted */
    uint8_t observations; /* bits of enum observation */
    uint64_t computed;    /* TOTAL_VOTOS_CALCULADO: sum of all numeric vote cells */
};

/* `station` is NULL when the acta cannot be tied to the catalogue. `columns` are the bits of the columns that
 * exist on this form (election_acta_columns): only there does an acta need a legible datum. Cells outside
 * them should be CELL_NA; a number found there is a finding and is still part of the sum, so that a published
 * row always adds up. */
struct judgement sheet_judge(const struct sheet *sheet, uint64_t columns, const struct station *station);

/* Counts for PORCENTAJE_ACTAS_CON_INCONSISTENCIAS? (exceeds, some or all illegible or blank; LEEME-G 8) */
bool judgement_inconsistent(struct judgement judgement);

/* OBSERVACIONES as published, in the legends of LEEME-G 37 and in order of precedence, joined by ", ":
 * "EXCEDE LISTA NOMINAL, ALGÚN CAMPO ILEGIBLE O SIN DATO"; "--" for none. */
void judgement_print(struct judgement judgement, enum no_acta reason, struct buf *out);

/* A finding marks an acta that breaks a rule; it is stored and published all the same. */
enum finding_rule {
    FINDING_NONE = 0,
    FINDING_OUT_OF_CATALOGUE, /* the key names no approved station */
    FINDING_EXCEEDS,          /* more votes than list and representatives */
    FINDING_ALL_EMPTY,
    FINDING_WRITTEN_DIFFERS, /* written total is not the computed one */
    FINDING_DRAWN_DIFFERS,   /* ballots drawn are not the computed total */
    FINDING_VOTERS_DIFFER,   /* persons who voted (with representatives) are not the ballots drawn */
    FINDING_LEFTOVER,        /* leftover ballots and votes together exceed the ballots of the station */
    FINDING_REPS,            /* more representatives voted than are accredited */
    FINDING_TIME_ORDER,  /* capture before acopio, or verification before capture (casilla photos excepted) */
    FINDING_TIME_FUTURE, /* a time later than the clock of whoever received it */
    FINDING_NO_IMAGE,    /* an acta that came and has no image */
    FINDING_IMAGE_REPEATED, /* the same image came with another acta */
    FINDING_COLUMN_NA,      /* a number in a column that is not on this form, or N/A in one that is */
    FINDING_RULES
};

/* The bits (1 << enum finding_rule) of the findings that can be seen on the sheet itself;
 * FINDING_IMAGE_REPEATED and FINDING_TIME_FUTURE need to know more and are added by the intake. */
uint32_t sheet_findings(const struct sheet *sheet, uint64_t columns, const struct station *station);

struct finding_text {
    const char *id; /* "total-asentado-difiere": entries, JSON */
    const char *es; /* a Spanish sentence for people */
    const char *en;
};
/* One row a rule, by enum finding_rule. */
extern const struct finding_text finding_texts[FINDING_RULES];

/* The rules' identity, a text that changes when a rule does: its digest stands in the ledger's opening entry.
 */
struct span rules_identity(void);

#endif
