/* From bytes to a report: archives opened, the head read, columns given their meaning, rows and header
 * checked. */
#include "audit/audit.h"

#include "archive/archive.h"
#include "audit/rows.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    ARENA_BUDGET = 512 << 20,
    SAMPLE_ROWS = 100,
    BYTES_PER_ROW = 256,
    HALVES_FROM = 512 * 1024,
    BYTES_PER_FRESH = 4 /* what is noted of rows takes about this part of them */
};

struct walk {
    struct audit *audit;
    const struct audit_options *options;
    struct why *why;
    struct fresh fresh;
    bool in_turn; /* this file's halves */
    unsigned files;
};

static size_t filled(const struct span *cells, size_t n)
{
    while (n > 0 && cell_trim(cells[n - 1]).len == 0) {
        n--;
    }
    return n;
}

static void take_summary_names(struct auditor *a, const struct span *cells, size_t n)
{
    struct database *db = a->database;
    n = filled(cells, n);
    for (size_t i = 0; i < n && db->n_summary < SUMMARY_MAX; i++) {
        struct name name = name_of(cells[i]);
        struct summary_figure *figure = &db->summary[db->n_summary++];
        *figure = (struct summary_figure){
            .name = safe_text(a, cells[i]), .figure = figure_of(&name), .text = SPAN("")};
        const char *official = figure_name(figure->figure);
        if (official[0] != '\0' && strcmp(official, name.text) != 0 && figure->figure != FIG_VOTES_TOTAL) {
            note_thing(a, RULE_COLUMN_NAMES, figure->name, "LEEME: %s", official);
        }
    }
}

static void take_summary_values(struct auditor *a, const struct span *cells, size_t n)
{
    struct database *db = a->database;
    n = filled(cells, n);
    for (size_t i = 0; i < n && i < db->n_summary; i++) {
        db->summary[i].text = safe_text(a, cells[i]);
    }
    if (n != db->n_summary) {
        note_thing(a, RULE_SUMMARY_UNEVEN, SPAN("resumen"), "%u nombres, %zu valores", db->n_summary, n);
    }
}

/* Of the first rows, does most of a column with an unknown name read as votes? A party nobody has heard of yet does; a column
 * of words that some institute adds does not. */
static void sample_columns(const struct auditor *a, const enum field *fields, bool votes[CSV_COLUMNS_MAX])
{
    struct csv_reader reader;
    csv_reader_init(&reader, a->reader.rest, a->layout->dialect.separator);
    struct span cells[CSV_COLUMNS_MAX];
    unsigned odd[CSV_COLUMNS_MAX] = {0};
    unsigned rows = 0;
    size_t n = 0;
    while (rows < SAMPLE_ROWS && csv_read_row(&reader, cells, CSV_COLUMNS_MAX, &n) == OK) {
        if (n < a->n_columns) {
            continue;
        }
        rows++;
        for (size_t i = 0; i < a->n_columns; i++) {
            struct cell ignored;
            odd[i] += fields[i] == F_UNKNOWN && !cell_votes(cells[i], &ignored);
        }
    }
    for (size_t i = 0; i < a->n_columns; i++) {
        votes[i] = odd[i] * 2 <= rows;
    }
    csv_reader_done(&reader);
}

static enum err take_vote_column(struct auditor *a, struct span name, size_t column, struct why *why)
{
    struct database *db = a->database;
    if (db->n_columns == COLUMNS_MAX) {
        return why_set(why, ERR_TOO_BIG, "más de %d columnas de votos / more than %d vote columns",
                       COLUMNS_MAX, COLUMNS_MAX);
    }
    a->vote_cells.at[db->n_columns] = (uint16_t)column;
    db->column_names[db->n_columns++] = safe_text(a, name);
    return OK;
}

static void note_name(struct auditor *a, const struct span *cells, size_t column, enum field field,
                      const struct name *names)
{
    const struct name *name = &names[column];
    const char *official = field_name(field);
    if (official[0] != '\0' && strcmp(official, name->text) != 0) {
        note_thing(a, RULE_COLUMN_NAMES, safe_text(a, cells[column]), "LEEME: %s", official);
    }
    for (size_t i = 0; i < column; i++) {
        if (name->text[0] != '\0' && strcmp(names[i].text, name->text) == 0) {
            note_thing(a, RULE_DUPLICATE_COLUMN, safe_text(a, cells[column]), "columnas %zu y %zu", i + 1,
                       column + 1);
            return;
        }
    }
}

