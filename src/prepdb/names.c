/* One row a thing, its official name first. Sources: the LEEME files of 2012, 2015, 2018, 2021 (INE) and 2024
 * (IECM). */
#include "prepdb/names.h"

enum { ALIASES = 6 };

static const char *const fields[][ALIASES] = {
    [F_STATION_KEY] = {"CLAVE_CASILLA"},
    [F_ACTA_KEY] = {"CLAVE_ACTA"},
    [F_ENTITY_ID] = {"ID_ENTIDAD", "ID_ESTADO"},
    [F_ENTITY] = {"ENTIDAD", "ESTADO"},
    [F_DISTRICT] = {"ID_DISTRITO_LOCAL", "DISTRITO_LOCAL", "ID_DISTRITO_FEDERAL", "ID_DISTRITO"},
    [F_DISTRICT_NAME] = {"DISTRITO", "DISTRITO_FEDERAL"},
    [F_BOROUGH_ID] = {"ID_ALCALDIA", "ID_MUNICIPIO"},
    [F_BOROUGH] = {"ALCALDIA", "MUNICIPIO", "DEMARCACION"},
    [F_SECTION] = {"SECCION"},
    [F_NUMBER] = {"ID_CASILLA"},
    [F_TYPE] = {"TIPO_CASILLA"},
    [F_EXTENSION] = {"EXT_CONTIGUA"},
    [F_LOCATION] = {"UBICACION_CASILLA"},
    [F_FORM] = {"TIPO_ACTA"},
    [F_LEFTOVER] = {"TOTAL_BOLETAS_SOBRANTES", "NUM_BOLETAS_SOBRANTES", "BOLETAS_SOBRANTES"},
    [F_VOTERS] = {"TOTAL_PERSONAS_VOTARON", "PERSONAS_VOTARON", "TOTAL_CIUDADANOS_VOTARON"},
    [F_REPS_VOTED] = {"TOTAL_REP_PARTIDO_CI_VOTARON"},
    [F_DRAWN] = {"TOTAL_VOTOS_SACADOS", "NUM_BOLETAS_EXTRAIDAS"},
    [F_WRITTEN] = {"TOTAL_VOTOS_ASENTADO", "TOTAL_VOTOS_ASENTADOS"},
    [F_COMPUTED] = {"TOTAL_VOTOS_CALCULADO", "TOTAL_VOTOS_CALCULADOS", "TOTAL_VOTOS"},
    [F_NOMINAL] = {"LISTA_NOMINAL"},
    [F_REPS] = {"REPRESENTANTES_PP_CI", "REPRESENTANTES"},
    [F_OBSERVATIONS] = {"OBSERVACIONES"},
    [F_COUNTED] = {"CONTABILIZADA", "CONTABILIZADAS"},
    [F_TRANSPORT] = {"MECANISMOS_TRASLADO", "MECANISMO_TRASLADO", "CRYT"},
    [F_IMAGE] = {"CODIGO_INTEGRIDAD", "SHA"},
    [F_RECEIVED] = {"FECHA_HORA_ACOPIO", "HORA_ACOPIO"},
    [F_CAPTURED] = {"FECHA_HORA_CAPTURA", "HORA_CAPTURA"},
    [F_VERIFIED] = {"FECHA_HORA_VERIFICACION", "HORA_REGISTRO"},
    [F_ORIGIN] = {"ORIGEN"},
    [F_MEANS] = {"DIGITALIZACION"},
    [F_DOCUMENT] = {"TIPO_DOCUMENTO"},
    [F_COLLATED] = {"COTEJADA"},
    [F_WRITE_IN] = {"NO_REGISTRADAS", "NO_REGISTRADOS"},
    [F_NULLS] = {"NULOS", "VOTOS_NULOS"},
};

