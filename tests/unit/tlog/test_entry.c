/* Entries: golden vectors print back byte for byte, hostile ones are refused with a sentence, and values made
 * at random survive print and parse. */
#include "os/file.h"
#include "tally/rules.h"
#include "tlog/entry.h"
#include "tlog/entry_kinds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const char GOOD[] = "tests/vectors/entries/good";
static const char HOSTILE[] = "tests/vectors/entries/hostile";

static void read_vector(const char *dir, const char *name, struct buf *out)
{
    char path[FILE_PATH_MAX];
    struct why why = {0};
    if (file_read(path_join(path, dir, name), 1 << 20, out, &why) != OK) {
        fail_msg("%s", why.text);
    }
}

static enum err check_good(void *arg, const char *name, int64_t size)
{
    struct buf bytes = {0};
    struct buf scratch = {0};
    struct buf printed = {0};
    struct entry entry;
    struct why why = {0};
    (void)size;
    read_vector(GOOD, name, &bytes);
    if (entry_parse(buf_as_span(&bytes), &entry, &scratch, &why) != OK) {
        fail_msg("%s: %s", name, why.text);
    }
    entry_print(&entry, &printed);
    if (!span_equal(buf_as_span(&bytes), buf_as_span(&printed))) {
        fail_msg("%s prints as\n%s", name, buf_cstr(&printed));
    }
    ++*(int *)arg;
    buf_done(&bytes);
    buf_done(&scratch);
    buf_done(&printed);
    return OK;
}

static void golden_entries_print_back(void **state)
{
    (void)state;
    int n = 0;
    assert_int_equal(folder_walk(GOOD, check_good, &n, NULL), OK);
    assert_true(n >= 22);
}

static enum err check_hostile(void *arg, const char *name, int64_t size)
{
    struct buf bytes = {0};
    struct buf scratch = {0};
    struct entry entry = {.type = ENTRY_TYPES};
    struct why why = {0};
    (void)size;
    read_vector(HOSTILE, name, &bytes);
    if (entry_parse(buf_as_span(&bytes), &entry, &scratch, &why) == OK) {
        fail_msg("%s was accepted", name);
    }
    assert_true(strlen(why.text) > 10);
    assert_int_equal(entry.type, ENTRY_TYPES); /* untouched */
    ++*(int *)arg;
    buf_done(&bytes);
    buf_done(&scratch);
    return OK;
}

static void hostile_entries_are_refused(void **state)
{
    (void)state;
    int n = 0;
    assert_int_equal(folder_walk(HOSTILE, check_hostile, &n, NULL), OK);
    assert_true(n >= 100);
}

static void an_entry_past_the_limit_is_refused(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct buf scratch = {0};
    struct entry entry;
    buf_str(&bytes, "prep-notice/v1\n");
    while (bytes.len <= ENTRY_MAX) {
        buf_char(&bytes, 'a');
    }
    assert_int_equal(entry_parse(buf_as_span(&bytes), &entry, &scratch, NULL), ERR_TOO_BIG);
    buf_done(&bytes);
    buf_done(&scratch);
}

/* Every golden entry with one byte changed either is refused or is another entry that prints back the same.
 */
static enum err flip_bytes(void *arg, const char *name, int64_t size)
{
    struct buf bytes = {0};
    struct buf scratch = {0};
    struct buf printed = {0};
    struct entry entry;
    (void)arg;
    read_vector(GOOD, name, &bytes);
    for (int64_t i = 0; i < size; i++) {
        static const char others[] = {'0', 'a', ' ', '\n', '-', '\xff'};
        char was = bytes.at[i];
        for (size_t k = 0; k < sizeof others; k++) {
            bytes.at[i] = others[k];
            buf_clear(&scratch);
            buf_clear(&printed);
            if (entry_parse(buf_as_span(&bytes), &entry, &scratch, NULL) == OK) {
                entry_print(&entry, &printed);
                assert_true(span_equal(buf_as_span(&bytes), buf_as_span(&printed)));
            }
        }
        bytes.at[i] = was;
    }
    buf_done(&bytes);
    buf_done(&scratch);
    buf_done(&printed);
    return OK;
}

static void every_spelling_that_parses_is_the_only_one(void **state)
{
    (void)state;
    assert_int_equal(folder_walk(GOOD, flip_bytes, NULL, NULL), OK);
}

/* What the walk accepts, the lines accept and read the same. */
static bool walks(struct span bytes)
{
    struct entry walked = {.type = ENTRY_ACTA};
    struct entry read = {.type = ENTRY_ACTA};
    struct lines lines;
    /* What the entry says is written whatever stood there. */
    walked.as.acta.sheet.no_acta = NO_ACTA_URN;
    walked.as.acta.sheet.has_image = true;
    walked.as.acta.sheet.image_bytes = 1;
    memset(walked.as.acta.sheet.image, 0xa5, sizeof walked.as.acta.sheet.image);
    if (!entry_acta_first(bytes, &walked.as.acta)) {
        return false;
    }
    lines_init(&lines, bytes, NULL);
    lines_literal(&lines, "prep-acta/v1");
    acta_parse(&lines, &read, NULL);
    assert_int_equal(lines_end(&lines), OK);
    const struct entry_acta *a = &walked.as.acta;
    const struct entry_acta *b = &read.as.acta;
    assert_string_equal(a->key, b->key);
    assert_true(span_equal(a->stated, b->stated) && span_equal(a->contest, b->contest));
    assert_true(span_equal(a->centre, b->centre) && span_equal(a->reason, b->reason));
    assert_true(a->version == b->version && a->previous == b->previous && a->findings == b->findings);
    assert_memory_equal(&a->sheet, &b->sheet, sizeof a->sheet);
    assert_true(a->judgement.counted == b->judgement.counted &&
                a->judgement.observations == b->judgement.observations &&
                a->judgement.computed == b->judgement.computed);
    return true;
}

