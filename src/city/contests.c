/* Contests, columns and candidacies. Parties and people are invented; the forms of alliance are the real
 * ones: a coalition with all its combinations, a common candidacy with agreed percentages, a coalition of two
 * with equal parts, parties alone, independents in some areas. */
#include "city/city.h"

#include "city/dice.h"
#include "city/people.h"

#include <assert.h>
#include <stdio.h>

/* Ordinals of the columns: the parties are the same in all contests. */
enum { ALBA, FARO, RIO, PUENTE, VIENTO, CANTERA, CEIBA, MAIZ, PARTIES };

#define BIT(column) (1u << (column))
#define A3          (BIT(ALBA) | BIT(FARO) | BIT(RIO))
#define B3          (BIT(CANTERA) | BIT(CEIBA) | BIT(MAIZ))

struct column_row {
    const char *code;
    const char *name;
    enum column_kind kind;
    uint32_t members; /* 0 for a party: itself */
    uint32_t color;
};

static const struct column_row parties[PARTIES] = {
    {"ALBA", "PARTIDO ALBA CIUDADANA", COLUMN_PARTY, 0, 0x1f5fa8},
    {"FARO", "PARTIDO DEL FARO", COLUMN_PARTY, 0, 0xc8442f},
    {"RIO", "MOVIMIENTO RÍO", COLUMN_PARTY, 0, 0x2a9d8f},
    {"PUENTE", "PARTIDO PUENTE", COLUMN_PARTY, 0, 0xe07b18},
    {"VIENTO", "VIENTO NUEVO", COLUMN_PARTY, 0, 0x5b5f97},
    {"CANTERA", "FRENTE CANTERA", COLUMN_PARTY, 0, 0x7a1f3d},
    {"CEIBA", "PARTIDO CEIBA", COLUMN_PARTY, 0, 0x3c8d2f},
    {"MAIZ", "UNIÓN DEL MAÍZ", COLUMN_PARTY, 0, 0xb8960c},
};

static const struct column_row coalition_a[] = {
    {"ALBA_FARO_RIO", "ALBA - FARO - RÍO", COLUMN_COALITION, A3, 0x3f6f98},
    {"ALBA_FARO", "ALBA - FARO", COLUMN_COALITION, BIT(ALBA) | BIT(FARO), 0x5a6f98},
    {"ALBA_RIO", "ALBA - RÍO", COLUMN_COALITION, BIT(ALBA) | BIT(RIO), 0x3f7f98},
    {"FARO_RIO", "FARO - RÍO", COLUMN_COALITION, BIT(FARO) | BIT(RIO), 0x7a6f60},
};
static const struct column_row coalition_b[] = {
    {"CANTERA_CEIBA_MAIZ", "CANTERA - CEIBA - MAÍZ", COLUMN_COALITION, B3, 0x6b3f3d},
    {"CANTERA_CEIBA", "CANTERA - CEIBA", COLUMN_COALITION, BIT(CANTERA) | BIT(CEIBA), 0x5b5637},
    {"CANTERA_MAIZ", "CANTERA - MAÍZ", COLUMN_COALITION, BIT(CANTERA) | BIT(MAIZ), 0x996b25},
    {"CEIBA_MAIZ", "CEIBA - MAÍZ", COLUMN_COALITION, BIT(CEIBA) | BIT(MAIZ), 0x7a921e},
};
static const struct column_row common_b[] = {
    {"CANTERA_CEIBA_MAIZ", "CANDIDATURA COMÚN CANTERA - CEIBA - MAÍZ", COLUMN_COMMON, B3, 0x6b3f3d},
};
static const struct column_row pair_b[] = {
    {"CEIBA_MAIZ", "CEIBA - MAÍZ", COLUMN_COALITION, BIT(CEIBA) | BIT(MAIZ), 0x7a921e},
};
static const struct column_row independents[] = {
    {"CSP1", "CANDIDATURA SIN PARTIDO 1", COLUMN_INDEPENDENT, 0, 0x666666},
    {"CSP2", "CANDIDATURA SIN PARTIDO 2", COLUMN_INDEPENDENT, 0, 0x8a8a8a},
};
static const struct column_row rest[] = {
    {"NO_REGISTRADAS", "CANDIDATURAS NO REGISTRADAS", COLUMN_WRITE_IN, 0, 0x999999},
    {"NULOS", "VOTOS NULOS", COLUMN_NULL, 0, 0xbbbbbb},
};

/* Which blocks of columns a contest has, in the order of its acta. */
enum block { BLOCK_A, BLOCK_B, BLOCK_COMMON, BLOCK_PAIR, BLOCK_INDEPENDENT, BLOCKS };
static const struct {
    const struct column_row *rows;
    uint8_t n;
} blocks[BLOCKS] = {{coalition_a, 4}, {coalition_b, 4}, {common_b, 1}, {pair_b, 1}, {independents, 2}};

