/* The state of one audit while it goes through the rows; shared by the files that look at them. */
#ifndef AUDIT_ROWS_H
#define AUDIT_ROWS_H

#include "audit/audit.h"
#include "audit/seen.h"
#include "os/standby.h"
#include "prepdb/cells.h"
#include "prepdb/short_numbers.h"

enum { CONSTANTS = 6, COPIES = 2 };

/* The figures of a row beside its votes: those of the sheet (enum sheet_field), and three more. */
enum { FIGURE_COMPUTED = SHEET_FIELDS, FIGURE_NOMINAL, FIGURE_REPS, ROW_FIGURES };

/* A column that ought to vary: the first row's value, and whether all others had it too. */
struct constant {
    enum field field;
    struct span value;
    bool varies;
};

/* Two columns that ought not to be equal row by row. */
struct copy {
    uint64_t both;    /* rows in which both are numbers */
    uint64_t equal;   /* of these, with the same */
    uint64_t nonzero; /* of these, not zero */
};

/* How far a thread has read, and where it is to stop. Another one may bring the end nearer while it reads (halves.c). */
struct progress {
    _Atomic(const char *) at;
    _Atomic(const char *) end;
};

struct auditor {
    struct database *database;
    struct arena *arena;
    const struct layout *layout;
    struct csv_reader reader;
    const char *stops[CSV_COLUMNS_MAX + 1]; /* of `row` */
    size_t n_columns;
    int16_t at[FIELDS]; /* the column of a field, -1: there is none */
    struct short_numbers vote_cells;
    struct short_numbers figure_cells; /* the figures beside the votes */
    short_numbers_reader read_numbers;
    uint64_t figures_missing; /* a bit for each figure that has no column */
    int64_t cut_ms;           /* -1: not known */
    struct time_reader times;
    struct seen keys, images;
    struct count plain;  /* ordinary rows, which are the same by the rules and as published */
    uint32_t plain_rows; /* of these, ones that are not in `plain` yet, and their votes: */
    uint32_t plain_votes[COLUMNS_MAX];
    struct span last_words; /* OBSERVACIONES of the row before: mostly the same again */
    unsigned last_observations;
    bool last_known;
    struct constant constants[CONSTANTS];
    uint8_t same[CONSTANTS]; /* indices of those that have not varied yet */
    unsigned n_same;
    struct copy copies[COPIES];
    struct progress *progress;
    uint64_t without_image, both_times, from_casilla, repeated_images, largest_group;
    int64_t earliest_capture_ms; /* captured minus received, the least */

    /* The row at hand. */
    struct csv_row row;
    struct span line;
    uint32_t votes[COLUMNS_MAX]; /* 0 where there is no number */
    uint64_t
        odd_votes; /* a bit for each that is not a short number; only these are in `sheet` before it is filled */
    uint32_t figures[ROW_FIGURES]; /* 0 where odd */
    uint64_t odd_figures;
    struct sheet sheet;
    struct station station;
    uint64_t columns; /* vote columns that exist on it */
    bool any_number, all_numbers;
    uint64_t sum; /* of the numbers */
    uint32_t reps;
    bool has_reps;
    bool out_of_catalogue, no_acta, bound_known;
    int flag;              /* CONTABILIZADA; -1: no such column, or another value */
    unsigned observations; /* as published */
    bool observations_known;
    struct judgement ruled;
};

static inline bool has_field(const struct auditor *a, enum field field)
{
    return a->at[field] >= 0;
}

/* The raw cell of a field in this row; empty when there is no such column. */
static inline struct span cell_of(const struct auditor *a, enum field field)
{
    return a->at[field] < 0 ? span_of("", 0) : csv_cell(&a->row, (size_t)a->at[field]);
}

/* Counts a finding about this row; true when it is wanted as an example too, which the caller then words with example().
 * Most rows of a bad file have the same defect: only the first few may cost a sentence. */
static inline bool found(struct auditor *a, enum audit_rule rule)
{
    struct finding *finding = &a->database->findings[rule];
    finding->count++;
    return finding->n_examples < EXAMPLES_MAX;
}
void example(struct auditor *a, enum audit_rule rule, const char *detail, ...) PRINTF(3, 4);
/* Adds the findings of the rows behind this auditor's to its own; texts are copied to its arena. */
void findings_append(struct auditor *a, const struct database *part);
/* Both in one, without a detail. */
static inline void note(struct auditor *a, enum audit_rule rule)
{
    if (found(a, rule)) {
        example(a, rule, "%s", "");
    }
}
/* The same about something that is not a row. */
void note_thing(struct auditor *a, enum audit_rule rule, struct span thing, const char *detail, ...)
    PRINTF(4, 5);

/* One of the figures of this row; false when it is no number. */
static inline bool row_figure(const struct auditor *a, unsigned figure, enum field field, uint32_t *out)
{
    if ((a->odd_figures >> figure & 1) == 0) {
        *out = a->figures[figure];
        return true;
    }
    return cell_number(cell_trim(cell_of(a, field)), out);
}

/* Foreign text made fit for people: UTF-8, no control characters, cut to what is worth printing. Lives in the
 * arena. */
struct span safe_text(struct auditor *a, struct span raw);
struct span arena_print(struct arena *arena, const char *format, ...) PRINTF(2, 3);

/* Before the first row, once the columns have their meaning. */
void rows_init(struct auditor *a);
/* Reads the rows, from where the reader stands to the first that begins at the end of a->progress or after it. */
void rows_read(struct auditor *a);
/* Reads all rows: the second half of them in `standby`, or before the first half when `in_turn` (halves.c). */
void halves_read(struct auditor *a, struct standby *standby, bool in_turn);
/* Keys, image, times and documents of the row at hand (row_keys.c). */
void row_check_keys(struct auditor *a);
void row_check_image(struct auditor *a);
void row_check_times(struct auditor *a);
void row_check_document(struct auditor *a);
/* What only shows over many rows (patterns.c). */
void patterns_init(struct auditor *a);
void patterns_note(struct auditor *a);
void patterns_append(struct auditor *a, const struct auditor *part);
void patterns_check(struct auditor *a);
/* The summary, once the rows are counted (header.c). */
void header_check(struct auditor *a, const struct audit_options *options);

#endif
