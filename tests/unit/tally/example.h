/* A contest of three parties in coalition, one alone, an independent, write-ins and null votes, and sheets
 * for it. */
#ifndef TESTS_TALLY_EXAMPLE_H
#define TESTS_TALLY_EXAMPLE_H

#include "tally/count.h"
#include "tally/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { P1, P2, P3, RIO, CSP, P1_P2_P3, P1_P2, P1_P3, P2_P3, WRITE_IN, NULLS, EXAMPLE_COLUMNS };

#define BIT(i)      (UINT64_C(1) << (i))
#define ALL_COLUMNS (BIT(EXAMPLE_COLUMNS) - 1)

static struct column example_columns[EXAMPLE_COLUMNS] = {
    [P1] = {.code = {"P1", 2}, .kind = COLUMN_PARTY, .members = BIT(P1)},
    [P2] = {.code = {"P2", 2}, .kind = COLUMN_PARTY, .members = BIT(P2)},
    [P3] = {.code = {"P3", 2}, .kind = COLUMN_PARTY, .members = BIT(P3)},
    [RIO] = {.code = {"RIO", 3}, .kind = COLUMN_PARTY, .members = BIT(RIO)},
    [CSP] = {.code = {"CSP", 3}, .kind = COLUMN_INDEPENDENT},
    [P1_P2_P3] = {.code = {"P1_P2_P3", 8}, .kind = COLUMN_COALITION, .members = BIT(P1) | BIT(P2) | BIT(P3)},
    [P1_P2] = {.code = {"P1_P2", 5}, .kind = COLUMN_COALITION, .members = BIT(P1) | BIT(P2)},
    [P1_P3] = {.code = {"P1_P3", 5}, .kind = COLUMN_COALITION, .members = BIT(P1) | BIT(P3)},
    [P2_P3] = {.code = {"P2_P3", 5}, .kind = COLUMN_COALITION, .members = BIT(P2) | BIT(P3)},
    [WRITE_IN] = {.code = {"NO_REGISTRADAS", 14}, .kind = COLUMN_WRITE_IN},
    [NULLS] = {.code = {"NULOS", 5}, .kind = COLUMN_NULL},
};

static inline struct contest example_contest(void)
{
    return (struct contest){.columns = example_columns, .n_columns = EXAMPLE_COLUMNS};
}

static inline struct cell number(uint32_t value)
{
    return (struct cell){.value = value, .state = CELL_NUMBER};
}

static inline struct cell state(enum cell_state state)
{
    return (struct cell){.state = (uint8_t)state};
}

/* A sheet with the same cell in every vote box, nothing in the other fields, an image and times in order. */
static inline struct sheet sheet_of(struct cell cell)
{
    struct sheet sheet = {.n_votes = EXAMPLE_COLUMNS,
                          .origin = ORIGIN_CATD,
                          .has_image = true,
                          .received_ms = 1000,
                          .captured_ms = 2000,
                          .verified_ms = 3000};
    for (int i = 0; i < EXAMPLE_COLUMNS; i++) {
        sheet.votes[i] = cell;
    }
    for (int i = 0; i < SHEET_FIELDS; i++) {
        sheet.fields[i] = state(CELL_BLANK);
    }
    return sheet;
}

static inline struct sheet sheet_without(enum no_acta reason)
{
    struct sheet sheet = sheet_of(state(CELL_NO_ACTA));
    sheet.no_acta = (uint8_t)reason;
    sheet.has_image = false;
    sheet.received_ms = sheet.captured_ms = sheet.verified_ms = -1;
    return sheet;
}

static inline struct station station_of(char type, uint32_t nominal, uint32_t ballots, uint16_t reps)
{
    return (struct station){
        .type = type, .location = 1, .nominal = nominal, .ballots = ballots, .reps = reps};
}

/* A small generator with a fixed start: the same cases in every run (xorshift64*). */
static inline uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(0x2545F4914F6CDD1D);
}

#endif