static const struct {
    const char *id, *code, *name, *name_en;
    enum area_kind area, share;
    uint8_t blocks; /* bits of enum block */
} contests[] = {
    {"jg", "GUB", "JEFATURA DE GOBIERNO", "Head of Government", AREA_ENTITY, AREA_DISTRICT,
     BIT(BLOCK_A) | BIT(BLOCK_B)},
    {"dip", "DIP_LOC", "DIPUTACIONES AL CONGRESO DE LA CIUDAD DE MÉXICO", "City Congress", AREA_DISTRICT,
     AREA_DISTRICT, BIT(BLOCK_A) | BIT(BLOCK_COMMON) | BIT(BLOCK_PAIR) | BIT(BLOCK_INDEPENDENT)},
    {"alc", "ALC", "ALCALDÍAS", "Mayors and councils", AREA_BOROUGH, AREA_BOROUGH,
     BIT(BLOCK_A) | BIT(BLOCK_COMMON) | BIT(BLOCK_INDEPENDENT)},
};
enum { N_CONTESTS = 3 };

/* What is different in some areas. Everywhere else: coalition A, common candidacy B by percentages. */
enum { A_ALONE = 1, B_ALONE = 2, B_PAIR = 4, B_EQUAL = 8, ONE_INDEPENDENT = 16, TWO_INDEPENDENTS = 32 };
static const struct {
    enum area_kind kind;
    uint16_t id;
    uint8_t how;
} exceptions[] = {
    {AREA_DISTRICT, 1, TWO_INDEPENDENTS},  {AREA_DISTRICT, 2, B_PAIR},
    {AREA_DISTRICT, 5, A_ALONE},           {AREA_DISTRICT, 9, ONE_INDEPENDENT},
    {AREA_DISTRICT, 10, B_EQUAL},          {AREA_DISTRICT, 12, A_ALONE | ONE_INDEPENDENT},
    {AREA_DISTRICT, 14, TWO_INDEPENDENTS}, {AREA_DISTRICT, 18, B_PAIR},
    {AREA_DISTRICT, 20, B_EQUAL},          {AREA_DISTRICT, 22, A_ALONE},
    {AREA_DISTRICT, 26, B_PAIR},           {AREA_DISTRICT, 31, B_PAIR},
    {AREA_BOROUGH, 3, TWO_INDEPENDENTS},   {AREA_BOROUGH, 8, B_EQUAL},
    {AREA_BOROUGH, 9, A_ALONE | B_ALONE},  {AREA_BOROUGH, 12, TWO_INDEPENDENTS},
    {AREA_BOROUGH, 13, B_EQUAL},
};

static unsigned exception_of(const struct area *area)
{
    for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++) {
        if (exceptions[i].kind == area->kind && exceptions[i].id == area->id) {
            return exceptions[i].how;
        }
    }
    return 0;
}

static void add_columns(struct contest *contest, const struct column_row *rows, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct column *column = &contest->columns[contest->n_columns];
        uint64_t members = rows[i].kind == COLUMN_PARTY ? UINT64_C(1) << contest->n_columns : rows[i].members;
        *column = (struct column){.code = span_str(rows[i].code),
                                  .name = span_str(rows[i].name),
                                  .kind = rows[i].kind,
                                  .members = members,
                                  .color = rows[i].color};
        contest->n_columns++;
    }
}

static uint64_t column_bit(const struct contest *contest, const char *code)
{
    int column = contest_column(contest, span_str(code));
    return column < 0 ? 0 : UINT64_C(1) << column;
}

/* The columns of a contest whose parties all belong to `alliance`. */
static uint64_t columns_of(const struct contest *contest, uint64_t alliance, bool joint)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < contest->n_columns; i++) {
        uint64_t members = contest->columns[i].members;
        if (members != 0 && (members & ~alliance) == 0 && (joint || i < PARTIES)) {
            bits |= UINT64_C(1) << i;
        }
    }
    return bits;
}

struct roll {
    struct election *election;
    struct contest *contest;
    struct dice dice;
};

static struct span party_list(struct election *out, const struct contest *contest, uint64_t columns)
{
    struct buf text = {0};
    for (unsigned i = 0; i < contest->n_columns; i++) {
        bool named =
            contest->columns[i].kind == COLUMN_PARTY || contest->columns[i].kind == COLUMN_INDEPENDENT;
        if (named && (columns >> i & 1)) {
            buf_str(&text, text.len > 0 ? ", " : "");
            buf_span(&text, contest->columns[i].name);
        }
    }
    struct span list = arena_copy(&out->arena, buf_as_span(&text));
    buf_done(&text);
    return list;
}

