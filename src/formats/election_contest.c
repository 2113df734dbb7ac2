/* columns.csv, candidacies.csv (shares.csv: election_share.c): what stands on the acta of each contest, and whose votes they
 * are. Rows stand together by contest, in the order of election.ini. */
#include "formats/election_def.h"

#include "base/codec.h"

/* "PAN+PRI" as bits of the contest's columns. */
static enum err parse_columns(struct def *def, struct span text, uint64_t *out)
{
    uint64_t bits = 0;
    struct span rest = text;
    while (rest.at != NULL) {
        struct span code = span_cut(&rest, '+');
        uint8_t column = 0;
        TRY(def_column(def, code, &column));
        if (bits >> column & 1) {
            return def_fail(def, ERR_EXISTS, "\"%.*s\" está dos veces en una lista",
                            "\"%.*s\" stands twice in one list", DEF_ARG(code));
        }
        bits |= UINT64_C(1) << column;
    }
    *out = bits;
    return OK;
}

/* columns.csv */

static enum err columns_start(struct def *def, uint32_t rows)
{
    void *columns = NULL;
    void *members = NULL;
    TRY(def_array(def, rows, sizeof(struct column), &columns));
    TRY(def_array(def, COLUMNS_MAX, sizeof(struct span), &members));
    def->election->contests[0].columns = columns;
    def->members = members;
    return OK;
}

static enum err finish_joint(struct def *def, struct column *column, struct span members)
{
    const struct contest *contest = def_contest(def);
    TRY(parse_columns(def, members, &column->members));
    if (__builtin_popcountll(column->members) < 2) {
        return def_fail(def, ERR_CONFLICT, "%.*s tiene menos de dos miembros",
                        "%.*s has fewer than two members", SPAN_ARG(column->code));
    }
    for (int i = 0; i < contest->n_columns; i++) {
        if (column->members >> i & 1 && contest->columns[i].kind != COLUMN_PARTY) {
            return def_fail(def, ERR_CONFLICT, "%.*s: su miembro %.*s no es un partido",
                            "%.*s: its member %.*s is no party", SPAN_ARG(column->code),
                            SPAN_ARG(contest->columns[i].code));
        }
    }
    return OK;
}

/* Once all columns of a contest are known, members can be named whatever their order on the acta. */
static enum err finish_columns(struct def *def)
{
    if (def->contest < 0) {
        return OK;
    }
    struct contest *contest = def_contest(def);
    unsigned kinds[6] = {0};
    for (int i = 0; i < contest->n_columns; i++) {
        struct column *column = &contest->columns[i];
        kinds[column->kind]++;
        if (def_is_joint(column->kind)) {
            TRY(finish_joint(def, column, def->members[i]));
        } else if (column->kind == COLUMN_PARTY) {
            column->members = UINT64_C(1) << i;
        }
    }
    if (kinds[COLUMN_NULL] > 1 || kinds[COLUMN_WRITE_IN] > 1) {
        return def_fail(
            def, ERR_EXISTS, "la elección %.*s tiene más de una columna de votos nulos o no registrados",
            "contest %.*s has more than one column for null or not registered votes", SPAN_ARG(contest->id));
    }
    return OK;
}

static enum err parse_color(struct def *def, struct span text, uint32_t *out)
{
    uint8_t rgb[3];
    bool lower = true;
    for (size_t i = 0; i < text.len; i++) {
        lower &= text.at[i] < 'A' || text.at[i] > 'F';
    }
    if (text.len != 7 || text.at[0] != '#' || !lower || hex_parse(span_from(text, 1), rgb, 3) != OK) {
        return def_fail(def, ERR_SYNTAX, "el color \"%.*s\" no se escribe como #1a2b3c",
                        "color \"%.*s\" is not written like #1a2b3c", DEF_ARG(text));
    }
    *out = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
    return OK;
}

static enum err enter_columns(struct def *def, struct span id)
{
    bool fresh = false;
    enum err err = OK;
    int before = def->contest;
    TRY(def_enter_contest(def, id, &fresh));
    if (fresh && before >= 0) {
        int now = def->contest;
        def->contest = before;
        err = finish_columns(def);
        def->contest = now;
    }
    if (fresh) {
        struct column *all = def->election->contests[0].columns;
        /* The first contest holds the start of the array that all share. */
        def_contest(def)->columns = all + def->n;
    }
    return err;
}

static enum err columns_row(struct def *def, const struct span *f)
{
    TRY(enter_columns(def, f[0]));
    struct contest *contest = def_contest(def);
    struct column column = {0};
    if (contest->n_columns == COLUMNS_MAX) {
        return def_fail(def, ERR_TOO_BIG, "más de %d columnas en %.*s", "more than %d columns in %.*s",
                        COLUMNS_MAX, SPAN_ARG(contest->id));
    }
    TRY(def_code(def, "code", f[1], UPPER LOWER DIGITS "_", 60, &column.code));
    if (contest_column(contest, column.code) >= 0) {
        return def_fail(def, ERR_EXISTS, "la columna \"%.*s\" está dos veces",
                        "column \"%.*s\" is there twice", DEF_ARG(column.code));
    }
    int kind = name_index(column_kind_names, 6, f[2]);
    if (kind < 0) {
        return def_fail(def, ERR_SYNTAX, "no hay clase \"%.*s\"; la más parecida es \"%s\"",
                        "no kind \"%.*s\"; the nearest is \"%s\"", DEF_ARG(f[2]),
                        name_nearest(column_kind_names, 6, f[2]));
    }
    column.kind = (enum column_kind)kind;
    if (def_is_joint(column.kind) != (f[3].len > 0)) {
        return def_fail(def, ERR_CONFLICT,
                        "nombran miembros las columnas de coalición y de candidatura común, y ninguna otra",
                        "members are named by coalition and common columns, and by no other");
    }
    TRY(def_text(def, "name", f[4], false, &column.name));
    TRY(parse_color(def, f[5], &column.color));
    TRY(def_text(def, "members", f[3], true, &def->members[contest->n_columns]));
    contest->columns[contest->n_columns++] = column;
    def->n++;
    return OK;
}

