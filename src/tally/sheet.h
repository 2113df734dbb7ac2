/* A sheet is what was read off one acta: cells, and how and when it came. The judgement of a sheet (counted
 * or not, observations, computed total) is in rules.h and never stored with less than its causes. */
#ifndef TALLY_SHEET_H
#define TALLY_SHEET_H

#include "tally/contest.h"

#include <stdint.h>

/* A number, or why there is none. Published words: "ILEGIBLE", "SIN DATO", "SIN ACTA", "N/A". */
enum cell_state {
    CELL_NUMBER,
    CELL_ILLEGIBLE, /* illegible in letters and in figures */
    CELL_BLANK,     /* nothing written in letters nor in figures */
    CELL_NO_ACTA,   /* the acta did not come */
    CELL_NA         /* the field does not exist on this form */
};

struct cell {
    uint32_t value : 24; /* 0 unless state is CELL_NUMBER; at most 999,999 */
    uint32_t state : 8;  /* enum cell_state */
};                       /* four bytes: a country has half a million sheets of up to 69 */

/* Why there is no acta (LEEME-G 37; Anexo 13). */
enum no_acta {
    NO_ACTA_NONE = 0,      /* there is one */
    NO_ACTA_NOT_DELIVERED, /* paquete no entregado */
    NO_ACTA_NOT_INSTALLED, /* casilla no instalada */
    NO_ACTA_NO_BAG,        /* paquete entregado sin bolsa */
    NO_ACTA_URN            /* contingencia de urna electrónica */
};

/* The fields beside the votes, in published order. */
enum sheet_field {
    FIELD_LEFTOVER, /* TOTAL_BOLETAS_SOBRANTES */
    FIELD_VOTERS,   /* TOTAL_PERSONAS_VOTARON */
    FIELD_REPS,     /* TOTAL_REP_PARTIDO_CI_VOTARON */
    FIELD_DRAWN,    /* TOTAL_VOTOS_SACADOS */
    FIELD_WRITTEN,  /* TOTAL_VOTOS_ASENTADO */
    SHEET_FIELDS
};

enum origin { ORIGIN_NONE, ORIGIN_CASILLA, ORIGIN_CATD };          /* ORIGEN */
enum means { MEANS_NONE, MEANS_MOBILE, MEANS_SCANNER, MEANS_URN }; /* DIGITALIZACION */
enum document {                                                    /* TIPO_DOCUMENTO */
                DOCUMENT_NONE,                                     /* N/A */
                DOCUMENT_PREP,                                     /* ACTA PREP */
                DOCUMENT_RPP,                                      /* copy of the parties' representatives */
                DOCUMENT_CC,                                       /* copy from the council */
                DOCUMENT_PPC,  /* parties' copy obtained from the council */
                DOCUMENT_VRME, /* vote from abroad */
                DOCUMENT_VA,   /* early vote */
                DOCUMENT_VPPP, /* preventive prison */
                DOCUMENT_UE    /* electronic urn */
};

struct sheet {
    struct cell fields[SHEET_FIELDS];
    uint8_t n_votes;
    uint8_t no_acta;  /* enum no_acta; when set every cell is CELL_NO_ACTA */
    uint8_t origin;   /* enum origin */
    uint8_t means;    /* enum means */
    uint8_t document; /* enum document */
    char transport;   /* MECANISMOS_TRASLADO: 'D', 'F', 'I' or 0 */
    bool has_image;
    uint8_t image[32]; /* SHA-256 of the image file */
    uint32_t image_bytes;
    int64_t received_ms; /* acopio, UTC; -1 when it does not apply */
    int64_t captured_ms; /* captura */
    int64_t verified_ms; /* verificación */
    struct cell votes
        [COLUMNS_MAX]; /* by column ordinal of the contest; last, as whoever keeps many keeps n_votes alone */
};

/* So much of a sheet is there when it is kept with so many columns. */
static inline size_t sheet_size(unsigned n_columns)
{
    return offsetof(struct sheet, votes) + n_columns * sizeof(struct cell);
}

/* Published words of the codes above ("MOVIL", "ACTA PREP", "SIN ACTA POR CASILLA NO INSTALADA" ...). */
struct span cell_word(enum cell_state state); /* "" for CELL_NUMBER */
struct span no_acta_words(enum no_acta reason);
struct span origin_word(enum origin origin); /* "N/A" for NONE, also below */
struct span means_word(enum means means);
struct span document_word(enum document document);

/* "123", "ILEGIBLE", ... ; numbers up to 999,999 (six digits: real tables hold 38,707 votes). */
MUST_CHECK enum err cell_parse(struct span text, struct cell *out);

#endif
