/* What only shows over many rows: columns that a program fixed or filled from another one. */
#include "audit/rows.h"

enum {
    ROWS_LEAST = 100,   /* fewer say nothing */
    NONZERO_LEAST = 10, /* equal zeros say nothing either */
};

/* Columns that vary in any real publication of some size. */
static const enum field varying[CONSTANTS] = {F_EXTENSION, F_LOCATION, F_TRANSPORT,
                                              F_ORIGIN,    F_MEANS,    F_DOCUMENT};

void patterns_init(struct auditor *a)
{
    a->n_same = 0;
    for (unsigned i = 0; i < CONSTANTS; i++) {
        a->constants[i] = (struct constant){.field = varying[i], .varies = !has_field(a, varying[i])};
        if (!a->constants[i].varies) {
            a->same[a->n_same++] = (uint8_t)i;
        }
    }
}

static void note_copy(struct copy *copy, bool both, uint32_t one, uint32_t other)
{
    copy->both += both;
    copy->equal += both && one == other;
    copy->nonzero += both && one == other && one != 0;
}

/* Of those that have not varied yet, number i shows something else than in the row before, or for the first time. */
static void note_constant(struct auditor *a, unsigned i, struct span cell)
{
    struct constant *constant = &a->constants[a->same[i]];
    if (constant->value.at == NULL) {
        constant->value = arena_copy(a->arena, cell);
        return;
    }
    constant->varies = true;
    a->same[i] = a->same[--a->n_same];
}

static void note_constants(struct auditor *a)
{
    for (unsigned i = a->n_same; i-- > 0;) {
        const struct constant *constant = &a->constants[a->same[i]];
        struct span cell = csv_cell(&a->row, (size_t)a->at[constant->field]);
        if (constant->value.len != cell.len || constant->value.at == NULL ||
            !bytes_equal(constant->value.at, cell.at, cell.len)) {
            note_constant(a, i, cell);
        }
    }
}

void patterns_note(struct auditor *a)
{
    note_constants(a);
    const struct cell *fields = a->sheet.fields;
    note_copy(&a->copies[0],
              fields[FIELD_WRITTEN].state == CELL_NUMBER && fields[FIELD_LEFTOVER].state == CELL_NUMBER,
              fields[FIELD_WRITTEN].value, fields[FIELD_LEFTOVER].value);
    note_copy(&a->copies[1], a->has_reps && fields[FIELD_REPS].state == CELL_NUMBER, a->reps,
              fields[FIELD_REPS].value);
}

void patterns_append(struct auditor *a, const struct auditor *part)
{
    for (int i = 0; i < CONSTANTS; i++) {
        struct constant *constant = &a->constants[i];
        const struct constant *more = &part->constants[i];
        if (constant->value.at == NULL && more->value.at != NULL) {
            constant->value = arena_copy(a->arena, more->value);
        }
        bool same = more->value.at == NULL || span_equal(constant->value, more->value);
        constant->varies |= more->varies || !same;
    }
    for (int i = 0; i < COPIES; i++) {
        a->copies[i].both += part->copies[i].both;
        a->copies[i].equal += part->copies[i].equal;
        a->copies[i].nonzero += part->copies[i].nonzero;
    }
}

static void check_constants(struct auditor *a)
{
    for (int i = 0; i < CONSTANTS; i++) {
        const struct constant *constant = &a->constants[i];
        struct span value = cell_trim(constant->value);
        if (!constant->varies && !cell_is_none(value) && a->database->rows >= ROWS_LEAST) {
            struct span text = safe_text(a, value);
            note_thing(a, RULE_CONSTANT, span_str(field_name(constant->field)), "siempre \"%.*s\"",
                       SPAN_ARG(text));
        }
    }
}

static void check_copy(struct auditor *a, const struct copy *copy, enum audit_rule rule)
{
    struct finding *finding = &a->database->findings[rule];
    if (copy->both < ROWS_LEAST || copy->equal < copy->both || copy->nonzero < NONZERO_LEAST) {
        return;
    }
    finding->count = copy->equal;
    finding_fact(finding, "rows_not_zero", (int64_t)copy->nonzero);
    finding->es = arena_print(
        a->arena, "Coinciden las %llu filas en que ambas son números, %llu de ellas distintas de 0.",
        (unsigned long long)copy->equal, (unsigned long long)copy->nonzero);
    finding->en = arena_print(a->arena, "All %llu rows in which both are numbers agree, %llu of them not 0.",
                              (unsigned long long)copy->equal, (unsigned long long)copy->nonzero);
}

