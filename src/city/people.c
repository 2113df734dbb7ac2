#include "city/people.h"

#include "base/buf.h"

#include <assert.h>

static const char *const given[] = {
    "ADRIANA", "ALBERTO", "ALICIA",   "ANDRÉS", "ÁNGELA", "ARTURO",   "BEATRIZ", "BENITO",
    "CARLOS",  "CARMEN",  "CECILIA",  "CÉSAR",  "CLARA",  "DANIEL",   "DIANA",   "EDUARDO",
    "ELENA",   "EMILIO",  "ESTELA",   "FELIPE", "GLORIA", "GUSTAVO",  "HÉCTOR",  "INÉS",
    "IRENE",   "JAVIER",  "JORGE",    "JOSÉ",   "JUANA",  "JULIA",    "LAURA",   "LEONOR",
    "LUIS",    "MANUEL",  "MARÍA",    "MARIO",  "MARTA",  "MIGUEL",   "NORMA",   "OFELIA",
    "ÓSCAR",   "PABLO",   "PATRICIA", "PEDRO",  "RAFAEL", "RAQUEL",   "ROBERTO", "ROSA",
    "SERGIO",  "SILVIA",  "SOFÍA",    "TERESA", "TOMÁS",  "VERÓNICA", "VÍCTOR",
};
static const char *const surnames[] = {
    "AGUILAR",   "ÁLVAREZ",   "ARANDA",   "BARRERA",  "BAUTISTA",  "CABRERA",  "CAMPOS",    "CASTILLO",
    "CERVANTES", "CHÁVEZ",    "CORTÉS",   "CRUZ",     "DELGADO",   "DÍAZ",     "DOMÍNGUEZ", "ESPINOSA",
    "ESTRADA",   "FLORES",    "FUENTES",  "GALLEGOS", "GARCÍA",    "GÓMEZ",    "GUERRERO",  "GUZMÁN",
    "HERNÁNDEZ", "HERRERA",   "IBARRA",   "JIMÉNEZ",  "JUÁREZ",    "LARA",     "LEÓN",      "LÓPEZ",
    "LUNA",      "MALDONADO", "MÁRQUEZ",  "MARTÍNEZ", "MEDINA",    "MÉNDEZ",   "MENDOZA",   "MOLINA",
    "MORALES",   "MORENO",    "NAVA",     "NÚÑEZ",    "OCHOA",     "OROZCO",   "ORTEGA",    "ORTIZ",
    "PACHECO",   "PADILLA",   "PALACIOS", "PEÑA",     "PÉREZ",     "QUINTERO", "RAMÍREZ",   "RAMOS",
    "REYES",     "RÍOS",      "RIVERA",   "ROBLES",   "RODRÍGUEZ", "ROJAS",    "ROMERO",    "ROSALES",
    "RUIZ",      "SALAZAR",   "SALINAS",  "SÁNCHEZ",  "SANDOVAL",  "SANTIAGO", "SERRANO",   "SILVA",
    "SOLÍS",     "SOTO",      "SUÁREZ",   "TAPIA",    "TORRES",    "TREJO",    "TRUJILLO",  "VALDEZ",
    "VALENCIA",  "VARGAS",    "VÁZQUEZ",  "VEGA",     "VELASCO",   "VERA",     "VILLA",     "ZAMORA",
    "ZAVALA",    "ZÚÑIGA",
};

static const char *pick(struct dice *dice, const char *const *names, size_t size)
{
    return names[dice_below(dice, (uint32_t)(size / sizeof *names))];
}

struct span people_name(struct dice *dice, struct arena *arena)
{
    struct buf name = {0};
    buf_str(&name, pick(dice, given, sizeof given));
    if (dice_chance(dice, 450000)) {
        buf_char(&name, ' ');
        buf_str(&name, pick(dice, given, sizeof given));
    }
    for (int i = 0; i < 2; i++) {
        buf_char(&name, ' ');
        buf_str(&name, pick(dice, surnames, sizeof surnames));
    }
    struct span copy = arena_copy(arena, buf_as_span(&name));
    assert(copy.at != NULL);
    buf_done(&name);
    return copy;
}