/* Every golden entry, with every byte changed, and cut off everywhere in memory of exactly that length. */
static enum err walk_changed(void *arg, const char *name, int64_t size)
{
    static const char others[] = {'0', '9', 'f', 'G', 'X', 'N', ' ', '\n', '-', ',', '\xff'};
    struct buf bytes = {0};
    read_vector(GOOD, name, &bytes);
    *(int *)arg += walks(buf_as_span(&bytes));
    for (int64_t i = 0; i < size; i++) {
        char was = bytes.at[i];
        for (size_t k = 0; k < sizeof others; k++) {
            bytes.at[i] = others[k];
            walks(buf_as_span(&bytes));
        }
        bytes.at[i] = was;
        char *torn = malloc((size_t)i + 1);
        assert_non_null(torn);
        memcpy(torn, bytes.at, (size_t)i);
        assert_false(walks(span_of(torn, (size_t)i)));
        free(torn);
    }
    buf_done(&bytes);
    return OK;
}

static void the_walk_reads_what_the_lines_read(void **state)
{
    (void)state;
    int walked = 0;
    assert_int_equal(folder_walk(GOOD, walk_changed, &walked, NULL), OK);
    assert_true(walked >= 1);
}

static uint64_t seed;
static uint32_t under(uint32_t n)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(seed >> 33) % n;
}

static struct cell any_cell(bool missing)
{
    static const uint8_t states[] = {CELL_NUMBER, CELL_NUMBER, CELL_ILLEGIBLE, CELL_BLANK, CELL_NA};
    struct cell cell = {.state = missing ? CELL_NO_ACTA : states[under(5)]};
    cell.value = cell.state == CELL_NUMBER ? under(1000000) : 0;
    return cell;
}

static void any_sheet(struct sheet *sheet)
{
    *sheet = (struct sheet){.received_ms = -1, .captured_ms = -1, .verified_ms = -1};
    sheet->no_acta = under(4) == 0 ? (uint8_t)(1 + under(NO_ACTA_URN)) : NO_ACTA_NONE;
    bool missing = sheet->no_acta != NO_ACTA_NONE;
    for (int i = 0; i < SHEET_FIELDS; i++) {
        sheet->fields[i] = any_cell(missing);
    }
    sheet->n_votes = (uint8_t)(1 + under(COLUMNS_MAX));
    for (int i = 0; i < sheet->n_votes; i++) {
        sheet->votes[i] = any_cell(missing);
    }
    if (!missing) {
        sheet->origin = (uint8_t)under(ORIGIN_CATD + 1);
        sheet->means = (uint8_t)under(MEANS_URN + 1);
        sheet->document = (uint8_t)under(DOCUMENT_UE + 1);
        sheet->transport = "\0DFI"[under(4)];
        sheet->has_image = under(2) == 1;
        sheet->image_bytes = sheet->has_image ? 1 + under(8 * 1024 * 1024) : 0;
        sheet->image[under(32)] = sheet->has_image ? 1 : 0;
        sheet->received_ms = under(2) == 1 ? (int64_t)under(2000000000) * 1000 : -1;
        sheet->captured_ms = (int64_t)under(2000000000) * 1000;
    }
}

static void random_actas_survive(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct buf again = {0};
    struct buf scratch = {0};
    seed = 20240602;
    for (int i = 0; i < 3000; i++) {
        struct entry entry = {.type = ENTRY_ACTA};
        struct entry_acta *acta = &entry.as.acta;
        span_copy(SPAN("091234S0100A03EMR"), acta->key, sizeof acta->key);
        acta->contest = SPAN("dip");
        acta->version = 1 + under(3);
        acta->previous = acta->version == 1 ? ENTRY_NONE : under(100000);
        acta->reason = acta->version == 1 ? SPAN("") : SPAN("recaptura");
        acta->centre = SPAN("ccv-2");
        acta->judgement = (struct judgement){(uint8_t)under(3), (uint8_t)under(64), under(1000000)};
        acta->findings = under(1U << FINDING_RULES) & ~1U;
        any_sheet(&acta->sheet);
        buf_clear(&bytes);
        buf_clear(&again);
        entry_print(&entry, &bytes);
        struct entry parsed;
        struct why why = {0};
        if (entry_parse(buf_as_span(&bytes), &parsed, &scratch, &why) != OK) {
            fail_msg("%s\n%s", why.text, buf_cstr(&bytes));
        }
        assert_memory_equal(&parsed.as.acta.sheet, &acta->sheet, sizeof acta->sheet);
        assert_int_equal(parsed.as.acta.findings, acta->findings);
        assert_int_equal(parsed.as.acta.judgement.observations, acta->judgement.observations);
        entry_print(&parsed, &again);
        assert_true(span_equal(buf_as_span(&bytes), buf_as_span(&again)));
    }
    buf_done(&bytes);
    buf_done(&again);
    buf_done(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_entries_print_back),
        cmocka_unit_test(hostile_entries_are_refused),
        cmocka_unit_test(an_entry_past_the_limit_is_refused),
        cmocka_unit_test(every_spelling_that_parses_is_the_only_one),
        cmocka_unit_test(the_walk_reads_what_the_lines_read),
        cmocka_unit_test(random_actas_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
