/* What people read about findings, and the identity of the rules that this program applies. */
#include "tally/rules.h"

const struct finding_text finding_texts[FINDING_RULES] = {
    [FINDING_NONE] = {"", "", ""},
    [FINDING_OUT_OF_CATALOGUE] =
        {"fuera-de-catalogo",
         "El acta no puede asociarse a ninguna casilla aprobada: se registra y no se suma.",
         "The tally sheet cannot be tied to any approved polling table: it is registered "
         "and not added up."},
    [FINDING_EXCEEDS] =
        {"excede-lista-nominal",
         "La suma de los votos es mayor que la lista nominal (en casillas especiales, las boletas) "
         "más las representaciones: el acta no se contabiliza.",
         "The votes add up to more than the nominal list (special tables: the ballots) and the "
         "representatives: the tally sheet is not counted."},
    [FINDING_ALL_EMPTY] = {"todos-ilegibles-o-sin-dato",
                           "Ningún campo de votos tiene un dato legible: el acta no se contabiliza.",
                           "No vote box holds a legible figure: the tally sheet is not counted."},
    [FINDING_WRITTEN_DIFFERS] = {"total-asentado-difiere",
                                 "El total de votos asentado en el acta no es la suma de sus votos.",
                                 "The total written on the tally sheet is not the sum of its votes."},
    [FINDING_DRAWN_DIFFERS] = {"sacados-difiere",
                               "Los votos sacados de la urna no son la suma de los votos del acta.",
                               "The ballots drawn from the box are not the sum of the votes."},
    [FINDING_VOTERS_DIFFER] =
        {"votantes-difiere",
         "Las personas y representaciones que votaron no son los votos sacados de la urna.",
         "The persons and representatives who voted are not the ballots drawn from the box."},
    [FINDING_LEFTOVER] = {"sobrantes-exceden",
                          "Las boletas sobrantes y los votos suman más que las boletas de la casilla.",
                          "Unused ballots and votes together are more than the table's ballots."},
    [FINDING_REPS] = {"representantes-exceden",
                      "Votaron más representaciones que las acreditadas en la casilla.",
                      "More representatives voted than are accredited at the table."},
    [FINDING_TIME_ORDER] = {"horas-en-desorden",
                            "Las horas no siguen el orden acopio, captura, verificación.",
                            "The times do not follow the order intake, data entry, verification."},
    [FINDING_TIME_FUTURE] = {"hora-futura",
                             "Una hora del registro es posterior al reloj de quien lo recibió.",
                             "A time of the record is later than the clock of whoever received it."},
    [FINDING_NO_IMAGE] = {"sin-imagen", "El acta llegó sin su imagen digitalizada.",
                          "The tally sheet came without its image."},
    [FINDING_IMAGE_REPEATED] = {"imagen-repetida", "La misma imagen llegó también con otra acta.",
                                "The same image also came with another tally sheet."},
    [FINDING_COLUMN_NA] =
        {"columna-ajena",
         "Hay votos en una columna que esta acta no tiene, o falta una columna que sí tiene.",
         "There are votes in a column that this form does not have, or a column that it has is "
         "missing."},
};

struct span rules_identity(void)
{
    return SPAN("prep-rules/v1\n"
                "bound nominal+reps special ballots+reps mode nominal\n"
                "counted 0 exceeds all-empty no-acta\n"
                "counted 2 out-of-catalogue\n"
                "computed sum of numeric vote cells\n"
                "percent four decimals truncated\n"
                "participation without special stations until the last cut\n"
                "share equal remainder to most own votes, ties first on the acta\n"
                "share equal-each remainder one each by own votes, ties first on the acta\n"
                "share percent floor, remainder to the named party\n");
}
