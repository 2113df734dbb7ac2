/* Writes the night: which actas come, in which order, what is wrong with which, what is corrected later, and
 * what comes that nobody expected. */
#include "city/script.h"

#include "city/dice.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { STRANGERS_PPM = 1000 }; /* out of catalogue, of the captured actas */

/* The script while it is written. Records are made in any order and sorted at the end. */
struct draft {
    const struct city_plan *plan;
    const struct election *election;
    uint32_t images_ppm;
    struct record *records;
    uint32_t n;
};

static struct record *add_record(struct draft *draft)
{
    struct record *record = &draft->records[draft->n];
    *record = (struct record){.version = 1, .before = SCRIPT_NONE, .drawn = draft->n};
    draft->n++;
    return record;
}

struct rank {
    uint32_t key;
    uint32_t acta;
};

static int by_key(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    int key = (x->key > y->key) - (x->key < y->key);
    return key != 0 ? key : (x->acta > y->acta) - (x->acta < y->acta);
}

/* The order of arrival: the three actas of a table come in one bag, and are typed some way apart. */
static struct rank *rank_actas(const struct draft *draft)
{
    const struct election *election = draft->election;
    struct rank *ranks = calloc(election->n_actas, sizeof *ranks);
    assert(ranks != NULL);
    for (uint32_t i = 0; i < election->n_actas; i++) {
        const struct station *station = &election->stations[election->actas[i].station];
        struct dice table = dice_for(draft->plan->seed, "table", election->actas[i].station);
        struct dice district = dice_for(draft->plan->seed, "pace", station->district);
        struct dice own = dice_for(draft->plan->seed, "acta", i);
        ranks[i].key = dice_below(&table, 1000000) + dice_below(&district, 120000) + dice_below(&own, 30000);
        ranks[i].acta = i;
    }
    qsort(ranks, election->n_actas, sizeof *ranks, by_key);
    return ranks;
}

/* Which fault the k-th captured acta has: exactly as many of each as their share asks for. */
static uint8_t *deal_faults(const struct draft *draft, uint32_t captured)
{
    uint8_t *faults = calloc(captured + 1, sizeof *faults);
    uint32_t *order = calloc(captured + 1, sizeof *order), at = 0;
    struct dice dice = dice_for(draft->plan->seed, "faults", 0);
    assert(faults != NULL && order != NULL);
    for (uint32_t i = 0; i < captured; i++) {
        order[i] = i;
    }
    dice_shuffle(&dice, order, captured);
    for (int fault = FAULT_NONE + 1; fault < FAULTS; fault++) {
        for (uint32_t i = fault_count(fault, captured); i > 0 && at < captured; i--) {
            faults[order[at++]] = (uint8_t)fault;
        }
    }
    free(order);
    return faults;
}

static uint16_t signer_of(const struct draft *draft, const struct station *station, const struct sheet *sheet,
                          uint32_t acta)
{
    if (sheet->origin == ORIGIN_CASILLA) {
        return city_signer_device(draft->election, acta);
    }
    uint16_t district = station->district == AREA_NONE ? 0 : draft->election->areas[station->district].id;
    return city_signer_centre(draft->election, district);
}

static bool is_pictured(const struct draft *draft, uint32_t acta)
{
    struct dice dice = dice_for(draft->plan->seed, "image", acta);
    return dice_chance(&dice, draft->images_ppm);
}

/* Cotejo found it: the right sheet follows, within hours and before the end. */
static void add_correction(struct draft *draft, uint32_t first, const struct sheet *right, struct dice *dice)
{
    static const char *const reasons[] = {"cotejo", "cotejo", "recaptura", "redigitalizacion"};
    struct record *record = add_record(draft);
    struct record *before = &draft->records[first];
    int64_t last = draft->plan->closing_ms - 4 * 60000;
    int64_t due = before->due_ms + (int64_t)dice_between(dice, 20, 300) * 60000;
    *record = *before;
    record->sheet = *right;
    record->version = before->version + 1;
    record->reason = reasons[dice_below(dice, 4)];
    record->before = first;
    record->due_ms = due < last ? due : before->due_ms + (last - before->due_ms) / 2;
    record->sheet.origin = before->sheet.origin;
    record->sheet.means = before->sheet.means;
    record->sheet.document = before->sheet.document;
    record->sheet.transport = before->sheet.transport;
    record->sheet.received_ms = before->sheet.received_ms;
    record->sheet.captured_ms = before->sheet.captured_ms;
    record->sheet.verified_ms = record->due_ms / 1000 * 1000;
    before->drawn = record->drawn = (uint32_t)(record - draft->records);
}

static void add_acta(struct draft *draft, uint32_t acta, enum fault fault, int64_t verified_ms)
{
    const struct acta *known = &draft->election->actas[acta];
    const struct station *station = &draft->election->stations[known->station];
    struct dice dice = dice_for(draft->plan->seed, "record", acta);
    uint32_t index = draft->n;
    struct record *record = add_record(draft);
    struct sheet right;
    if ((fault == FAULT_EXCEEDS || fault == FAULT_CORRECTED) && station_is_mode(station)) {
        fault = FAULT_VOTERS; /* these tables are so few that a drill would look odd without their votes */
    }
    votes_fill(draft->plan, draft->election, acta, &right);
    record->sheet = right;
    fault_apply(fault, draft->election, known, &dice, &record->sheet);
    memcpy(record->acta, known->key, sizeof record->acta);
    record->contest = known->contest;
    arrivals_stamp(draft->plan, station, &dice, verified_ms, &record->sheet);
    record->signer = signer_of(draft, station, &record->sheet, acta);
    /* The image takes a moment to travel; an acta that did not come is reported when its bag is opened. */
    record->due_ms = verified_ms + dice_between(&dice, 1000, 20000);
    record->pictured = record->sheet.no_acta == NO_ACTA_NONE && is_pictured(draft, acta);
    if (fault == FAULT_EARLY && record->sheet.origin == ORIGIN_CATD) {
        record->sheet.captured_ms = record->sheet.received_ms - (int64_t)dice_between(&dice, 1, 500) * 60000;
    }
    if (fault == FAULT_CORRECTED) {
        add_correction(draft, index, &right, &dice);
    }
}

