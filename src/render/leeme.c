/* leeme.txt: the dictionary that goes with the official database, of our own words after the institute's
 * LEEME. */
#include "render/package.h"

struct dictionary_row {
    const char *name, *text;
};

static const struct dictionary_row header_rows[] = {
    {"ACTAS_ESPERADAS", "Actas PREP de todas las casillas aprobadas para esta elección."},
    {"ACTAS_REGISTRADAS", "Actas asentadas en el sistema: capturadas más fuera de catálogo."},
    {"ACTAS_FUERA_CATALOGO", "Actas que no pueden asociarse a una casilla aprobada. No suman votos."},
    {"ACTAS_CAPTURADAS", "Actas registradas que están en el catálogo, contabilizadas o no."},
    {"PORCENTAJE_ACTAS_CAPTURADAS", "ACTAS_CAPTURADAS / ACTAS_ESPERADAS * 100."},
    {"ACTAS_CONTABILIZADAS", "Actas del catálogo cuyos votos se suman."},
    {"PORCENTAJE_ACTAS_CONTABILIZADAS", "ACTAS_CONTABILIZADAS / ACTAS_ESPERADAS * 100."},
    {"PORCENTAJE_ACTAS_CON_INCONSISTENCIAS", "Actas del catálogo que exceden la lista nominal o tienen "
                                             "campos ilegibles o sin dato, entre ACTAS_ESPERADAS."},
    {"ACTAS_NO_CONTABILIZADAS",
     "Actas del catálogo cuyos votos no se suman; la razón está en OBSERVACIONES."},
    {"LISTA_NOMINAL_ACTAS_CONTABILIZADAS", "Suma de la lista nominal de las actas contabilizadas."},
    {"TOTAL_VOTOS_C_CS", "Votos de las actas contabilizadas, con casillas especiales."},
    {"TOTAL_VOTOS_S_CS", "Votos de las actas contabilizadas, sin casillas especiales."},
    {"PORCENTAJE_PARTICIPACION_CIUDADANA", "Votos entre LISTA_NOMINAL_ACTAS_CONTABILIZADAS * 100; sin "
                                           "casillas especiales hasta el último corte, que las "
                                           "incluye (Anexo 13, numeral 29, fracción IX)."},
};

static const struct dictionary_row place_rows[] = {
    {"CLAVE_CASILLA", "Entidad (2), sección (4), tipo (1), número (2) y extensión (2)."},
    {"CLAVE_ACTA", "CLAVE_CASILLA y TIPO_ACTA. Fuera de catálogo: la clave como se leyó, o \"-\"."},
    {"ID_ENTIDAD", "Número de la entidad, a dos dígitos (Anexo 18.10)."},
    {"ENTIDAD", "Nombre de la entidad."},
};
static const struct dictionary_row district_rows[] = {
    {"ID_DISTRITO_LOCAL", "Número del distrito local, a tres dígitos."},
};
static const struct dictionary_row borough_rows[] = {
    {"ID_ALCALDIA", "Número de la alcaldía, a tres dígitos."},
    {"ALCALDIA", "Nombre de la alcaldía."},
};
static const struct dictionary_row acta_rows[] = {
    {"SECCION", "Sección, a cuatro dígitos."},
    {"ID_CASILLA", "Número de la casilla, a dos dígitos."},
    {"TIPO_CASILLA",
     "B básica, C contigua, S especial, E extraordinaria, M residentes en el extranjero, A voto "
     "anticipado, P prisión preventiva, U urna electrónica."},
    {"EXT_CONTIGUA", "Número de la contigua a una extraordinaria, a dos dígitos."},
    {"UBICACION_CASILLA", "1 urbana, 2 no urbana, 3 fuera de catálogo."},
    {"TIPO_ACTA", "Número impreso en el acta; 0 fuera de catálogo."},
    {"TOTAL_BOLETAS_SOBRANTES", "Boletas no usadas y canceladas."},
    {"TOTAL_PERSONAS_VOTARON", "Personas que votaron."},
    {"TOTAL_REP_PARTIDO_CI_VOTARON", "Representantes que votaron."},
    {"TOTAL_VOTOS_SACADOS", "Votos sacados de la urna."},
};
static const struct dictionary_row end_rows[] = {
    {"TOTAL_VOTOS_ASENTADO", "Total escrito en el acta."},
    {"TOTAL_VOTOS_CALCULADO", "Suma de las columnas de votos, calculada por el sistema."},
    {"LISTA_NOMINAL", "Personas en la lista nominal de la casilla; 0 en las especiales, que no tienen."},
    {"REPRESENTANTES_PP_CI",
     "Representantes acreditados ante la casilla; N/A en las mesas M, A y P, que no tienen."},
    {"OBSERVACIONES",
     "EXCEDE LISTA NOMINAL, TODOS ILEGIBLES O SIN DATO, ALGÚN CAMPO ILEGIBLE O SIN DATO, SIN ACTA POR (y por "
     "qué), FUERA DE CATÁLOGO, en ese orden y separadas por coma si son varias; \"--\" si no hay ninguna."},
    {"CONTABILIZADA", "0 no contabilizada, 1 contabilizada, 2 fuera de catálogo."},
    {"MECANISMOS_TRASLADO", "D, F, I o vacío."},
    {"CODIGO_INTEGRIDAD", "SHA-256 del archivo de la imagen del acta, publicado en acta/."},
    {"FECHA_HORA_ACOPIO", "Recepción en el CATD, o toma de la imagen en la casilla."},
    {"FECHA_HORA_CAPTURA", "Captura de los datos."},
    {"FECHA_HORA_VERIFICACION", "Verificación de los datos."},
    {"ORIGEN", "CASILLA o CATD."},
    {"DIGITALIZACION", "MOVIL, ESCANER o URNA."},
    {"TIPO_DOCUMENTO", "ACTA PREP, RPP, CC, PPC, ACTA VRME, ACTA VA, ACTA VPPP o ACTA UE."},
};