static enum err columns_end(struct def *def)
{
    TRY(finish_columns(def));
    for (uint32_t i = 0; i < def->election->n_contests; i++) {
        const struct contest *contest = &def->election->contests[i];
        if (contest->n_columns == 0) {
            return def_fail(def, ERR_MISSING, "la elección %.*s no tiene columnas",
                            "contest %.*s has no columns", SPAN_ARG(contest->id));
        }
    }
    return OK;
}

const struct def_table def_columns = {.columns = {"contest", "code", "kind", "members", "name", "color"},
                                      .n_columns = 6,
                                      .rows_max = COLUMNS_MAX * CONTESTS_MAX + 1,
                                      .start = columns_start,
                                      .row = columns_row,
                                      .end = columns_end};

/* candidacies.csv */

static enum err candidacies_start(struct def *def, uint32_t rows)
{
    void *candidacies = NULL;
    void *used = NULL;
    TRY(def_array(def, rows, sizeof(struct candidacy), &candidacies));
    TRY(def_array(def, (size_t)def->election->n_areas + 1, sizeof(uint64_t), &used));
    def->election->contests[0].candidacies = candidacies;
    def->used = used;
    return OK;
}

/* Every column but write-ins and nulls is somebody's, or votes could never be written there. */
static enum err finish_candidacies(struct def *def)
{
    if (def->contest < 0) {
        return OK;
    }
    const struct contest *contest = def_contest(def);
    uint64_t all = contest_columns_in(contest, AREA_NONE);
    for (int i = 0; i < contest->n_columns; i++) {
        if (!(all >> i & 1)) {
            return def_fail(def, ERR_MISSING,
                            "la columna %.*s de la elección %.*s no es de ninguna candidatura",
                            "column %.*s of contest %.*s belongs to no candidacy",
                            SPAN_ARG(contest->columns[i].code), SPAN_ARG(contest->id));
        }
    }
    return OK;
}

static enum err enter_candidacies(struct def *def, struct span id)
{
    struct candidacy *all = def->election->contests[0].candidacies;
    int before = def->contest;
    bool fresh = false;
    TRY(def_enter_contest(def, id, &fresh));
    if (!fresh) {
        return OK;
    }
    int now = def->contest;
    def->contest = before;
    TRY(finish_candidacies(def));
    def->contest = now;
    def_contest(def)->candidacies = all + def->n;
    memset(def->used, 0, ((size_t)def->election->n_areas + 1) * sizeof def->used[0]);
    return OK;
}

/* In one area a column's votes are one candidacy's. The place behind the areas stands for "everywhere". */
static enum err use_columns(struct def *def, const struct candidacy *candidacy)
{
    uint32_t n_areas = def->election->n_areas;
    uint32_t place = candidacy->area == AREA_NONE ? n_areas : candidacy->area;
    uint64_t taken = def->used[place] | def->used[n_areas];
    for (uint32_t i = 0; place == n_areas && i < n_areas; i++) {
        taken |= def->used[i];
    }
    if (taken & candidacy->columns) {
        int column = __builtin_ctzll(taken & candidacy->columns);
        return def_fail(def, ERR_EXISTS, "la columna %.*s es de dos candidaturas de un área",
                        "column %.*s belongs to two candidacies of one area",
                        SPAN_ARG(def_contest(def)->columns[column].code));
    }
    def->used[place] |= candidacy->columns;
    return OK;
}

static enum err candidacies_row(struct def *def, const struct span *f)
{
    TRY(enter_candidacies(def, f[0]));
    struct contest *contest = def_contest(def);
    struct candidacy candidacy = {0};
    TRY(def_area(def, f[1], contest->area_kind, &candidacy.area));
    TRY(parse_columns(def, f[2], &candidacy.columns));
    for (int i = 0; i < contest->n_columns; i++) {
        enum column_kind kind = contest->columns[i].kind;
        if (candidacy.columns >> i & 1 && (kind == COLUMN_NULL || kind == COLUMN_WRITE_IN)) {
            return def_fail(def, ERR_CONFLICT, "%.*s no es columna de una candidatura",
                            "%.*s is no candidacy's column", SPAN_ARG(contest->columns[i].code));
        }
    }
    TRY(use_columns(def, &candidacy));
    TRY(def_text(def, "name", f[3], false, &candidacy.name));
    TRY(def_text(def, "substitute", f[4], true, &candidacy.substitute));
    TRY(def_text(def, "parties", f[5], true, &candidacy.parties));
    contest->candidacies[contest->n_candidacies++] = candidacy;
    def->n++;
    return OK;
}

static enum err candidacies_end(struct def *def)
{
    TRY(finish_candidacies(def));
    for (uint32_t i = 0; i < def->election->n_contests; i++) {
        const struct contest *contest = &def->election->contests[i];
        if (contest->n_candidacies == 0) {
            return def_fail(def, ERR_MISSING, "la elección %.*s no tiene candidaturas",
                            "contest %.*s has no candidacies", SPAN_ARG(contest->id));
        }
    }
    return OK;
}

const struct def_table def_candidacies = {
    .columns = {"contest", "area", "columns", "name", "substitute", "parties"},
    .n_columns = 6,
    .rows_max = 100000,
    .start = candidacies_start,
    .row = candidacies_row,
    .end = candidacies_end};
