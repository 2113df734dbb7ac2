/* columns.csv, shares.csv, candidacies.csv: what stands on the acta of each contest, and whose votes they
 * are. Rows stand together by contest, in the order of election.ini. */
#include "formats/election_def.h"

#include "base/codec.h"

enum { PARTS_MAX = COLUMNS_MAX };

/* The contest that a row speaks of: the one of the row before, or a later one. `*fresh` when it is its first
 * row. */
static enum err enter_contest(struct def *def, struct span id, bool *fresh)
{
    int contest = election_contest(def->election, id);
    if (contest < 0) {
        return def_fail(def, ERR_MISSING, "election.ini has no contest \"%.*s\"", DEF_ARG(id));
    }
    if (contest < def->contest) {
        return def_fail(def, ERR_CONFLICT,
                        "rows of %.*s must stand together, contests in the order of election.ini",
                        DEF_ARG(id));
    }
    *fresh = contest != def->contest;
    def->contest = contest;
    return OK;
}

static struct contest *contest_now(struct def *def)
{
    return &def->election->contests[def->contest];
}

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
            return def_fail(def, ERR_EXISTS, "\"%.*s\" stands twice in one list", DEF_ARG(code));
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

static bool is_joint(enum column_kind kind)
{
    return kind == COLUMN_COALITION || kind == COLUMN_COMMON;
}