/* The names of the rows' columns: a known one has its meaning, any other is a vote column when it reads like
 * one. */
static enum err take_columns(struct auditor *a, const struct span *cells, size_t n, struct why *why)
{
    bool votes[CSV_COLUMNS_MAX] = {false};
    a->n_columns = filled(cells, n);
    memset(a->at, -1, sizeof a->at);
    struct name *names = arena_array(a->arena, a->n_columns, sizeof *names);
    enum field *fields = arena_array(a->arena, a->n_columns, sizeof *fields);
    if (names == NULL || fields == NULL) {
        abort(); /* the arena's budget has room for any head */
    }
    for (size_t i = 0; i < a->n_columns; i++) {
        names[i] = name_of(cells[i]);
        fields[i] = field_of(&names[i]);
    }
    sample_columns(a, fields, votes);
    for (size_t i = 0; i < a->n_columns; i++) {
        enum field field = fields[i];
        note_name(a, cells, i, field, names);
        if (field < FIELDS) {
            a->at[field] = a->at[field] < 0 ? (int16_t)i : a->at[field];
        } else if (field == F_WRITE_IN || field == F_NULLS || (field == F_UNKNOWN && votes[i])) {
            TRY(take_vote_column(a, cells[i], i, why));
        } else if (names[i].text[0] != '\0') {
            note_thing(a, RULE_UNKNOWN_COLUMN, safe_text(a, cells[i]), "columna %zu", i + 1);
        }
    }
    return OK;
}

/* The first two lines: what election, and "dd/mm/aaaa hh:mm (UTC-6)"; some years have only the second. */
static void take_title(struct auditor *a, struct span cell)
{
    struct database *db = a->database;
    cell = cell_trim(cell);
    int64_t ms = cell_time(&a->times, cell);
    if (ms < 0 && a->reader.row == a->layout->title_row) {
        db->title = safe_text(a, cell);
        return;
    }
    if (a->cut_ms >= 0) {
        return;
    }
    a->cut_ms = ms >= 0 ? ms : -1;
    db->cut = safe_text(a, cell);
    bool as_ruled = ms >= 0 && cell.len >= 22 && cell.at[16] == ' ' && cell.at[17] == '(';
    if (!as_ruled) {
        note_thing(a, RULE_CUT_TIME, db->cut, "%s", "");
    }
}

static enum err read_head(struct auditor *a, struct why *why)
{
    const struct layout *layout = a->layout;
    struct span cells[CSV_COLUMNS_MAX];
    size_t n = 0;
    while (a->reader.row < layout->names_row && csv_read_row(&a->reader, cells, CSV_COLUMNS_MAX, &n) == OK) {
        n = n > CSV_COLUMNS_MAX ? CSV_COLUMNS_MAX : n;
        if (a->reader.row == layout->title_row || a->reader.row == layout->cut_row) {
            take_title(a, cells[0]);
        } else if (a->reader.row == layout->figures_row) {
            take_summary_names(a, cells, n);
        } else if (a->reader.row == layout->values_row) {
            take_summary_values(a, cells, n);
        }
    }
    if (layout->figures_row == 0) {
        a->database->findings[RULE_NO_SUMMARY].count = 1;
    }
    return take_columns(a, cells, n, why);
}

