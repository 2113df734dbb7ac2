/* The table of actas: every acta in one chunk and no other, and everything that was read off it on its row. */
#include "files.h"
#include "formats/election.h"
#include "night.h"
#include "render/page.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct night {
    struct election election;
    struct fold *fold;
    struct chunk_plan *plan;
};

static int start(void **state)
{
    static struct night night;
    struct why why = {{0}};
    enum err err = election_load("tests/vectors/election/small", &night.election, &why);
    if (err != OK) {
        print_error("%s\n", why.text);
        return -1;
    }
    assert(fold_new(&night.election, &night.fold) == OK &&
           chunk_plan_new(&night.election, &night.plan) == OK);
    night_open(night.fold);
    *state = &night;
    return 0;
}

static int stop(void **state)
{
    struct night *night = *state;
    fold_free(night->fold);
    chunk_plan_free(night->plan);
    election_done(&night->election);
    return 0;
}

static const char *chunk_text(struct night *night, uint32_t number, struct buf *out)
{
    buf_clear(out);
    render_chunk(night->fold, night->plan, number, out);
    return buf_cstr(out);
}

static void every_acta_is_in_one_chunk(void **state)
{
    struct night *night = *state;
    const struct chunk_plan *plan = night->plan;
    uint32_t seen[64] = {0}, rows = 0;
    assert_true(night->election.n_actas <= 64);
    for (uint32_t c = 0; c < plan->n_chunks; c++) {
        const struct chunk *chunk = &plan->chunks[c];
        assert_in_range(chunk->n, 1, CHUNK_ROWS);
        for (uint32_t i = chunk->first; i < chunk->first + chunk->n; i++, rows++) {
            const struct acta *acta = &night->election.actas[plan->order[i]];
            seen[plan->order[i]]++;
            assert_int_equal(acta->contest, chunk->contest);
            assert_int_equal(plan->chunk_of[plan->order[i]], c);
            assert_true(i == chunk->first || plan->order[i - 1] < plan->order[i]);
        }
    }
    assert_int_equal(rows, night->election.n_actas);
    for (uint32_t i = 0; i < night->election.n_actas; i++) {
        assert_int_equal(seen[i], 1);
    }
}

static void an_acta_that_has_not_come_is_said_so(void **state)
{
    struct night *night = *state;
    struct buf out;
    buf_init(&out, 0);
    const char *text = chunk_text(night, night->plan->chunk_of[0], &out);
    assert_non_null(strstr(text, night->election.actas[0].key));
    assert_non_null(strstr(text, "Sin acta todavía"));
    assert_null(strstr(text, "Contabilizada"));
    assert_null(strstr(text, ">0<"));
    buf_done(&out);
}

static void a_row_carries_figures_image_and_ledger_index(void **state)
{
    struct night *night = *state;
    struct buf out, cell;
    char want[96];
    buf_init(&out, 0);
    buf_init(&cell, 0);
    uint64_t entry = night->fold->log_size;
    night_acta(night->fold, 0, night->election.actas[0].key, night->election.opening_ms, false);
    const struct record *record = night->fold->records[0];
    const char *text = chunk_text(night, night->plan->chunk_of[0], &out);
    const char *row = strstr(text, night->election.actas[0].key);
    assert_non_null(row);
    for (uint32_t i = 0; i < record->sheet.n_votes; i++) {
        if (record->sheet.votes[i].state == CELL_NUMBER) {
            buf_clear(&cell);
            buf_str(&cell, "<td>");
            number_print(&cell, record->sheet.votes[i].value);
            buf_str(&cell, "</td>");
            assert_non_null(strstr(row, buf_cstr(&cell)));
        }
    }
    snprintf(want, sizeof want, "/acta/%02x%02x", record->sheet.image[0], record->sheet.image[1]);
    assert_non_null(strstr(row, want));
    snprintf(want, sizeof want, "<td>%u</td></tr>", (unsigned)entry);
    assert_non_null(strstr(row, want));
    assert_non_null(strstr(row, "Contabilizada"));
    buf_done(&cell);
    buf_done(&out);
}

static void a_record_set_aside_is_marked(void **state)
{
    struct night *night = *state;
    struct buf out;
    buf_init(&out, 0);
    uint32_t acta = 1;
    night_acta(night->fold, acta, night->election.actas[acta].key, night->election.opening_ms, true);
    assert_true(night->fold->records[acta]->in_review);
    const char *text = chunk_text(night, night->plan->chunk_of[acta], &out);
    const char *row = strstr(text, night->election.actas[acta].key);
    assert_non_null(row);
    assert_memory_equal(row + strlen(night->election.actas[acta].key), "\" class=\"review\"", 16);
    assert_non_null(strstr(row, "En revisión"));
    buf_done(&out);
}

static void actas_outside_have_chunks_of_their_own(void **state)
{
    struct night *night = *state;
    struct buf out;
    buf_init(&out, 0);
    assert_int_equal(chunk_total(night->fold, night->plan), night->plan->n_chunks);
    for (unsigned i = 0; i < CHUNK_ROWS + 1; i++) {
        char key[ACTA_KEY_MAX + 1];
        snprintf(key, sizeof key, "FC-%016x", i + 1);
        night_acta(night->fold, 0, key, night->election.opening_ms, false);
    }
    assert_int_equal(chunk_total(night->fold, night->plan), night->plan->n_chunks + 2);
    struct chunk second = chunk_at(night->fold, night->plan, night->plan->n_chunks + 1);
    assert_true(second.outside);
    assert_int_equal(second.first, CHUNK_ROWS);
    assert_int_equal(second.n, 1);
    const char *text = chunk_text(night, night->plan->n_chunks + 1, &out);
    char last[ACTA_KEY_MAX + 1], before[ACTA_KEY_MAX + 1];
    snprintf(last, sizeof last, "FC-%016x", CHUNK_ROWS + 1);
    snprintf(before, sizeof before, "FC-%016x", CHUNK_ROWS);
    assert_non_null(strstr(text, last));
    assert_null(strstr(text, before));
    assert_non_null(strstr(text, "099999C0100A02"));
    assert_non_null(strstr(text, "Fuera de catálogo"));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_acta_is_in_one_chunk, start, stop),
        cmocka_unit_test_setup_teardown(an_acta_that_has_not_come_is_said_so, start, stop),
        cmocka_unit_test_setup_teardown(a_row_carries_figures_image_and_ledger_index, start, stop),
        cmocka_unit_test_setup_teardown(a_record_set_aside_is_marked, start, stop),
        cmocka_unit_test_setup_teardown(actas_outside_have_chunks_of_their_own, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