/* A row of before, read again: its cells are needed for an example. */
static void example_again(struct auditor *a, enum audit_rule rule, uint32_t first_row,
                          const struct seen_item *again)
{
    struct csv_reader reader;
    csv_reader_init(&reader, span_from(a->layout->body, again->line), a->layout->dialect.separator);
    if (csv_next_row(&reader, &a->row) == OK) {
        a->reader.row = again->row;
        example(a, rule, "como la fila %u", first_row);
    }
    csv_reader_done(&reader);
}

static void note_key(void *arg, uint32_t first_row, const struct seen_item *again, uint32_t times)
{
    (void)times;
    if (found(arg, RULE_REPEATED_KEY)) {
        example_again(arg, RULE_REPEATED_KEY, first_row, again);
    }
}

static void note_image(void *arg, uint32_t first_row, const struct seen_item *again, uint32_t times)
{
    struct auditor *a = arg;
    a->repeated_images += times == 2;
    a->largest_group = times > a->largest_group ? times : a->largest_group;
    if (found(a, RULE_IMAGE_REPEATED)) {
        example_again(a, RULE_IMAGE_REPEATED, first_row, again);
    }
}

static void say_images(struct auditor *a)
{
    struct finding *missing = &a->database->findings[RULE_IMAGE_MISSING];
    struct finding *repeated = &a->database->findings[RULE_IMAGE_REPEATED];
    if (missing->count > 0) {
        finding_fact(missing, "rows_without_image", (int64_t)a->without_image);
        missing->es = arena_print(a->arena, "En total %llu filas no traen código.",
                                  (unsigned long long)a->without_image);
        missing->en =
            arena_print(a->arena, "%llu rows have no digest in all.", (unsigned long long)a->without_image);
    }
    if (repeated->count > 0) {
        unsigned long long images = a->repeated_images;
        unsigned long long largest = a->largest_group;
        finding_fact(repeated, "images", (int64_t)images);
        finding_fact(repeated, "largest_group", (int64_t)largest);
        finding_fact(repeated, "actas_sharing", (int64_t)(repeated->count + images));
        repeated->es =
            arena_print(a->arena, "%llu imágenes se repiten; una sola está en %llu actas.", images, largest);
        repeated->en =
            arena_print(a->arena, "%llu images are repeated; one alone is in %llu actas.", images, largest);
    }
}

static void say_times(struct auditor *a)
{
    struct finding *early = &a->database->findings[RULE_CAPTURED_EARLY];
    if (early->count == 0) {
        return;
    }
    long long seconds = (long long)(-a->earliest_capture_ms / 1000);
    unsigned long long photos = a->from_casilla;
    finding_fact(early, "compared", (int64_t)a->both_times);
    finding_fact(early, "seconds_most", seconds);
    finding_fact(early, "minutes_most", (seconds + 30) / 60);
    finding_fact(early, "origin_casilla", (int64_t)photos);
    early->es = arena_print(
        a->arena,
        "Hasta %lld min antes. De ellas %llu son fotos de casilla, que pueden digitalizarse de nuevo.",
        (seconds + 30) / 60, photos);
    early->en = arena_print(a->arena,
                            "Up to %lld min before. %llu of them are photos from the table, which may be "
                            "taken again.",
                            (seconds + 30) / 60, photos);
}

static void say_special(struct auditor *a)
{
    struct database *db = a->database;
    struct finding *finding = &db->findings[RULE_SPECIAL_NOMINAL];
    if (finding->count == 0) {
        return;
    }
    uint64_t without = db->published.nominal_counted - db->nominal_special;
    uint64_t votes = db->published.votes - db->published.votes_special;
    struct buf share;
    buf_init(&share, 0);
    percent4_print(&share, votes, without);
    finding_fact(finding, "nominal_of_special", (int64_t)db->nominal_special);
    finding_fact(finding, "nominal_without", (int64_t)without);
    finding->es =
        arena_print(a->arena, "Sin ellas la lista nominal contabilizada es %llu y la participación %s.",
                    (unsigned long long)without, buf_cstr(&share));
    finding->en = arena_print(a->arena, "Without them the counted nominal list is %llu and turnout %s.",
                              (unsigned long long)without, buf_cstr(&share));
    buf_done(&share);
}

void patterns_check(struct auditor *a)
{
    check_constants(a);
    check_copy(a, &a->copies[0], RULE_COPIED_WRITTEN);
    check_copy(a, &a->copies[1], RULE_COPIED_REPS);
    seen_repeated(&a->keys, note_key, a);
    seen_repeated(&a->images, note_image, a);
    say_images(a);
    say_times(a);
    say_special(a);
    if (a->database->rows == 0) {
        a->database->findings[RULE_NO_ROWS].count = 1;
    }
}