/* Nobody expected it: its identification is missing, misread, or of a table that was never approved. */
static void add_stranger(struct draft *draft, uint32_t number, uint32_t like, int64_t verified_ms)
{
    const struct acta *known = &draft->election->actas[like];
    const struct station *station = &draft->election->stations[known->station];
    struct dice dice = dice_for(draft->plan->seed, "stranger", number);
    struct record *record = add_record(draft);
    votes_fill(draft->plan, draft->election, like, &record->sheet);
    arrivals_stamp(draft->plan, station, &dice, verified_ms, &record->sheet);
    record->contest = known->contest;
    record->signer = signer_of(draft, station, &record->sheet, like);
    record->due_ms = verified_ms + dice_between(&dice, 1000, 20000);
    record->pictured = is_pictured(draft, like);
    if (number % 3 != 0) {
        snprintf(record->acta, sizeof record->acta, "%02u%04u%c%02u00%.*s", draft->election->entity,
                 9000 + number % 1000, number % 3 == 1 ? 'C' : 'B', 1 + number / 1000 % 99,
                 SPAN_ARG(acta_form(known)));
    }
}

/* Actas that carry another one's image: all carry the same. */
static void repeat_images(struct draft *draft, const uint8_t *faults, uint32_t captured, const uint32_t *made)
{
    uint32_t shown = SCRIPT_NONE;
    for (uint32_t i = 0; i < captured; i++) {
        struct record *record = &draft->records[made[i]];
        if (faults[i] != FAULT_REPEATED || record->sheet.no_acta != NO_ACTA_NONE || draft->images_ppm == 0) {
            continue;
        }
        shown = shown == SCRIPT_NONE ? made[i] : shown;
        record->pictured = true;
        record->drawn = shown;
    }
}

struct turn {
    int64_t due_ms;
    uint32_t index;
};

static int by_due(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    int due = (x->due_ms > y->due_ms) - (x->due_ms < y->due_ms);
    return due != 0 ? due : (x->index > y->index) - (x->index < y->index);
}

/* Puts records in order of time and turns their references to each other. */
void script_sort(struct script *script)
{
    struct turn *turns = calloc(script->n + 1, sizeof *turns);
    uint32_t *now_at = calloc(script->n + 1, sizeof *now_at);
    struct record *sorted = calloc(script->n + 1, sizeof *sorted);
    assert(turns != NULL && now_at != NULL && sorted != NULL);
    for (uint32_t i = 0; i < script->n; i++) {
        turns[i] = (struct turn){script->records[i].due_ms, i};
    }
    qsort(turns, script->n, sizeof *turns, by_due);
    for (uint32_t i = 0; i < script->n; i++) {
        now_at[turns[i].index] = i;
    }
    for (uint32_t i = 0; i < script->n; i++) {
        sorted[i] = script->records[turns[i].index];
        sorted[i].drawn = now_at[sorted[i].drawn];
        sorted[i].before = sorted[i].before == SCRIPT_NONE ? SCRIPT_NONE : now_at[sorted[i].before];
    }
    free(script->records);
    script->records = sorted;
    free(turns);
    free(now_at);
}

void script_make(const struct city_plan *plan, const struct election *election, uint32_t images_ppm,
                 struct script *out)
{
    uint32_t captured = arrivals_captured(election->n_actas);
    uint32_t strangers = (uint32_t)((uint64_t)captured * STRANGERS_PPM / 1000000) + 3;
    struct draft draft = {.plan = plan, .election = election, .images_ppm = images_ppm};
    draft.records = calloc(captured * 2u + strangers, sizeof *draft.records);
    uint32_t *made = calloc(captured + 1, sizeof *made);
    assert(draft.records != NULL && made != NULL);
    struct rank *ranks = rank_actas(&draft);
    uint8_t *faults = deal_faults(&draft, captured);
    for (uint32_t i = 0; i < captured; i++) {
        made[i] = draft.n;
        add_acta(&draft, ranks[i].acta, faults[i], plan->opening_ms + arrivals_curve_ms(i, captured));
    }
    for (uint32_t i = 0; i < strangers; i++) {
        uint32_t k = (uint32_t)((uint64_t)captured * (2 * i + 1) / (2 * strangers));
        add_stranger(&draft, i, ranks[k].acta, plan->opening_ms + arrivals_curve_ms(k, captured));
    }
    repeat_images(&draft, faults, captured, made);
    *out = (struct script){.election = election, .seed = plan->seed, .records = draft.records, .n = draft.n};
    script_sort(out);
    free(ranks);
    free(faults);
    free(made);
}

void script_done(struct script *script)
{
    free(script->records);
    *script = (struct script){0};
}
