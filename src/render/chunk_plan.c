/* The division of the table of actas into chunks: by contest and area, CHUNK_ROWS rows, fixed by the catalogue. */
#include "render/page.h"

#include <assert.h>
#include <stdlib.h>

/* The kind of area that groups a contest's actas: its seats' own, districts for the entity-wide contest. */
enum area_kind chunk_group_kind(const struct contest *contest)
{
    return contest->area_kind == AREA_ENTITY ? AREA_DISTRICT : contest->area_kind;
}

/* A group is a contest and an area; the last of a contest (slot n_areas) is for actas that belong to no such
 * area. */
static uint32_t group_of(const struct election *election, const struct acta *acta)
{
    uint16_t area = election_acta_area(election, acta, chunk_group_kind(&election->contests[acta->contest]));
    return acta->contest * (election->n_areas + 1) + (area == AREA_NONE ? election->n_areas : area);
}

static uint32_t chunks_for(uint32_t rows)
{
    return (rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
}

/* Counting sort: starts[g] becomes the place of group g's first acta in the order. */
static void order_actas(const struct election *election, struct chunk_plan *plan, uint32_t *starts,
                        uint32_t n_groups)
{
    for (uint32_t i = 0; i < election->n_actas; i++) {
        starts[group_of(election, &election->actas[i]) + 1]++;
    }
    for (uint32_t g = 0; g < n_groups; g++) {
        starts[g + 1] += starts[g];
    }
    for (uint32_t i = 0; i < election->n_actas; i++) {
        plan->order[starts[group_of(election, &election->actas[i])]++] = i;
    }
    /* Each start has moved to its group's end, which is the next one's start. */
    memmove(starts + 1, starts, n_groups * sizeof *starts);
    starts[0] = 0;
}

static void cut_group(const struct election *election, struct chunk_plan *plan, uint32_t group,
                      uint32_t first, uint32_t end)
{
    uint32_t area = group % (election->n_areas + 1);
    for (; first < end; first += CHUNK_ROWS) {
        uint32_t n = end - first < CHUNK_ROWS ? end - first : CHUNK_ROWS;
        for (uint32_t i = first; i < first + n; i++) {
            plan->chunk_of[plan->order[i]] = plan->n_chunks;
        }
        plan->chunks[plan->n_chunks++] = (struct chunk){
            .contest = (uint8_t)(group / (election->n_areas + 1)),
            .area = area == election->n_areas ? AREA_NONE : (uint16_t)area,
            .first = first,
            .n = n,
        };
    }
}

enum err chunk_plan_new(const struct election *election, struct chunk_plan **out)
{
    uint32_t n_groups = election->n_contests * (election->n_areas + 1);
    struct chunk_plan *plan = calloc(1, sizeof *plan);
    uint32_t *starts = calloc(n_groups + 1, sizeof *starts);
    if (plan != NULL) {
        plan->order = calloc(election->n_actas + 1, sizeof *plan->order);
        plan->chunk_of = calloc(election->n_actas + 1, sizeof *plan->chunk_of);
        plan->chunks = calloc(chunks_for(election->n_actas) + n_groups, sizeof *plan->chunks);
    }
    if (starts == NULL || plan == NULL || plan->order == NULL || plan->chunk_of == NULL ||
        plan->chunks == NULL) {
        free(starts);
        chunk_plan_free(plan);
        return ERR_FULL;
    }
    order_actas(election, plan, starts, n_groups);
    for (uint32_t g = 0; g < n_groups; g++) {
        cut_group(election, plan, g, starts[g], starts[g + 1]);
    }
    free(starts);
    *out = plan;
    return OK;
}

void chunk_plan_free(struct chunk_plan *plan)
{
    if (plan == NULL) {
        return;
    }
    free(plan->order);
    free(plan->chunk_of);
    free(plan->chunks);
    free(plan);
}

static uint32_t outsides_of(const struct fold *fold, uint32_t contest)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < fold->n_outsides; i++) {
        n += fold->outsides[i].contest == contest;
    }
    return n;
}

uint32_t chunk_total(const struct fold *fold, const struct chunk_plan *plan)
{
    uint32_t n = plan->n_chunks;
    for (uint32_t contest = 0; contest < fold->election->n_contests; contest++) {
        n += chunks_for(outsides_of(fold, contest));
    }
    return n;
}

struct chunk chunk_at(const struct fold *fold, const struct chunk_plan *plan, uint32_t number)
{
    if (number < plan->n_chunks) {
        return plan->chunks[number];
    }
    number -= plan->n_chunks;
    for (uint32_t contest = 0; contest < fold->election->n_contests; contest++) {
        uint32_t rows = outsides_of(fold, contest);
        if (number < chunks_for(rows)) {
            uint32_t first = number * CHUNK_ROWS;
            uint32_t n = rows - first < CHUNK_ROWS ? rows - first : CHUNK_ROWS;
            return (struct chunk){(uint8_t)contest, AREA_NONE, first, n, true};
        }
        number -= chunks_for(rows);
    }
    assert(!"no such chunk");
    abort();
}