static void run(struct roll *roll, uint16_t area, uint64_t columns)
{
    if (columns == 0) {
        return;
    }
    struct contest *contest = roll->contest;
    contest->candidacies[contest->n_candidacies++] = (struct candidacy){
        .area = area,
        .columns = columns,
        .name = people_name(&roll->dice, &roll->election->arena),
        .substitute = contest->area_kind == AREA_DISTRICT ? people_name(&roll->dice, &roll->election->arena)
                                                          : (struct span){"", 0},
        .parties = party_list(roll->election, contest, columns),
    };
}

/* Each of an alliance's parties for itself. */
static void run_alone(struct roll *roll, uint16_t area, uint64_t alliance)
{
    for (unsigned i = 0; i < PARTIES; i++) {
        if (alliance >> i & 1) {
            run(roll, area, UINT64_C(1) << i);
        }
    }
}

static void run_area(struct roll *roll, uint16_t area, unsigned how)
{
    struct contest *contest = roll->contest;
    uint64_t pair = column_bit(contest, "CEIBA_MAIZ"), bits_b = columns_of(contest, B3, true);
    if (how & A_ALONE) {
        run_alone(roll, area, A3);
    } else {
        run(roll, area, columns_of(contest, A3, true));
    }
    run(roll, area, BIT(PUENTE));
    run(roll, area, BIT(VIENTO));
    if (how & B_ALONE) {
        run_alone(roll, area, B3);
    } else if (how & B_PAIR) {
        run(roll, area, BIT(CANTERA));
        run(roll, area, BIT(CEIBA) | BIT(MAIZ) | pair);
    } else {
        /* The coalition of two exists only where the common candidacy does not. */
        run(roll, area, contest->area_kind == AREA_ENTITY ? bits_b : bits_b & ~pair);
    }
    if (how & (ONE_INDEPENDENT | TWO_INDEPENDENTS)) {
        run(roll, area, column_bit(contest, "CSP1"));
    }
    if (how & TWO_INDEPENDENTS) {
        run(roll, area, column_bit(contest, "CSP2"));
    }
}

static void add_rules(struct election *out, struct contest *contest)
{
    int joint = contest_column(contest, SPAN("CANTERA_CEIBA_MAIZ"));
    assert(joint >= 0);
    contest->rules = arena_array(&out->arena, 1 + out->n_areas, sizeof *contest->rules);
    if (contest->columns[joint].kind != COLUMN_COMMON) {
        return;
    }
    struct share_rule *rule = &contest->rules[contest->n_rules++];
    *rule = (struct share_rule){
        .area = AREA_NONE, .column = (uint8_t)joint, .kind = SHARE_PERCENT, .remainder = CANTERA};
    rule->hundredths[CANTERA] = 5333;
    rule->hundredths[CEIBA] = 2667;
    rule->hundredths[MAIZ] = 2000;
    for (uint32_t i = 0; i < out->n_areas; i++) {
        if (out->areas[i].kind == contest->area_kind && (exception_of(&out->areas[i]) & B_EQUAL)) {
            contest->rules[contest->n_rules++] =
                (struct share_rule){.area = (uint16_t)i, .column = (uint8_t)joint, .kind = SHARE_EQUAL};
        }
    }
}

static void make_contest(const struct city_plan *plan, struct election *out, unsigned row)
{
    struct contest *contest = &out->contests[row];
    *contest = (struct contest){
        .id = span_str(contests[row].id),
        .code = span_str(contests[row].code),
        .name = span_str(contests[row].name),
        .name_en = span_str(contests[row].name_en),
        .area_kind = contests[row].area,
        .share_kind = contests[row].share,
        /* Special tables give a second acta of diputaciones, for the proportional lists alone. */
        .proportional = contests[row].area == AREA_DISTRICT ? SPAN("A03ERP") : SPAN(""),
    };
    contest->columns = arena_array(&out->arena, COLUMNS_MAX, sizeof *contest->columns);
    add_columns(contest, parties, PARTIES);
    for (unsigned b = 0; b < BLOCKS; b++) {
        if (contests[row].blocks >> b & 1) {
            add_columns(contest, blocks[b].rows, blocks[b].n);
        }
    }
    add_columns(contest, rest, 2);
    add_rules(out, contest);
    contest->candidacies = arena_array(&out->arena, (size_t)out->n_areas * 12, sizeof *contest->candidacies);
    struct roll roll = {out, contest, dice_for(plan->seed, "people", row)};
    if (contest->area_kind == AREA_ENTITY) {
        run_area(&roll, AREA_NONE, 0);
        return;
    }
    for (uint32_t i = 0; i < out->n_areas; i++) {
        if (out->areas[i].kind == contest->area_kind) {
            run_area(&roll, (uint16_t)i, exception_of(&out->areas[i]));
        }
    }
}

void city_make_contests(const struct city_plan *plan, struct election *out)
{
    out->n_contests = N_CONTESTS;
    out->contests = arena_array(&out->arena, N_CONTESTS, sizeof *out->contests);
    for (unsigned i = 0; i < N_CONTESTS; i++) {
        make_contest(plan, out, i);
    }
}
