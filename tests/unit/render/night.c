/* Invented votes, repeatable, for tests of what is rendered. */
#include "night.h"

#include "seal/digest.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { MINUTE = 60000 };

static uint64_t dice_state = 0x9E3779B97F4A7C15u;

static uint32_t dice(uint32_t below)
{
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 7;
    dice_state ^= dice_state << 17;
    return (uint32_t)((dice_state >> 16) % below);
}

/* Votes as a table of this list would cast them: parties in a fixed order of strength that shifts from area
 * to area. */
static void fill_votes(const struct election *election, const struct acta *acta, struct sheet *sheet)
{
    const struct contest *contest = &election->contests[acta->contest];
    const struct station *station = &election->stations[acta->station];
    uint16_t area = election_acta_area(election, acta, contest->area_kind);
    uint64_t columns = contest_columns_in(contest, area);
    uint32_t size = station->nominal > 0 ? station->nominal : station->ballots, total = 0;
    sheet->n_votes = contest->n_columns;
    for (uint32_t i = 0; i < contest->n_columns; i++) {
        if ((columns >> i & 1) == 0) {
            sheet->votes[i] = (struct cell){0, CELL_NA};
            continue;
        }
        uint32_t strength =
            contest->columns[i].kind == COLUMN_PARTY ? 3 + (i * 7 + station->district * 5) % 17 : 1;
        uint32_t votes = size * strength / 180 + dice(4);
        sheet->votes[i] = (struct cell){votes, CELL_NUMBER};
        total += votes;
    }
    sheet->fields[FIELD_LEFTOVER] =
        (struct cell){station->ballots > total ? station->ballots - total : 0, CELL_NUMBER};
    sheet->fields[FIELD_VOTERS] = (struct cell){total, CELL_NUMBER};
    sheet->fields[FIELD_REPS] = (struct cell){0, CELL_NUMBER};
    sheet->fields[FIELD_DRAWN] = (struct cell){total, CELL_NUMBER};
    sheet->fields[FIELD_WRITTEN] = (struct cell){total, CELL_NUMBER};
}

static void spoil(struct sheet *sheet)
{
    switch (dice(60)) {
    case 0:
        sheet->votes[0] = (struct cell){0, CELL_ILLEGIBLE};
        break;
    case 1:
        sheet->votes[1].value += 3000;
        break;
    case 2:
        sheet->fields[FIELD_WRITTEN].value += 10;
        break;
    default:
        break;
    }
}

static void stamp(const struct election *election, uint32_t acta, int64_t now_ms, struct sheet *sheet)
{
    sheet->origin = ORIGIN_CATD;
    sheet->means = MEANS_SCANNER;
    sheet->document = DOCUMENT_PREP;
    sheet->transport = 'D';
    sheet->verified_ms = (now_ms - (int64_t)dice(15) * MINUTE) / 1000 * 1000;
    sheet->captured_ms = sheet->verified_ms - (int64_t)dice(9) * MINUTE;
    sheet->received_ms = sheet->captured_ms - (int64_t)dice(40) * MINUTE;
    sheet->has_image = true;
    sheet->image_bytes = 1000;
    digest_of(span_str(election->actas[acta].key), sheet->image);
}

/* One more entry for the fold. The judgement written is the rules' own, or (for `wrong`) one that is not. */
void night_acta(struct fold *fold, uint32_t acta, const char *key, int64_t now_ms, bool wrong)
{
    const struct election *election = fold->election;
    const struct acta *a = &election->actas[acta];
    const struct contest *contest = &election->contests[a->contest];
    bool outside = strcmp(key, a->key) != 0;
    struct entry entry = {.type = ENTRY_ACTA};
    struct entry_acta *as = &entry.as.acta;
    struct why why = {{0}};
    struct buf bytes;
    uint64_t columns = contest_columns_in(
        contest, outside ? AREA_NONE : election_acta_area(election, a, contest->area_kind));
    const struct station *station = outside ? NULL : &election->stations[a->station];
    snprintf(as->key, sizeof as->key, "%s", key);
    as->stated = outside ? SPAN("099999C0100A02") : SPAN("");
    as->contest = contest->id;
    as->version = 1;
    as->previous = ENTRY_NONE;
    as->centre = SPAN("catd-01");
    fill_votes(election, a, &as->sheet);
    spoil(&as->sheet);
    stamp(election, acta, now_ms, &as->sheet);
    as->judgement = sheet_judge(&as->sheet, columns, station);
    as->findings = sheet_findings(&as->sheet, columns, station);
    as->judgement.computed += wrong;
    buf_init(&bytes, 0);
    entry_print(&entry, &bytes);
    enum err err = fold_apply(fold, fold->log_size, buf_as_span(&bytes), &why);
    if (err != OK) {
        fprintf(stderr, "entry refused: %s\n", why.text);
        exit(2);
    }
    buf_done(&bytes);
}

void night_open(struct fold *fold)
{
    struct entry entry = {.type = ENTRY_OPEN};
    struct why why = {{0}};
    struct buf bytes;
    entry.as.open = (struct entry_open){.election = fold->election->id,
                                        .origin = SPAN("prep.example.mx/prueba"),
                                        .drill = fold->election->drill,
                                        .time_ms = fold->election->opening_ms - MINUTE};
    memcpy(entry.as.open.definition, fold->election->digest, 32);
    rules_digest(entry.as.open.rules);
    buf_init(&bytes, 0);
    entry_print(&entry, &bytes);
    enum err err = fold_apply(fold, 0, buf_as_span(&bytes), &why);
    if (err != OK) {
        fprintf(stderr, "opening refused: %s\n", why.text);
        exit(2);
    }
    buf_done(&bytes);
}

void night_notice(struct fold *fold, int64_t now_ms)
{
    struct entry entry = {.type = ENTRY_NOTICE};
    struct why why = {{0}};
    struct buf bytes;
    entry.as.notice = (struct entry_notice){
        now_ms, SPAN("El CATD 7 reanuda su transmisión. <b>Esto es texto</b> & nada más.")};
    buf_init(&bytes, 0);
    entry_print(&entry, &bytes);
    enum err err = fold_apply(fold, fold->log_size, buf_as_span(&bytes), &why);
    assert(err == OK);
    buf_done(&bytes);
}

/* The next actas in a scattered order, until `until` have come; district 2 stays silent through the first
 * half. */
void night_arrive(struct fold *fold, uint32_t *came, uint32_t until, int64_t now_ms, bool half)
{
    const struct election *election = fold->election;
    uint32_t n = election->n_actas;
    uint32_t stride = n % 7 == 0 ? 11 : 7;
    for (; *came < until; (*came)++) {
        uint32_t acta = (uint32_t)((uint64_t)*came * stride % n);
        bool silent = election->stations[election->actas[acta].station].district == 2 && half;
        if (!silent && fold->records[acta]->entry == ENTRY_NONE) {
            night_acta(fold, acta, election->actas[acta].key, now_ms, *came % 97 == 13);
        }
    }
    while (!half && *came > n / 2 && fold->n_outsides < 3) {
        char key[ACTA_KEY_MAX + 1];
        snprintf(key, sizeof key, "FC-%016x", (unsigned)(fold->n_outsides + 1));
        night_acta(fold, 0, key, now_ms, false);
    }
}
