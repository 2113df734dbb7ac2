/* Areas and stations. Sections are numbered borough by borough; districts are runs of sections along a path
 * through neighbouring boroughs, cut to nearly equal size, at a borough's edge where one is near: some
 * straddle. */
#include "city/city.h"

#include "city/dice.h"

#include <assert.h>
#include <stdio.h>

enum { BOROUGHS = 16, SECTIONS_PER_E = 5, SPECIAL_BALLOTS = 1000 };

struct borough {
    uint16_t id;
    uint16_t weight; /* inhabitants, thousands: shares of the sections */
    uint8_t path;    /* place on the way through the city */
    uint8_t rural;   /* percent of sections that are not urban */
    const char *name;
};

static const struct borough boroughs[BOROUGHS] = {
    {2, 432, 0, 0, "AZCAPOTZALCO"},
    {3, 614, 7, 0, "COYOACÁN"},
    {4, 217, 15, 2, "CUAJIMALPA DE MORELOS"},
    {5, 1173, 1, 0, "GUSTAVO A. MADERO"},
    {6, 404, 5, 0, "IZTACALCO"},
    {7, 1835, 8, 0, "IZTAPALAPA"},
    {8, 247, 13, 3, "LA MAGDALENA CONTRERAS"},
    {9, 152, 11, 22, "MILPA ALTA"},
    {10, 759, 14, 1, "ÁLVARO OBREGÓN"},
    {11, 392, 9, 6, "TLÁHUAC"},
    {12, 699, 12, 7, "TLALPAN"},
    {13, 442, 10, 11, "XOCHIMILCO"},
    {14, 434, 6, 0, "BENITO JUÁREZ"},
    {15, 545, 3, 0, "CUAUHTÉMOC"},
    {16, 414, 2, 0, "MIGUEL HIDALGO"},
    {17, 443, 4, 0, "VENUSTIANO CARRANZA"},
};

/* How many stations of which kind. `contiguous[k]` sections have k of them beside their first. */
struct shape {
    uint16_t districts;
    uint16_t n_boroughs; /* the first rows of `boroughs` */
    uint16_t contiguous[13];
    uint16_t extra, extra_sections, special, special_sections, early, prison, abroad;
    uint32_t internet; /* voters of the last table abroad */
};

/* The true counts: 5,568 B, 7,808 C, 11 E, 44 S, 54 A, 6 P, 12 M; small: 25, 28, 1, 2, 1, 1, 2. */
static const struct shape shapes[] = {
    [CITY_SMALL] = {2, 2, {4, 17, 2, 1, 1}, 1, 1, 2, 1, 1, 1, 2, 12649},
    [CITY_CDMX] =
        {33, 16, {529, 3172, 1383, 283, 93, 52, 28, 18, 3, 3, 2, 0, 2}, 11, 5, 44, 34, 54, 6, 12, 76649},
};

/* A section while the city is laid out. */
struct section {
    uint16_t number;
    uint16_t borough;  /* row of `boroughs` */
    uint16_t district; /* 1.. */
    uint16_t contiguous;
    uint16_t extra;   /* tables of type E */
    uint16_t special; /* tables of type S */
    uint16_t rural;
};

struct layout {
    const struct city_plan *plan;
    const struct shape *shape;
    struct section *sections; /* by number, which is 1 + index */
    uint32_t n_sections;
    uint32_t *walk; /* indices along the path */
    struct election *election;
};

static uint32_t tables_of(const struct section *section)
{
    return 1u + section->contiguous + section->extra + section->special;
}

/* Largest remainders would be fairer by a section; running totals are simple and exact in the sum. */
static void settle(struct layout *layout)
{
    const struct shape *shape = layout->shape;
    uint32_t whole = 0, before = 0, at = 0;
    for (int i = 0; i < shape->n_boroughs; i++) {
        whole += boroughs[i].weight;
    }
    for (int i = 0; i < shape->n_boroughs; i++) {
        before += boroughs[i].weight;
        for (uint32_t upto = layout->n_sections * before / whole; at < upto; at++) {
            struct dice dice = dice_for(layout->plan->seed, "rural", at);
            layout->sections[at].number = (uint16_t)(at + 1);
            layout->sections[at].borough = (uint16_t)i;
            layout->sections[at].rural = dice_below(&dice, 100) < boroughs[i].rural;
        }
    }
    assert(at == layout->n_sections);
}

