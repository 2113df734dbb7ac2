/* Keeping the two trees in step with the fold. */
#include "render/roots.h"

#include "render/fold_own.h"
#include "render/roots_own.h"

#include <assert.h>
#include <stdlib.h>

static uint32_t cells_of(const struct roots *roots)
{
    return roots->election->n_contests * roots->n_sections;
}

/* A station without a section (votes from abroad and other modes) belongs to none, and votes for the proportional lists
 * alone neither. */
static uint16_t section_of(const struct election *election, const struct acta *acta)
{
    return acta->proportional ? 0 : election->stations[acta->station].section;
}

static enum err sections_learn(struct roots *roots)
{
    const struct election *election = roots->election;
    uint8_t *there = calloc(UINT16_MAX + 1, 1);
    roots->sections = calloc(election->n_stations + 1, sizeof *roots->sections);
    if (there == NULL || roots->sections == NULL) {
        free(there);
        return ERR_FULL;
    }
    for (uint32_t i = 0; i < election->n_stations; i++) {
        there[election->stations[i].section] = 1;
    }
    for (uint32_t section = 1; section <= UINT16_MAX; section++) {
        if (there[section]) {
            roots->sections[roots->n_sections++] = (uint16_t)section;
        }
    }
    free(there);
    return OK;
}