static enum err finish_joint(struct def *def, struct column *column, struct span members)
{
    const struct contest *contest = contest_now(def);
    TRY(parse_columns(def, members, &column->members));
    if (__builtin_popcountll(column->members) < 2) {
        return def_fail(def, ERR_CONFLICT, "%.*s has fewer than two members", SPAN_ARG(column->code));
    }
    for (int i = 0; i < contest->n_columns; i++) {
        if (column->members >> i & 1 && contest->columns[i].kind != COLUMN_PARTY) {
            return def_fail(def, ERR_CONFLICT, "%.*s: its member %.*s is no party", SPAN_ARG(column->code),
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
    struct contest *contest = contest_now(def);
    unsigned kinds[6] = {0};
    for (int i = 0; i < contest->n_columns; i++) {
        struct column *column = &contest->columns[i];
        kinds[column->kind]++;
        if (is_joint(column->kind)) {
            TRY(finish_joint(def, column, def->members[i]));
        } else if (column->kind == COLUMN_PARTY) {
            column->members = UINT64_C(1) << i;
        }
    }
    if (kinds[COLUMN_NULL] > 1 || kinds[COLUMN_WRITE_IN] > 1) {
        return def_fail(def, ERR_EXISTS,
                        "contest %.*s has more than one column for null or not registered votes",
                        SPAN_ARG(contest->id));
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
        return def_fail(def, ERR_SYNTAX, "color \"%.*s\" is not written like #1a2b3c", DEF_ARG(text));
    }
    *out = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
    return OK;
}

static enum err enter_columns(struct def *def, struct span id)
{
    bool fresh = false;
    enum err err = OK;
    int before = def->contest;
    TRY(enter_contest(def, id, &fresh));
    if (fresh && before >= 0) {
        int now = def->contest;
        def->contest = before;
        err = finish_columns(def);
        def->contest = now;
    }
    if (fresh) {
        struct column *all = def->election->contests[0].columns;
        /* The first contest holds the start of the array that all share. */
        contest_now(def)->columns = all + def->n;
    }
    return err;
}

static enum err columns_row(struct def *def, const struct span *f)
{
    TRY(enter_columns(def, f[0]));
    struct contest *contest = contest_now(def);
    struct column column = {0};
    if (contest->n_columns == COLUMNS_MAX) {
        return def_fail(def, ERR_TOO_BIG, "more than %d columns in %.*s", COLUMNS_MAX, SPAN_ARG(contest->id));
    }
    TRY(def_code(def, "code", f[1], UPPER LOWER DIGITS "_", 60, &column.code));
    if (contest_column(contest, column.code) >= 0) {
        return def_fail(def, ERR_EXISTS, "column \"%.*s\" is there twice", DEF_ARG(column.code));
    }
    int kind = name_index(column_kind_names, 6, f[2]);
    if (kind < 0) {
        return def_fail(def, ERR_SYNTAX, "no kind \"%.*s\"; the nearest is \"%s\"", DEF_ARG(f[2]),
                        name_nearest(column_kind_names, 6, f[2]));
    }
    column.kind = (enum column_kind)kind;
    if (is_joint(column.kind) != (f[3].len > 0)) {
        return def_fail(def, ERR_CONFLICT,
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
            return def_fail(def, ERR_MISSING, "contest %.*s has no columns", SPAN_ARG(contest->id));
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

/* shares.csv */

static enum err shares_start(struct def *def, uint32_t rows)
{
    void *rules = NULL;
    TRY(def_array(def, rows, sizeof(struct share_rule), &rules));
    def->election->contests[0].rules = rules;
    return OK;
}

/* "53.33" as 5333: at most two decimals. */
static enum err parse_hundredths(struct def *def, struct span text, uint16_t *out)
{
    struct span rest = text;
    struct span whole = span_cut(&rest, '.');
    uint32_t units = 0;
    uint32_t hundredths = 0;
    TRY(def_number(def, "shares", whole, 100, &units));
    if (rest.at != NULL) {
        if (rest.len < 1 || rest.len > 2) {
            return def_fail(def, ERR_SYNTAX, "\"%.*s\" is no percentage with one or two decimals",
                            DEF_ARG(text));
        }
        for (size_t i = 0; i < 2; i++) {
            unsigned digit = i < rest.len ? (unsigned)(unsigned char)rest.at[i] - '0' : 0;
            if (digit > 9) {
                return def_fail(def, ERR_SYNTAX, "\"%.*s\" is no percentage", DEF_ARG(text));
            }
            hundredths = hundredths * 10 + digit;
        }
    }
    *out = (uint16_t)(units * 100 + hundredths);
    return OK;
}

/* "MORENA=53.33+PVEM=26.67+PT=20": every member once, 100 % together. */
static enum err parse_shares(struct def *def, struct span text, const struct column *column,
                             struct share_rule *rule)
{
    uint64_t named = 0;
    unsigned sum = 0;
    struct span rest = text;
    while (rest.at != NULL) {
        struct span part = span_cut(&rest, '+');
        struct span code = span_cut(&part, '=');
        uint8_t party = 0;
        TRY(def_column(def, code, &party));
        if (!(column->members >> party & 1) || named >> party & 1) {
            return def_fail(def, ERR_CONFLICT, "\"%.*s\" is no member of %.*s or is named twice",
                            DEF_ARG(code), SPAN_ARG(column->code));
        }
        named |= UINT64_C(1) << party;
        TRY(parse_hundredths(def, part.at == NULL ? SPAN("") : part, &rule->hundredths[party]));
        sum += rule->hundredths[party];
    }
    if (named != column->members) {
        return def_fail(def, ERR_MISSING, "not every member of %.*s has a share", SPAN_ARG(column->code));
    }
    if (sum != 10000) {
        return def_fail(def, ERR_CONFLICT, "the shares of %.*s make %u.%02u %% and not 100",
                        SPAN_ARG(column->code), sum / 100, sum % 100);
    }
    return OK;
}

static enum err parse_percent(struct def *def, const struct span *f, const struct column *column,
                              struct share_rule *rule)
{
    TRY(parse_shares(def, f[4], column, rule));
    TRY(def_column(def, f[5], &rule->remainder));
    if (!(column->members >> rule->remainder & 1)) {
        return def_fail(def, ERR_CONFLICT, "remainder \"%.*s\" is no member of %.*s", DEF_ARG(f[5]),
                        SPAN_ARG(column->code));
    }
    return OK;
}

static enum err check_rule_once(struct def *def, const struct contest *contest, const struct share_rule *rule)
{
    for (uint32_t i = 0; i < contest->n_rules; i++) {
        if (contest->rules[i].column == rule->column && contest->rules[i].area == rule->area) {
            return def_fail(def, ERR_EXISTS, "column and area have a rule already");
        }
    }
    return OK;
}

static enum err shares_row(struct def *def, const struct span *f)
{
    struct share_rule *all = def->election->contests[0].rules;
    bool fresh = false;
    TRY(enter_contest(def, f[0], &fresh));
    struct contest *contest = contest_now(def);
    if (fresh) {
        contest->rules = all + def->n;
    }
    struct share_rule rule = {0};
    TRY(def_area(def, f[1], contest->share_kind, &rule.area));
    TRY(def_column(def, f[2], &rule.column));
    const struct column *column = &contest->columns[rule.column];
    if (!is_joint(column->kind)) {
        return def_fail(def, ERR_CONFLICT, "%.*s is one's own column: there is nothing to share",
                        SPAN_ARG(column->code));
    }
    int kind = name_index(share_kind_names, 3, f[3]);
    if (kind < 0) {
        return def_fail(def, ERR_SYNTAX, "no rule \"%.*s\"; the nearest is \"%s\"", DEF_ARG(f[3]),
                        name_nearest(share_kind_names, 3, f[3]));
    }
    rule.kind = (uint8_t)kind;
    if (rule.kind == SHARE_PERCENT) {
        TRY(parse_percent(def, f, column, &rule));
    } else if (f[4].len > 0 || f[5].len > 0) {
        return def_fail(def, ERR_CONFLICT, "shares and remainder go with the rule \"percent\" alone");
    }
    TRY(check_rule_once(def, contest, &rule));
    contest->rules[contest->n_rules++] = rule;
    def->n++;
    return OK;
}

const struct def_table def_shares = {.columns = {"contest", "area", "column", "rule", "shares", "remainder"},
                                     .n_columns = 6,
                                     .rows_max = 20000,
                                     .start = shares_start,
                                     .row = shares_row};

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
    const struct contest *contest = contest_now(def);
    uint64_t all = contest_columns_in(contest, AREA_NONE);
    for (int i = 0; i < contest->n_columns; i++) {
        if (!(all >> i & 1)) {
            return def_fail(def, ERR_MISSING, "column %.*s of contest %.*s belongs to no candidacy",
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
    TRY(enter_contest(def, id, &fresh));
    if (!fresh) {
        return OK;
    }
    int now = def->contest;
    def->contest = before;
    TRY(finish_candidacies(def));
    def->contest = now;
    contest_now(def)->candidacies = all + def->n;
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
        return def_fail(def, ERR_EXISTS, "column %.*s belongs to two candidacies of one area",
                        SPAN_ARG(contest_now(def)->columns[column].code));
    }
    def->used[place] |= candidacy->columns;
    return OK;
}

static enum err candidacies_row(struct def *def, const struct span *f)
{
    TRY(enter_candidacies(def, f[0]));
    struct contest *contest = contest_now(def);
    struct candidacy candidacy = {0};
    TRY(def_area(def, f[1], contest->area_kind, &candidacy.area));
    TRY(parse_columns(def, f[2], &candidacy.columns));
    for (int i = 0; i < contest->n_columns; i++) {
        enum column_kind kind = contest->columns[i].kind;
        if (candidacy.columns >> i & 1 && (kind == COLUMN_NULL || kind == COLUMN_WRITE_IN)) {
            return def_fail(def, ERR_CONFLICT, "%.*s is no candidacy's column",
                            SPAN_ARG(contest->columns[i].code));
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
            return def_fail(def, ERR_MISSING, "contest %.*s has no candidacies", SPAN_ARG(contest->id));
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