/* Gives the sections their numbers of tables, in an order of chance. */
static void furnish(struct layout *layout)
{
    const struct shape *shape = layout->shape;
    uint32_t n = layout->n_sections, at = 0;
    uint32_t *order = arena_array(&layout->election->arena, n, sizeof *order);
    struct dice dice = dice_for(layout->plan->seed, "furnish", 0);
    for (uint32_t i = 0; i < n; i++) {
        order[i] = i;
    }
    dice_shuffle(&dice, order, n);
    for (uint16_t k = 0; k < 13; k++) {
        for (uint16_t i = 0; i < shape->contiguous[k]; i++) {
            layout->sections[order[at++]].contiguous = k;
        }
    }
    assert(at == n);
    /* Special tables stand where people pass through, extraordinary ones far from roads. */
    dice_shuffle(&dice, order, n);
    for (uint16_t i = 0; i < shape->special; i++) {
        layout->sections[order[i % shape->special_sections]].special++;
    }
    uint16_t given = 0;
    for (uint32_t i = 0; i < n && given < shape->extra_sections; i++) {
        struct section *section = &layout->sections[order[n - 1 - i]];
        if (section->rural || shape->n_boroughs < BOROUGHS) {
            section->extra = given + 1 < shape->extra_sections
                                 ? (uint16_t)(1 + given % 2)
                                 : (uint16_t)(shape->extra - given - (uint16_t)(given / 2));
            given++;
        }
    }
    assert(given == shape->extra_sections);
}

static void walk_along(struct layout *layout)
{
    uint32_t at = 0;
    for (unsigned step = 0; step < BOROUGHS; step++) {
        for (uint32_t i = 0; i < layout->n_sections; i++) {
            if (boroughs[layout->sections[i].borough].path == step) {
                layout->walk[at++] = i;
            }
        }
    }
    assert(at == layout->n_sections);
}

/* Tables between step `at` of the walk and the nearest borough edge behind or before it, and where that edge
 * is. */
static uint32_t near_edge(const struct layout *layout, uint32_t at, uint32_t *edge)
{
    uint32_t back = 0, ahead = 0, b = at, a = at;
    uint16_t here = layout->sections[layout->walk[at]].borough;
    while (b > 0 && layout->sections[layout->walk[b - 1]].borough == here) {
        back += tables_of(&layout->sections[layout->walk[--b]]);
    }
    while (a < layout->n_sections && layout->sections[layout->walk[a]].borough == here) {
        ahead += tables_of(&layout->sections[layout->walk[a++]]);
    }
    *edge = back < ahead ? b : a;
    return back < ahead ? back : ahead;
}

static void cut_districts(struct layout *layout)
{
    uint32_t all = 0, passed = 0, from = 0, at = 0;
    for (uint32_t i = 0; i < layout->n_sections; i++) {
        all += tables_of(&layout->sections[i]);
    }
    uint32_t size = all / layout->shape->districts;
    for (uint16_t district = 1; district <= layout->shape->districts; district++) {
        uint32_t target = (uint32_t)((uint64_t)all * district / layout->shape->districts), edge;
        while (at < layout->n_sections && passed < target) {
            passed += tables_of(&layout->sections[layout->walk[at++]]);
        }
        uint32_t end = at;
        if (district == layout->shape->districts) {
            end = layout->n_sections;
        } else if (near_edge(layout, at, &edge) * 8 < size && edge > from) {
            end = edge;
        }
        for (uint32_t i = from; i < end; i++) {
            layout->sections[layout->walk[i]].district = district;
        }
        from = end;
    }
}

static struct span district_name(struct election *out, unsigned id)
{
    char text[32];
    snprintf(text, sizeof text, "DISTRITO %u", id);
    return arena_copy(&out->arena, span_str(text));
}

static void make_areas(const struct shape *shape, struct election *out)
{
    out->n_areas = 1u + shape->districts + shape->n_boroughs;
    out->areas = arena_array(&out->arena, out->n_areas, sizeof *out->areas);
    out->areas[0] = (struct area){AREA_ENTITY, 0, out->entity_name};
    struct area *next = out->areas + 1;
    for (uint16_t i = 1; i <= shape->districts; i++) {
        *next++ = (struct area){AREA_DISTRICT, i, district_name(out, i)};
    }
    for (int i = 0; i < shape->n_boroughs; i++) {
        const struct borough *borough = &boroughs[i];
        *next++ = (struct area){AREA_BOROUGH, borough->id, span_str(borough->name)};
    }
}

static struct station *add_station(struct layout *layout, unsigned section, char type, unsigned number,
                                   unsigned ext)
{
    struct election *out = layout->election;
    struct station *station = &out->stations[out->n_stations++];
    snprintf(station->key, sizeof station->key, "%02u%04u%c%02u%02u", out->entity % 100u, section % 10000u,
             type, number % 100u, ext % 100u);
    station->type = type;
    station->number = (uint8_t)number;
    station->extension = (uint8_t)ext;
    station->section = (uint16_t)section;
    station->location = 1;
    station->district = station->borough = AREA_NONE;
    return station;
}

