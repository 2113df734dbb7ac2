/* Makes a published tree for the browser tests out of a definition and invented, repeatable votes:
 *
 *   web_make_tree DEFINITION OUT CUTS
 *
 * OUT/cut/{n}/ and OUT/chunk/ are as in docs/formats/tree.md; what changes from cut to cut at the root (entry
 * pages, latest.json) lies in OUT/root-{n}/, so that the test's server decides which cut is the newest. Cut 0
 * is the one in zeros; the last one is declared so. */
#include "formats/election.h"
#include "render/pages.h"
#include "seal/digest.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum { MINUTE = 60000 };

static uint64_t dice_state = 0x9E3779B97F4A7C15u;

static uint32_t dice(uint32_t below)
{
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 7;
    dice_state ^= dice_state << 17;
    return (uint32_t)((dice_state >> 16) % below);
}

static void write_file(const char *root, const char *path, struct span bytes)
{
    char full[512];
    snprintf(full, sizeof full, "%s/%s", root, path);
    for (char *slash = strchr(full + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(full, 0755);
        *slash = '/';
    }
    FILE *file = fopen(full, "wb");
    assert(file != NULL);
    assert(fwrite(bytes.at, 1, bytes.len, file) == bytes.len);
    assert(fclose(file) == 0);
}

static enum err emit(void *arg, const char *path, struct span bytes)
{
    write_file(arg, path, bytes);
    return OK;
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
static void apply_acta(struct fold *fold, uint32_t acta, const char *key, int64_t now_ms, bool wrong)
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

static void apply_open(struct fold *fold)
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

static void apply_notice(struct fold *fold, int64_t now_ms)
{
    struct entry entry = {.type = ENTRY_NOTICE};
    struct why why = {{0}};
    struct buf bytes;
    entry.as.notice = (struct entry_notice){
        now_ms, SPAN("El CATD 7 reanuda su transmisión. <b>Esto es texto</b> & nada más.")};
    buf_init(&bytes, 0);
    entry_print(&entry, &bytes);
    assert(fold_apply(fold, fold->log_size, buf_as_span(&bytes), &why) == OK);
    buf_done(&bytes);
}

static char (*write_chunks(const struct fold *fold, const struct chunk_plan *plan, const char *out))[65]
{
    uint32_t n = chunk_total(fold, plan);
    char(*names)[65] = calloc(n + 1, 65);
    struct buf bytes;
    buf_init(&bytes, 0);
    for (uint32_t i = 0; i < n; i++) {
        char path[96];
        buf_clear(&bytes);
        render_chunk(fold, plan, i, &bytes);
        digest_hex(buf_as_span(&bytes), names[i]);
        snprintf(path, sizeof path, "chunk/%s.html", names[i]);
        write_file(out, path, buf_as_span(&bytes));
    }
    buf_done(&bytes);
    return names;
}

static void publish(const struct fold *fold, const struct chunk_plan *plan, const char *out,
                    const struct cut_facts *facts)
{
    char folder[256];
    struct buf latest;
    uint8_t manifest[32] = {0};
    char(*names)[65] = write_chunks(fold, plan, out);
    clock_t start = clock();
    snprintf(folder, sizeof folder, "%s/cut/%u", out, facts->number);
    assert(render_cut(fold, plan, facts, (const char(*)[65])names, chunk_total(fold, plan), emit, folder) ==
           OK);
    snprintf(folder, sizeof folder, "%s/root-%u", out, facts->number);
    assert(render_entries(fold, plan, facts, (const char(*)[65])names, chunk_total(fold, plan), emit,
                          folder) == OK);
    fprintf(stderr, "cut %u in %ld ms\n", facts->number, (long)((clock() - start) * 1000 / CLOCKS_PER_SEC));
    buf_init(&latest, 0);
    render_latest(fold, facts, manifest, &latest);
    write_file(folder, "latest.json", buf_as_span(&latest));
    buf_done(&latest);
    free(names);
}

/* The next actas in a scattered order, until `until` have come; district 2 stays silent through the first
 * half. */
static void arrive(struct fold *fold, uint32_t *came, uint32_t until, int64_t now_ms, bool half)
{
    const struct election *election = fold->election;
    uint32_t n = election->n_actas;
    uint32_t stride = n % 7 == 0 ? 11 : 7;
    for (; *came < until; (*came)++) {
        uint32_t acta = (uint32_t)((uint64_t)*came * stride % n);
        bool silent = election->stations[election->actas[acta].station].district == 2 && half;
        if (!silent && fold->records[acta].entry == ENTRY_NONE) {
            apply_acta(fold, acta, election->actas[acta].key, now_ms, *came % 97 == 13);
        }
    }
    if (!half && *came > n / 2 && fold->n_outsides < 3) {
        char key[ACTA_KEY_MAX + 1];
        snprintf(key, sizeof key, "FC-%016x", (unsigned)(fold->n_outsides + 1));
        apply_acta(fold, 0, key, now_ms, false);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: web_make_tree DEFINITION OUT CUTS\n");
        return 2;
    }
    static struct election election;
    struct why why = {{0}};
    struct fold *fold;
    struct chunk_plan *plan;
    uint32_t cuts = (uint32_t)atoi(argv[3]), came = 0;
    if (election_load(argv[1], &election, &why) != OK) {
        fprintf(stderr, "%s\n", why.text);
        return 2;
    }
    assert(fold_new(&election, &fold) == OK && chunk_plan_new(&election, &plan) == OK);
    apply_open(fold);
    for (uint32_t n = 0; n < cuts; n++) {
        bool last = n + 1 == cuts;
        int64_t now_ms = election.opening_ms + (n == 0 ? -30 : (int64_t)n * 60) * MINUTE;
        if (n > 0) {
            arrive(fold, &came, (uint32_t)((uint64_t)election.n_actas * n * 95 / (cuts - 1) / 100), now_ms,
                   n * 2 <= cuts);
        }
        if (n == 2) {
            apply_notice(fold, now_ms - MINUTE);
        }
        struct cut_facts facts = {.number = n,
                                  .time_ms = now_ms,
                                  .next_ms = last ? -1 : now_ms + 60 * MINUTE,
                                  .package = n > 0 ? n - 1 : 0,
                                  .package_ms = n > 1 ? now_ms - 60 * MINUTE : -1,
                                  .last = last};
        publish(fold, plan, argv[2], &facts);
    }
    chunk_plan_free(plan);
    fold_free(fold);
    election_done(&election);
    return 0;
}