static const char *const figures[FIGURES][ALIASES] = {
    [FIG_EXPECTED] = {"ACTAS_ESPERADAS"},
    [FIG_REGISTERED] = {"ACTAS_REGISTRADAS"},
    [FIG_OUT_OF_CATALOGUE] = {"ACTAS_FUERA_CATALOGO", "ACTAS_FUERA_DE_CATALOGO"},
    [FIG_CAPTURED] = {"ACTAS_CAPTURADAS"},
    [FIG_CAPTURED_PERCENT] = {"PORCENTAJE_ACTAS_CAPTURADAS"},
    [FIG_PENDING] = {"ACTAS_POR_CAPTURAR"},
    [FIG_COUNTED] = {"ACTAS_CONTABILIZADAS", "ACTAS_COMPUTADAS"},
    [FIG_COUNTED_PERCENT] = {"PORCENTAJE_ACTAS_CONTABILIZADAS", "PORCENTAJE_ACTAS_COMPUTADAS"},
    [FIG_INCONSISTENT_PERCENT] = {"PORCENTAJE_ACTAS_CON_INCONSISTENCIAS", "PORCENTAJE_ACTAS_INCONSISTENCIAS"},
    [FIG_NOT_COUNTED] = {"ACTAS_NO_CONTABILIZADAS"},
    [FIG_NOMINAL] = {"LISTA_NOMINAL_ACTAS_CONTABILIZADAS", "LISTA_NOMINAL_ACTAS_CONTABILZADAS"},
    [FIG_NOMINAL_CAPTURED] = {"LISTA_NOMINAL_ACTAS_CAPTURADAS"},
    [FIG_VOTES] = {"TOTAL_VOTOS_C_CS"},
    [FIG_VOTES_TOTAL] = {"TOTAL_VOTOS"},
    [FIG_VOTES_NO_SPECIAL] = {"TOTAL_VOTOS_S_CS"},
    [FIG_PARTICIPATION] = {"PORCENTAJE_PARTICIPACION_CIUDADANA", "PARTICIPACION_CIUDADANA"},
};

/* Columns about something other than votes, whatever the year that invents them. */
static const char *const other_prefixes[] = {
    "ID_",         "CLAVE_",      "FECHA_",  "HORA_",       "TOTAL_",     "NUM_",        "NUMERO_",
    "CODIGO",      "NOMBRE_",     "LISTA_",  "PORCENTAJE_", "TIPO_",      "BOLETAS_",    "PERSONAS_",
    "CIUDADANOS_", "OBSERVACION", "ESTATUS", "CABECERA",    "ACTAS_",     "CIRCUNSCRIP", "SECCION",
    "CASILLA",     "RUTA_",       "URL_",    "UBICACION",   "DIGITALIZA", "MECANISMO"};

struct name name_of(struct span cell)
{
    struct name name = {""};
    size_t len = 0;
    while (cell.len > 0 && strchr(" \t'\"\xa0", cell.at[0]) != NULL) {
        cell = span_from(cell, 1);
    }
    while (cell.len > 0 && strchr(" \t'\"\xa0", cell.at[cell.len - 1]) != NULL) {
        cell.len--;
    }
    for (size_t i = 0; i < cell.len && len < NAME_MAX_LEN; i++) {
        char c = cell.at[i];
        name.text[len++] = (char)(c == ' ' ? '_' : c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    return name;
}

static int find(const struct name *name, const char *const table[][ALIASES], int n)
{
    for (int row = 0; row < n; row++) {
        for (int i = 0; i < ALIASES && table[row][i] != NULL; i++) {
            if (name->text[0] == table[row][i][0] && strcmp(name->text, table[row][i]) == 0) {
                return row;
            }
        }
    }
    return -1;
}

enum field field_of(const struct name *name)
{
    int found = find(name, fields, sizeof fields / sizeof *fields);
    if (found >= 0) {
        return (enum field)found;
    }
    for (size_t i = 0; i < sizeof other_prefixes / sizeof *other_prefixes; i++) {
        if (strncmp(name->text, other_prefixes[i], strlen(other_prefixes[i])) == 0) {
            return F_OTHER;
        }
    }
    return name->text[0] == '\0' ? F_OTHER : F_UNKNOWN;
}

enum figure figure_of(const struct name *name)
{
    int found = find(name, figures, FIGURES);
    return found < 0 ? FIG_UNKNOWN : (enum figure)found;
}

const char *field_name(enum field field)
{
    bool known = (size_t)field < sizeof fields / sizeof *fields && fields[field][0] != NULL;
    return known ? fields[field][0] : "";
}

const char *figure_name(enum figure figure)
{
    return figure < FIGURES ? figures[figure][0] : "";
}