/* Registered voters of a table: the real distribution's twentieths. */
static const struct dice_row nominal_rows[] = {
    {0, 120},   {50, 422},  {100, 466}, {200, 514}, {300, 541}, {400, 569},  {500, 595},
    {600, 621}, {700, 649}, {800, 680}, {900, 710}, {950, 729}, {1000, 750},
};
/* Accredited representatives: real shares of 0, 1, 2 ... */
static const struct dice_row reps_rows[] = {
    {0, 0}, {170, 1}, {390, 2}, {580, 3}, {750, 4}, {865, 5}, {930, 6}, {965, 8}, {990, 10}, {1000, 14},
};

/* Voters of a mode's table, whatever place they belong to. */
static const struct dice_row prison_rows[] = {{0, 19}, {200, 150}, {500, 380}, {1000, 535}};

static void place_mode(struct layout *layout, struct station *station, unsigned i)
{
    const struct shape *shape = layout->shape;
    struct dice dice =
        dice_for(layout->plan->seed, "mode", (uint64_t)(unsigned char)station->type * 1000 + i);
    uint32_t section = dice_below(&dice, layout->n_sections);
    if (station->type == 'M') {
        /* One internet table for all, and paper tables of a few hundred. */
        station->nominal = i + 1 == shape->abroad ? shape->internet : 738;
        station->ballots = station->nominal;
        return;
    }
    station->nominal = station->type == 'A' ? (uint32_t)dice_between(&dice, 4, 20)
                                            : (uint32_t)dice_quantile(&dice, prison_rows);
    station->ballots = station->nominal;
    station->district = layout->sections[section].district;
    station->borough = (uint16_t)(1 + shape->districts + layout->sections[section].borough);
}

static void make_modes(struct layout *layout)
{
    const struct shape *shape = layout->shape;
    const struct {
        char type;
        uint16_t n;
    } modes[] = {{'M', shape->abroad}, {'A', shape->early}, {'P', shape->prison}};
    for (size_t m = 0; m < 3; m++) {
        for (unsigned i = 0; i < modes[m].n; i++) {
            place_mode(layout, add_station(layout, 0, modes[m].type, i + 1, 0), i);
        }
    }
}

static void fill_table(struct layout *layout, const struct section *section, struct station *station,
                       uint32_t nominal, struct dice *dice)
{
    station->location = section->rural ? 2 : 1;
    station->district = section->district;
    station->borough = (uint16_t)(1 + layout->shape->districts + section->borough);
    station->reps = (uint16_t)dice_quantile(dice, reps_rows);
    station->nominal = station->type == 'S' ? 0 : nominal;
    station->ballots = station->type == 'S' ? SPECIAL_BALLOTS : nominal + station->reps;
}

static void make_section(struct layout *layout, const struct section *section)
{
    struct dice dice = dice_for(layout->plan->seed, "section", section->number);
    uint32_t nominal = (uint32_t)dice_quantile(&dice, nominal_rows);
    unsigned number = section->number;
    if (section->contiguous > 0 && nominal < 376) {
        nominal = 376 + nominal % 200; /* more than 750 voters, or there would be one table */
    }
    for (unsigned i = 0; i <= section->contiguous; i++) {
        /* A section's list is cut into equal parts: the first ones have one voter more. */
        uint32_t more = nominal < 750 && i < (number % (section->contiguous + 1u)) ? 1 : 0;
        struct station *station = add_station(layout, number, i == 0 ? 'B' : 'C', i == 0 ? 1 : i, 0);
        fill_table(layout, section, station, nominal + more, &dice);
    }
    for (unsigned i = 0; i < section->extra; i++) {
        fill_table(layout, section, add_station(layout, number, 'E', 1, i), nominal, &dice);
    }
    for (unsigned i = 0; i < section->special; i++) {
        fill_table(layout, section, add_station(layout, number, 'S', i + 1, 0), 0, &dice);
    }
}

static uint32_t count_stations(const struct shape *shape, uint32_t *n_sections)
{
    uint32_t tables = 0;
    *n_sections = 0;
    for (uint32_t k = 0; k < 13; k++) {
        *n_sections += shape->contiguous[k];
        tables += shape->contiguous[k] * (k + 1);
    }
    return tables + shape->extra + shape->special + shape->early + shape->prison + shape->abroad;
}

void city_make_places(const struct city_plan *plan, struct election *out)
{
    struct layout layout = {.plan = plan, .shape = &shapes[plan->scale], .election = out};
    uint32_t n_stations = count_stations(layout.shape, &layout.n_sections);
    layout.sections = arena_array(&out->arena, layout.n_sections, sizeof *layout.sections);
    layout.walk = arena_array(&out->arena, layout.n_sections, sizeof *layout.walk);
    out->stations = arena_array(&out->arena, n_stations, sizeof *out->stations);
    settle(&layout);
    furnish(&layout);
    walk_along(&layout);
    cut_districts(&layout);
    make_areas(layout.shape, out);
    make_modes(&layout);
    for (uint32_t i = 0; i < layout.n_sections; i++) {
        make_section(&layout, &layout.sections[i]);
    }
    assert(out->n_stations == n_stations);
}
