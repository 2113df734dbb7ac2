/* What the last cut must say, counted from the script by a few plain lines of its own: if the house's rules
 * and these lines disagree, one of them is wrong. */
#include "city/script.h"

#include "wire/text.h"

#include <stdlib.h>

/* What a sheet comes to (Anexo 13, numerals 26 to 28). */
struct outcome {
    uint64_t votes;
    bool any, gaps, exceeds;
};

static struct outcome judge(const struct sheet *sheet, const struct station *station)
{
    struct outcome outcome = {0};
    for (unsigned i = 0; i < sheet->n_votes; i++) {
        outcome.any |= sheet->votes[i].state == CELL_NUMBER;
        outcome.gaps |= sheet->votes[i].state == CELL_ILLEGIBLE || sheet->votes[i].state == CELL_BLANK;
        outcome.votes += sheet->votes[i].value;
    }
    uint64_t bound = (station->type == 'S' ? station->ballots : station->nominal) + (uint64_t)station->reps;
    outcome.exceeds = outcome.votes > bound;
    return outcome;
}

static void add(const struct script *script, const struct record *record, uint32_t index,
                struct expectation *to)
{
    if (index == UINT32_MAX) {
        to->out_of_catalogue++;
        return;
    }
    const struct station *station = &script->election->stations[script->election->actas[index].station];
    const struct sheet *sheet = &record->sheet;
    to->captured++;
    if (sheet->no_acta != NO_ACTA_NONE) {
        to->no_acta++;
        to->not_counted++;
        return;
    }
    struct outcome outcome = judge(sheet, station);
    to->inconsistent += outcome.exceeds || outcome.gaps;
    if (outcome.exceeds || !outcome.any) {
        to->not_counted++;
        return;
    }
    to->counted++;
    to->nominal += station->nominal;
    to->votes += outcome.votes;
    to->votes_special += station->type == 'S' ? outcome.votes : 0;
    for (unsigned i = 0; i < sheet->n_votes; i++) {
        to->columns[i] += sheet->votes[i].value;
    }
}

void script_expect(const struct script *script, struct expectation by_contest[CONTESTS_MAX])
{
    const struct election *election = script->election;
    bool *replaced = calloc(script->n + 1, sizeof *replaced);
    struct map catalogue;
    map_init(&catalogue, 1, 2);
    for (uint32_t i = 0; i < election->n_actas; i++) {
        by_contest[election->actas[i].contest].expected++;
        (void)map_put(&catalogue, span_str(election->actas[i].key), i);
    }
    for (uint32_t i = 0; i < script->n; i++) {
        if (script->records[i].before != SCRIPT_NONE) {
            replaced[script->records[i].before] = true;
        }
    }
    for (uint32_t i = 0; i < script->n; i++) {
        const struct record *record = &script->records[i];
        if (!replaced[i]) {
            uint32_t index = map_get(&catalogue, span_str(record->acta));
            bool right = index != MAP_NONE && election->actas[index].contest == record->contest;
            add(script, record, right ? index : UINT32_MAX, &by_contest[record->contest]);
        }
    }
    map_done(&catalogue);
    free(replaced);
}

static void print_contest(struct json *json, const struct contest *contest, const struct expectation *x)
{
    const struct {
        const char *name;
        uint64_t value;
    } figures[] = {
        {"expected", x->expected},
        {"captured", x->captured},
        {"counted", x->counted},
        {"not_counted", x->not_counted},
        {"out_of_catalogue", x->out_of_catalogue},
        {"no_acta", x->no_acta},
        {"inconsistent", x->inconsistent},
        {"nominal", x->nominal},
        {"votes", x->votes},
        {"votes_special", x->votes_special},
    };
    json_open(json, '{');
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        json_key(json, figures[i].name);
        json_u64(json, figures[i].value);
    }
    json_key(json, "columns");
    json_open(json, '{');
    for (unsigned i = 0; i < contest->n_columns; i++) {
        char code[64];
        if (span_copy(contest->columns[i].code, code, sizeof code)) {
            json_key(json, code);
            json_u64(json, x->columns[i]);
        }
    }
    json_close(json);
    json_close(json);
}

void script_expect_print(const struct script *script, struct buf *out)
{
    struct expectation *by_contest = calloc(CONTESTS_MAX, sizeof *by_contest);
    struct json json;
    script_expect(script, by_contest);
    json_init(&json, out);
    json_open(&json, '{');
    json_key(&json, "format");
    json_u64(&json, 1);
    json_key(&json, "records");
    json_u64(&json, script->n);
    json_key(&json, "contests");
    json_open(&json, '{');
    for (uint32_t i = 0; i < script->election->n_contests; i++) {
        char id[16];
        if (span_copy(script->election->contests[i].id, id, sizeof id)) {
            json_key(&json, id);
            print_contest(&json, &script->election->contests[i], &by_contest[i]);
        }
    }
    json_close(&json);
    json_close(&json);
    buf_char(out, '\n');
    free(by_contest);
}