static int by_number(const void *a, const void *b)
{
    return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

static uint32_t section_place(const struct roots *roots, uint16_t section)
{
    const uint16_t *found =
        section == 0 || roots->n_sections == 0
            ? NULL
            : bsearch(&section, roots->sections, roots->n_sections, sizeof section, by_number);
    return found == NULL ? UINT32_MAX : (uint32_t)(found - roots->sections);
}

/* Which actas each section has in each contest, by a counting sort: cell_first[c + 1] ends as the place after the cell's last. */
static enum err cells_learn(struct roots *roots)
{
    const struct election *election = roots->election;
    uint32_t n = cells_of(roots);
    roots->acta_cell = calloc(election->n_actas + 1, sizeof *roots->acta_cell);
    roots->cell_actas = calloc(election->n_actas + 1, sizeof *roots->cell_actas);
    roots->cell_first = calloc(n + 2, sizeof *roots->cell_first);
    roots->stale = calloc(election->n_actas + 1, sizeof *roots->stale);
    if (roots->acta_cell == NULL || roots->cell_actas == NULL || roots->cell_first == NULL ||
        roots->stale == NULL) {
        return ERR_FULL;
    }
    for (uint32_t i = 0; i < election->n_actas; i++) {
        uint32_t place = section_place(roots, section_of(election, &election->actas[i]));
        uint32_t cell =
            place == UINT32_MAX ? UINT32_MAX : election->actas[i].contest * roots->n_sections + place;
        roots->acta_cell[i] = cell;
        if (cell != UINT32_MAX) {
            roots->cell_first[cell + 2]++;
        }
    }
    for (uint32_t cell = 1; cell <= n; cell++) {
        roots->cell_first[cell + 1] += roots->cell_first[cell];
    }
    for (uint32_t i = 0; i < election->n_actas; i++) {
        if (roots->acta_cell[i] != UINT32_MAX) {
            roots->cell_actas[roots->cell_first[roots->acta_cell[i] + 1]++] = i;
        }
    }
    return OK;
}

enum err roots_new(const struct election *election, struct roots **out)
{
    struct roots *roots = calloc(1, sizeof *roots);
    if (roots == NULL) {
        return ERR_FULL;
    }
    roots->election = election;
    roots->whole = true;
    merkle_tree_init(&roots->state);
    merkle_tree_init(&roots->totals);
    enum err err = sections_learn(roots);
    err = err != OK ? err : cells_learn(roots);
    if (err != OK) {
        roots_free(roots);
        return err;
    }
    *out = roots;
    return OK;
}

void roots_free(struct roots *roots)
{
    if (roots == NULL) {
        return;
    }
    merkle_tree_done(&roots->state);
    merkle_tree_done(&roots->totals);
    free(roots->sections);
    free(roots->acta_cell);
    free(roots->cell_first);
    free(roots->cell_actas);
    free(roots->stale);
    buf_done(&roots->text);
    free(roots);
}

void roots_forget(struct roots *roots)
{
    roots->whole = true;
    merkle_tree_clear(&roots->state);
    merkle_tree_clear(&roots->totals);
}

static void leaf_set(struct merkle_tree *tree, uint32_t index, const struct buf *text)
{
    struct hash leaf;
    merkle_leaf(buf_as_span(text), &leaf);
    merkle_tree_set(tree, index, &leaf);
}

static void state_set(struct roots *roots, const struct fold *fold, uint32_t acta)
{
    buf_clear(&roots->text);
    state_leaf_print(fold, acta, &roots->text);
    leaf_set(&roots->state, acta, &roots->text);
}

/* The next acta that is to be looked at, from `i` on; n_actas: none. */
static uint32_t next_changed(const struct roots *roots, const struct fold *fold, uint32_t i)
{
    uint32_t n = fold->election->n_actas;
    if (roots->whole || i >= n) {
        return i;
    }
    const uint8_t *found = memchr(fold->dirty + i, 1, n - i);
    return found == NULL ? n : (uint32_t)(found - fold->dirty);
}

static void state_update(struct roots *roots, const struct fold *fold)
{
    uint32_t n_actas = fold->election->n_actas;
    for (uint32_t i = next_changed(roots, fold, 0); i < n_actas; i = next_changed(roots, fold, i + 1)) {
        state_set(roots, fold, i);
        if (roots->acta_cell[i] != UINT32_MAX) {
            roots->stale[roots->n_stale++] = roots->acta_cell[i];
        }
    }
    for (uint32_t i = 0; i < fold->n_outsides; i++) {
        if (roots->whole || n_actas + i >= roots->state.size || fold->outside_dirty[i]) {
            state_set(roots, fold, n_actas + i);
        }
    }
}

void roots_section_sum(const struct roots *roots, const struct fold *fold, uint32_t cell, struct count *out)
{
    *out = (struct count){0};
    for (uint32_t k = roots->cell_first[cell]; k < roots->cell_first[cell + 1]; k++) {
        uint32_t acta = roots->cell_actas[k];
        const struct record *record = fold->records[acta];
        out->expected++;
        if (record->entry != ENTRY_NONE) {
            fold_count_record(out, record, &fold->election->stations[fold->election->actas[acta].station]);
        }
    }
}

static void totals_set(struct roots *roots, const struct fold *fold, uint32_t index)
{
    buf_clear(&roots->text);
    totals_leaf_print(roots, fold, index, &roots->text);
    leaf_set(&roots->totals, index, &roots->text);
}

/* The areas' leaves are few and printed every time; a section's only when one of its actas changed. */
static void totals_update(struct roots *roots, const struct fold *fold)
{
    uint32_t n_areas = fold->election->n_areas;
    uint32_t row = n_areas + roots->n_sections;
    for (uint32_t c = 0; c < fold->election->n_contests; c++) {
        for (uint32_t at = 0; at < (roots->whole ? row : n_areas); at++) {
            totals_set(roots, fold, c * row + at);
        }
    }
    for (uint32_t i = 0; !roots->whole && i < roots->n_stale; i++) {
        uint32_t cell = roots->stale[i];
        if (i == 0 || roots->stale[i - 1] != cell) {
            totals_set(roots, fold, cell / roots->n_sections * row + n_areas + cell % roots->n_sections);
        }
    }
    roots->n_stale = 0;
}

void roots_update(struct roots *roots, const struct fold *fold, struct hash *state, struct hash *totals)
{
    assert(fold->election == roots->election);
    state_update(roots, fold);
    totals_update(roots, fold);
    roots->whole = false;
    merkle_tree_root(&roots->state, state);
    merkle_tree_root(&roots->totals, totals);
}

uint32_t totals_leaf_of_area(const struct roots *roots, uint32_t contest, uint16_t area)
{
    return contest * (roots->election->n_areas + roots->n_sections) + area;
}

uint32_t totals_leaf_of_section(const struct roots *roots, uint32_t contest, uint16_t section)
{
    uint32_t place = section_place(roots, section);
    return place == UINT32_MAX ? UINT32_MAX
                               : totals_leaf_of_area(roots, contest, 0) + roots->election->n_areas + place;
}