static enum err check_database(struct walk *walk, struct span path, const struct layout *layout,
                               struct standby *standby)
{
    struct auditor *a = calloc(1, sizeof *a);
    struct database *db = arena_alloc(&walk->audit->arena, sizeof *db);
    if (a == NULL || db == NULL) {
        abort();
    }
    a->database = db;
    a->arena = &walk->audit->arena;
    a->layout = layout;
    db->dialect = layout->dialect;
    db->path = safe_text(a, path);
    db->title = db->cut = SPAN("");
    a->cut_ms = -1;
    csv_reader_init(&a->reader, layout->body, layout->dialect.separator);
    a->reader.row = layout->first_row - 1;
    seen_init(&a->keys, layout->body, (uint32_t)(layout->body.len / BYTES_PER_ROW), &walk->fresh);
    seen_init(&a->images, layout->body, (uint32_t)(layout->body.len / BYTES_PER_ROW), &walk->fresh);
    if (walk->options->same_each_time) {
        seen_rekey(&a->keys, 1, 2);
        seen_rekey(&a->images, 3, 4);
    }
    enum err err = read_head(a, walk->why);
    if (err == OK) {
        halves_read(a, standby, walk->in_turn);
        count_merge(&db->published, &a->plain);
        count_merge(&db->ruled, &a->plain);
        db->published.nominal_counted += db->nominal_special;
        patterns_check(a);
        header_check(a, walk->options);
        walk->audit->databases[walk->audit->n_databases++] = db;
    }
    csv_reader_done(&a->reader);
    seen_done(&a->keys);
    seen_done(&a->images);
    free(a);
    return err;
}

static enum err check_file(struct walk *walk, struct span path, struct span bytes, struct standby *standby)
{
    struct layout layout;
    struct why why = {""};
    walk->files++;
    enum err err = layout_find(bytes, &layout, &why);
    if (err == ERR_MISSING && path.len > 0) {
        return OK; /* leeme.txt, the candidates: there may be others beside them */
    }
    if (err != OK) {
        return why_set(walk->why, err, "%s", why.text);
    }
    if (bytes.len > SEEN_FILE_MAX) {
        return why_set(walk->why, ERR_TOO_BIG,
                       "más de 2 GiB: ninguna base es tan grande / more than 2 GiB: no database is "
                       "that large");
    }
    if (walk->audit->n_databases == DATABASES_MAX) {
        return why_set(walk->why, ERR_TOO_BIG,
                       "más de %d bases en un archivo / more than %d databases in one file", DATABASES_MAX,
                       DATABASES_MAX);
    }
    return check_database(walk, path, &layout, standby);
}

static void touch(void *arg)
{
    fresh_touch(arg);
}

static enum err visit(void *arg, struct span path, struct span bytes)
{
    struct walk *walk = arg;
    const size_t from = walk->options->halves_from;
    struct standby standby;
    bool large = bytes.len >= (from == 0 ? HALVES_FROM : from);
    walk->in_turn = large && walk->options->same_each_time;
    bool two = large && !walk->in_turn && standby_worth_it();
    fresh_init(&walk->fresh, bytes.len >= HALVES_FROM ? bytes.len / BYTES_PER_FRESH : 0);
    two = two && standby_begin(&standby, touch, &walk->fresh);
    enum err err = check_file(walk, path, bytes, two ? &standby : NULL);
    if (two) {
        standby_end(&standby);
    }
    fresh_done(&walk->fresh);
    return err;
}

enum err audit_check(struct audit *audit, struct span file, const struct audit_options *options,
                     struct why *why)
{
    *audit = (struct audit){0};
    arena_init(&audit->arena, ARENA_BUDGET);
    struct walk walk = {.audit = audit, .options = options, .why = why};
    TRY(archive_walk(file, &archive_limits_default, visit, &walk, why));
    if (audit->n_databases == 0) {
        return why_set(
            why, ERR_MISSING,
            "ninguno de los %u archivos que contiene es una base de datos PREP / none of the %u files in it "
            "is a PREP database",
            walk.files, walk.files);
    }
    return OK;
}

void audit_done(struct audit *audit)
{
    arena_done(&audit->arena);
    *audit = (struct audit){0};
}

bool database_ok(const struct database *database)
{
    for (int rule = 0; rule < AUDIT_RULES; rule++) {
        if (rule_texts[rule].level == LEVEL_ERROR && database->findings[rule].count > 0) {
            return false;
        }
    }
    return true;
}

bool audit_ok(const struct audit *audit)
{
    for (unsigned i = 0; i < audit->n_databases; i++) {
        if (!database_ok(audit->databases[i])) {
            return false;
        }
    }
    return true;
}
