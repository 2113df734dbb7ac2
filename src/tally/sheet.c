/* The published words of a sheet's codes. */
#include "tally/sheet.h"

#include "base/num.h"

#include <assert.h>

enum { CELL_NUMBER_MAX = 999999 };

static const char *const cell_words[] = {
    [CELL_NUMBER] = "", [CELL_ILLEGIBLE] = "ILEGIBLE", [CELL_BLANK] = "SIN DATO", [CELL_NO_ACTA] = "SIN ACTA",
    [CELL_NA] = "N/A",
};
static const char *const no_acta_texts[] = {
    [NO_ACTA_NONE] = "",
    [NO_ACTA_NOT_DELIVERED] = "SIN ACTA POR PAQUETE NO ENTREGADO",
    [NO_ACTA_NOT_INSTALLED] = "SIN ACTA POR CASILLA NO INSTALADA",
    [NO_ACTA_NO_BAG] = "SIN ACTA POR PAQUETE ENTREGADO SIN BOLSA",
    [NO_ACTA_URN] = "SIN ACTA POR CONTINGENCIA DE URNA ELECTRÓNICA",
};
static const char *const origin_words[] = {
    [ORIGIN_NONE] = "N/A",
    [ORIGIN_CASILLA] = "CASILLA",
    [ORIGIN_CATD] = "CATD",
};
static const char *const means_words[] = {
    [MEANS_NONE] = "N/A",
    [MEANS_MOBILE] = "MOVIL",
    [MEANS_SCANNER] = "ESCANER",
    [MEANS_URN] = "URNA",
};
static const char *const document_words[] = {
    [DOCUMENT_NONE] = "N/A",   [DOCUMENT_PREP] = "ACTA PREP", [DOCUMENT_RPP] = "RPP",
    [DOCUMENT_CC] = "CC",      [DOCUMENT_PPC] = "PPC",        [DOCUMENT_VRME] = "ACTA VRME",
    [DOCUMENT_VA] = "ACTA VA", [DOCUMENT_VPPP] = "ACTA VPPP", [DOCUMENT_UE] = "ACTA UE",
};

/* The codes are our own: whatever was read from outside was checked when it was parsed. */
#define WORD(table, code) (assert((size_t)(code) < sizeof(table) / sizeof(table)[0]), span_str((table)[code]))

struct span cell_word(enum cell_state state)
{
    return WORD(cell_words, state);
}

struct span no_acta_words(enum no_acta reason)
{
    return WORD(no_acta_texts, reason);
}

struct span origin_word(enum origin origin)
{
    return WORD(origin_words, origin);
}

struct span means_word(enum means means)
{
    return WORD(means_words, means);
}

struct span document_word(enum document document)
{
    return WORD(document_words, document);
}

enum err cell_parse(struct span text, struct cell *out)
{
    for (int state = CELL_ILLEGIBLE; state <= CELL_NA; state++) {
        if (span_is(text, cell_words[state])) {
            *out = (struct cell){.state = (uint8_t)state};
            return OK;
        }
    }
    uint32_t value = 0;
    TRY(num_parse_u32(text, &value));
    if (value > CELL_NUMBER_MAX) {
        return ERR_RANGE;
    }
    *out = (struct cell){.value = value, .state = CELL_NUMBER};
    return OK;
}
