/* What the pages say, in both languages: one row a phrase. Plain text, already safe as HTML (no & < > in it). */
#ifndef RENDER_PHRASES_H
#define RENDER_PHRASES_H

#define PHRASES(X)                                                                                               \
    X(T_SKIP, "Ir al contenido", "Skip to content")                                                              \
    X(T_DRILL, "SIMULACRO", "DRILL")                                                                             \
    X(T_DRILL_SAYS, "Ejercicio de prueba: los votos son ficticios.",                                             \
      "A rehearsal: these votes are not real.")                                                                  \
    X(T_SITE, "Resultados electorales preliminares", "Preliminary election results")                             \
    X(T_PREP, "PREP", "PREP")                                                                                    \
    X(T_PRELIMINARY, "Resultados preliminares, no definitivos y sin efectos jurídicos.",                         \
      "Preliminary results: not final and without legal effect.")                                                \
    X(T_SECTIONS, "Secciones", "Sections")                                                                       \
    X(T_HOME, "Inicio", "Home")                                                                                  \
    X(T_FLOW, "Flujo de actas", "Flow of tally sheets")                                                          \
    X(T_DOWNLOADS, "Descargas y verificación", "Downloads and verification")                                     \
    X(T_ABOUT, "Cómo leer estos resultados", "How to read these results")                                        \
    X(T_PATH, "Ruta", "Path")                                                                                    \
    X(T_THIS_CUT, "Este corte", "This update")                                                                   \
    X(T_CUT, "Corte", "Update")                                                                                  \
    X(T_NEXT, "Siguiente", "Next")                                                                               \
    X(T_NEXT_NONE, "Ninguno: este es el último corte", "None: this is the last update")                          \
    X(T_PACKAGE, "Base de datos", "Database")                                                                    \
    X(T_PACKAGE_OF, "de las", "as of")                                                                           \
    X(T_PACKAGE_NONE, "Todavía no hay", "None yet")                                                              \
    X(T_LAST, "Último corte.", "Last update.")                                                                   \
    X(T_LAST_SAYS, "La publicación de resultados preliminares ha terminado.",                                    \
      "Publication of the preliminary results has ended.")                                                       \
    X(T_ZERO, "Todavía no hay actas.", "No tally sheets yet.")                                                   \
    X(T_ZERO_SAYS, "Todas las cifras están en ceros: aún no se ha contado ningún voto.",                         \
      "Every figure is zero: not a single vote has been counted.")                                               \
    X(T_OPENS, "La publicación comienza:", "Publication begins:")                                                \
    X(T_NO_ACTAS_YET, "sin actas todavía", "no tally sheets yet")                                                \
    X(T_NONE_COUNTED, "ninguna contabilizada todavía", "none counted yet")                                       \
    X(T_NOTICES, "Avisos", "Notices")                                                                            \
    X(T_PROGRESS, "Avance de las actas", "Progress of the tally sheets")                                         \
    X(T_EXPECTED, "Actas esperadas", "Sheets expected")                                                          \
    X(T_CAPTURED, "Actas capturadas", "Sheets captured")                                                         \
    X(T_COUNTED, "Actas contabilizadas", "Sheets counted")                                                       \
    X(T_OF, "de", "of")                                                                                          \
    X(T_NOT_COUNTED, "Actas no contabilizadas", "Sheets not counted")                                            \
    X(T_INCONSISTENT, "Actas con inconsistencias", "Sheets with inconsistencies")                                \
    X(T_NO_ACTA, "Casillas sin acta", "Tables without a sheet")                                                  \
    X(T_OUTSIDE, "Actas fuera de catálogo", "Sheets out of catalogue")                                           \
    X(T_IN_REVIEW, "Actas en revisión", "Sheets under review")                                                   \
    X(T_URBAN, "Contabilizadas urbanas", "Counted, urban")                                                       \
    X(T_RURAL, "Contabilizadas no urbanas", "Counted, not urban")                                                \
    X(T_MORE_FIGURES, "Más cifras de las actas", "More figures of the sheets")                                   \
    X(T_PARTICIPATION, "Participación ciudadana", "Turnout")                                                     \
    X(T_PARTICIPATION_SAYS,                                                                                      \
      "Votos entre la lista nominal de las actas contabilizadas, sin casillas especiales hasta el último "      \
      "corte.",                                                                                                  \
      "Votes over the voters' list of the counted sheets, without special polling tables until the last "        \
      "update.")                                                                                                 \
    X(T_PARTICIPATION_LAST,                                                                                      \
      "Votos entre la lista nominal de las actas contabilizadas, con casillas especiales.",                      \
      "Votes over the voters' list of the counted sheets, special polling tables included.")                     \
    X(T_NOMINAL, "Lista nominal de las actas contabilizadas", "Voters' list of the counted sheets")              \
    X(T_VOTES, "Votos", "Votes")                                                                                 \
    X(T_VOTES_LOWER, "votos", "votes")                                                                           \
    X(T_PERCENT, "Porcentaje", "Percentage")                                                                     \
    X(T_BY_CANDIDACY, "Votos por candidatura", "Votes by candidacy")                                             \
    X(T_CANDIDACY, "Candidatura", "Candidacy")                                                                   \
    X(T_BY_CANDIDACY_SAYS,                                                                                       \
      "De mayor a menor votación en este corte. El orden puede cambiar con las actas que faltan.",               \
      "From most to fewest votes in this update. The order may change with the sheets still to come.")           \
    X(T_BY_PARTY, "Votos por partido", "Votes by party")                                                         \
    X(T_PARTY, "Partido o candidatura", "Party or candidacy")                                                    \
    X(T_BY_PARTY_SAYS,                                                                                           \
      "Los votos de cada coalición o candidatura común ya están repartidos entre sus partidos. Orden del acta.", \
      "The votes of each coalition or common candidacy are already shared out among its parties. Order of "      \
      "the sheet.")                                                                                              \
    X(T_BOXES, "Cómo se forman las sumas: votos en cada recuadro del acta",                                      \
      "How the sums are made: votes in each box of the sheet")                                                   \
    X(T_BOXES_SAYS,                                                                                              \
      "Una candidatura suma los votos de sus partidos y los de cada combinación marcada en la boleta. Por "     \
      "partido, esos votos conjuntos se reparten según la regla de la coalición o el convenio.",                 \
      "A candidacy adds up its parties' votes and those of every combination marked on the ballot. By "          \
      "party, those joint votes are shared out by the rule of the coalition or agreement.")                      \
    X(T_BOX, "Recuadro del acta", "Box on the sheet")                                                            \
    X(T_WRITE_IN, "Candidaturas no registradas", "Write-ins")                                                    \
    X(T_NULL, "Votos nulos", "Invalid votes")                                                                    \
    X(T_TOTAL, "Total", "Total")                                                                                 \
    X(T_BY_DISTRICT, "Por distrito", "By district")                                                              \
    X(T_BY_BOROUGH, "Por demarcación", "By borough")                                                             \
    X(T_DISTRICT, "Distrito", "District")                                                                        \
    X(T_BOROUGH, "Demarcación", "Borough")                                                                       \
    X(T_LEADS, "Más votos en este corte", "Most votes in this update")                                           \
    X(T_LEADS_SHORT, "Más votos:", "Most votes:")                                                                \
    X(T_TIE, "Empate", "Tie")                                                                                    \
    X(T_MODES, "Otras modalidades de voto", "Other ways of voting")                                              \
    X(T_MODES_SAYS, "Extranjero, anticipado, prisión preventiva", "From abroad, early, preventive prison")       \
    X(T_ACTAS, "Actas, una por una", "Sheets, one by one")                                                       \
    X(T_ACTAS_SEE, "Ver todas las actas, con su imagen y su huella",                                             \
      "See every sheet, with its image and digest")                                                              \
    X(T_ACTAS_SAYS,                                                                                              \
      "Cada liga abre hasta 32 actas con sus cifras, observaciones, horas, imagen y huella SHA-256.",            \
      "Each link opens up to 32 sheets with their figures, observations, times, image and SHA-256 digest.")      \
    X(T_SECTION_RANGE, "Secciones", "Precincts")                                                                 \
    X(T_SHEETS, "actas", "sheets")                                                                               \
    X(T_REVIEW_SAYS,                                                                                             \
      "Están apartadas porque sus datos no concuerdan con las reglas. No suman en ninguna cifra hasta que "     \
      "una persona las libere o se corrijan.",                                                                   \
      "They are set aside because their data disagree with the rules. They count in no figure until a "          \
      "person releases them or they are corrected.")                                                             \
    X(T_REVIEW_NONE, "No hay actas en revisión.", "No sheets are under review.")                                 \
    X(T_OUTSIDE_SAYS,                                                                                            \
      "No se pueden ligar a una casilla aprobada. Se publican y no suman en los resultados.",                    \
      "They cannot be tied to an approved polling table. They are published and do not count.")                  \
    X(T_OUTSIDE_NONE, "No hay actas fuera de catálogo.", "There are no sheets out of catalogue.")                \
    X(T_MORE, "y más:", "and more:")                                                                             \
    X(T_DATA_JSON, "Estos datos en JSON", "This data as JSON")                                                   \
    X(T_VERIFY, "Cómo comprobar estos datos", "How to check this data")                                          \
    X(T_ALL_CONTESTS, "Todas las elecciones", "All contests")                                                    \
    X(T_SEE_CONTEST, "Ver resultados completos", "See full results")                                             \
    X(T_STAGE_RECEIVED, "Acopio", "Received")                                                                    \
    X(T_STAGE_CAPTURED, "Captura", "Captured")                                                                   \
    X(T_STAGE_VERIFIED, "Verificación", "Verified")                                                              \
    X(T_FLOW_SAYS, "Actas por intervalo en cada etapa, según las horas registradas en cada acta.",               \
      "Sheets per interval at each stage, by the times recorded for each sheet.")                                \
    X(T_FLOW_FIRST, "La primera incluye lo anterior a la apertura.",                                             \
      "The first holds what came before the opening.")                                                           \
    X(T_FLOW_EVERY, "Cada barra:", "Each bar:")                                                                  \
    X(T_MINUTES, "minutos", "minutes")                                                                           \
    X(T_MINUTE, "minuto", "minute")                                                                              \
    X(T_AT_MOST, "Máximo:", "Peak:")                                                                             \
    X(T_FROM, "Desde", "From")                                                                                   \
    X(T_FLOW_TABLE, "Las mismas cifras en una tabla", "The same figures as a table")                             \
    X(T_FLOW_NONE, "Todavía no hay actas que dibujar.", "There are no sheets to draw yet.")                      \
    X(T_STATE_OF_HOST, "Estado de este servidor y de los difusores",                                             \
      "State of this server and of the mirrors")                                                                 \
    X(T_CODE_OF_CUT, "Código del corte, para comparar con televisión y radio",                                   \
      "Code of the update, to compare with television and radio")                                                \
    X(T_FOOT_COPY,                                                                                               \
      "Si este sitio no responde, los difusores oficiales publican los mismos archivos, firmados.",              \
      "If this site does not answer, the official mirrors publish the same signed files.")                       \
    X(T_FOOT_PRIVACY, "Sin cookies, sin rastreo y sin recursos de terceros.",                                    \
      "No cookies, no tracking, nothing from third parties.")                                                    \
    X(T_ENTRIES, "Asientos del registro público hasta este corte",                                               \
      "Entries of the public ledger up to this update")                                                          \
    X(T_CORRECTIONS, "Correcciones registradas", "Corrections on record")                                        \
    X(T_ENGLISH_SPANISH, "English", "Español")

#define PHRASE_NAME(name, es, en) name,
enum phrase { PHRASES(PHRASE_NAME) PHRASES_N };
#undef PHRASE_NAME

#endif
