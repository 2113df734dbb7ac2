/* What speaks for an attack and what does not, each with its figure and the limit it is held against. */
#include "origin/origin.h"

enum { FEW = 1000, OPEN_GROUNDS = 2 /* the first ones: by what everybody may ask */ };

uint64_t origin_cost_below(const struct hits_totals *totals, uint32_t permille)
{
    uint64_t sum = 0;
    for (int i = 0; i < HITS_COSTS; i++) {
        sum += totals->by_cost[i];
        if (sum * 1000 >= totals->seen * permille) {
            return UINT64_C(1) << i;
        }
    }
    return UINT64_C(1) << HITS_COSTS;
}

static uint64_t permille(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : part * 1000 / whole;
}

enum origin_kind origin_judge(const struct origin *origin, struct origin_ground grounds[ORIGIN_GROUNDS])
{
    const struct hits_totals *totals = &origin->totals;
    struct heavy_item top = {0};
    const struct origin_public *open = &origin->open;
    uint64_t sources = distinct_count(&open->sources);
    int holding = 0;
    (void)heavy_top(&open->nets, &top, 1);
    const struct origin_ground all[ORIGIN_GROUNDS] = {
        {"concentration_permille",
         "milésimas de las peticiones que vienen de una sola red /24 (/48), sin la fuente de los difusores",
         permille(top.estimate - top.error, open->seen), 200, false},
        {"per_source", "peticiones por dirección de origen, en promedio, sin la fuente de los difusores",
         sources == 0 ? 0 : open->seen / sources, 300, false},
        {"not_served_permille", "milésimas negadas, vencidas o desalojadas",
         permille(totals->seen - totals->by_decision[0], totals->seen), 100, false},
        {"client_error_permille", "milésimas contestadas con 4xx",
         permille(totals->by_status[4], totals->seen), 500, false},
    };
    for (int i = 0; i < ORIGIN_GROUNDS; i++) {
        grounds[i] = all[i];
        uint64_t seen = i < OPEN_GROUNDS ? open->seen : totals->seen;
        grounds[i].holds = seen >= FEW && all[i].value >= all[i].limit;
        holding += grounds[i].holds;
    }
    return totals->seen < FEW || holding == 1 ? ORIGIN_UNDECIDED
           : holding == 0                     ? ORIGIN_DEMAND
                                              : ORIGIN_ATTACK;
}

const char *origin_kind_name(enum origin_kind kind, bool spanish)
{
    static const char *const names[][2] = {{"undecided", "sin decidir: los datos no alcanzan"},
                                           {"plain-demand", "compatible con demanda; sin indicios de ataque"},
                                           {"attack-indicators", "indicios de ataque"}};
    return names[kind][spanish];
}