static void write_rows(const struct dictionary_row *rows, size_t n, unsigned *number, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "%3u. %s\n     %s\n", ++*number, rows[i].name, rows[i].text);
    }
}
#define ROWS(table) table, sizeof(table) / sizeof(table)[0]

static const char *const kind_texts[] = {
    [COLUMN_PARTY] = "partido político",
    [COLUMN_COALITION] = "combinación de una coalición",
    [COLUMN_COMMON] = "candidatura común",
    [COLUMN_INDEPENDENT] = "candidatura sin partido",
    [COLUMN_WRITE_IN] = "candidaturas no registradas",
    [COLUMN_NULL] = "votos nulos",
};

static void write_columns(const struct contest *contest, unsigned *number, struct buf *out)
{
    for (int i = 0; i < contest->n_columns; i++) {
        const struct column *column = &contest->columns[i];
        buf_printf(out, "%3u. %.*s\n     Votos: %.*s (%s).\n", ++*number, SPAN_ARG(column->code),
                   SPAN_ARG(column->name), kind_texts[column->kind]);
    }
}

void render_leeme(const struct fold *fold, uint32_t contest, struct buf *out)
{
    const struct election *election = fold->election;
    const struct contest *of = &election->contests[contest];
    unsigned number = 0;
    buf_printf(out, "PROGRAMA DE RESULTADOS ELECTORALES PRELIMINARES\n%.*s\n%.*s\n%.*s\n\n",
               SPAN_ARG(election->authority), SPAN_ARG(election->name), SPAN_ARG(of->name));
    buf_str(out, "Resultados preliminares, de carácter informativo y sin efectos jurídicos.\n\n"
                 "El archivo es CSV: UTF-8 sin marca de orden, separado por comas, renglones terminados en "
                 "LF, comillas\n"
                 "solo donde hacen falta (RFC 4180). Los porcentajes llevan cuatro decimales truncados, "
                 "nunca redondeados.\n"
                 "Celdas sin número: ILEGIBLE, SIN DATO, SIN ACTA, N/A (no aplica). Las actas en revisión no "
                 "aparecen aquí\n"
                 "ni en los totales; el sitio las nombra. Las horas son locales, con su zona.\n\n"
                 "ENCABEZADO: renglón 1, elección; 2, fecha y hora del corte; 4, nombres del resumen; 5, sus "
                 "valores.\n\n");
    write_rows(ROWS(header_rows), &number, out);
    buf_str(out, "\nRENGLÓN 7 EN ADELANTE: un acta por renglón. Primero el voto desde el extranjero, después "
                 "las otras\n"
                 "modalidades, después el orden del catálogo; fuera de catálogo al final.\n\n");
    number = 0;
    write_rows(ROWS(place_rows), &number, out);
    if (of->area_kind == AREA_BOROUGH) {
        write_rows(ROWS(borough_rows), &number, out);
    } else {
        write_rows(ROWS(district_rows), &number, out);
    }
    write_rows(ROWS(acta_rows), &number, out);
    write_columns(of, &number, out);
    write_rows(ROWS(end_rows), &number, out);
}
