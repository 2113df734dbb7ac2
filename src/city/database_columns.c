/* The contest of a database: vote columns are the names that nobody knows, those of write-ins and null votes; a name
 * made of other columns' names joined by '_' is a combination, and combinations tie their parties into alliances. */
#include "city/database_parts.h"

#include "prepdb/names.h"

#include <assert.h>

static const uint32_t colors[] = {0x1f5fa8, 0xc8442f, 0x2a9d8f, 0x3c8d2f,
                                  0xe07b18, 0x7a1f3d, 0x5b5f97, 0xb8960c};

static bool starts(struct span code, const char *prefix)
{
    return span_starts(code, span_str(prefix));
}

static bool is_independent(struct span code)
{
    return starts(code, "CAND_IND") || starts(code, "CSP") || starts(code, "CI_") || span_is(code, "CI") ||
           starts(code, "INDEPENDIENTE");
}

/* The name as a column's code: what the definition does not allow in one becomes '_'. */
static struct span code_of(struct arena *arena, const struct name *name)
{
    char code[NAME_MAX_LEN + 1];
    size_t len = 0;
    for (const char *at = name->text; *at != '\0' && len < 60; at++) {
        bool plain = (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
        code[len++] = plain ? *at : '_';
    }
    return arena_copy(arena, span_of(code, len));
}

/* The bits of the columns that a name's parts name; 0 when one of them names none. */
static uint64_t members_of(const struct contest *contest, struct span code)
{
    uint64_t members = 0;
    while (code.len > 0) {
        struct span part = span_cut(&code, '_');
        int column = contest_column(contest, part);
        if (column < 0) {
            return 0;
        }
        members |= UINT64_C(1) << column;
    }
    return members;
}

static void find_kinds(struct contest *contest)
{
    for (unsigned i = 0; i < contest->n_columns; i++) {
        struct column *column = &contest->columns[i];
        uint64_t members = members_of(contest, column->code);
        if (column->kind != COLUMN_PARTY) {
            continue;
        }
        if ((members & (members - 1)) != 0) {
            column->kind = COLUMN_COALITION;
            column->members = members;
        } else if (is_independent(column->code)) {
            column->kind = COLUMN_INDEPENDENT;
            column->members = 0;
        }
    }
}

/* Adds what combinations tie to `parties`, until nothing is added. */
static uint64_t alliance_of(const struct contest *contest, uint64_t parties)
{
    for (uint64_t before = 0; before != parties;) {
        before = parties;
        for (unsigned i = 0; i < contest->n_columns; i++) {
            uint64_t members = contest->columns[i].members;
            parties |= contest->columns[i].kind == COLUMN_COALITION && (members & parties) ? members : 0;
        }
    }
    return parties;
}

static void add_candidacy(struct election *out, struct contest *contest, uint64_t parties, uint64_t columns)
{
    struct buf name = {0}, list = {0};
    buf_str(&name, "CANDIDATURA");
    for (unsigned i = 0; i < contest->n_columns; i++) {
        if (parties >> i & 1) {
            buf_char(&name, ' ');
            buf_span(&name, contest->columns[i].code);
            buf_str(&list, list.len > 0 ? ", " : "");
            buf_span(&list, contest->columns[i].code);
        }
    }
    contest->candidacies[contest->n_candidacies++] =
        (struct candidacy){.area = AREA_NONE,
                           .columns = columns,
                           .name = arena_copy(&out->arena, buf_as_span(&name)),
                           .substitute = SPAN(""),
                           .parties = arena_copy(&out->arena, buf_as_span(&list))};
    buf_done(&name);
    buf_done(&list);
}

static void find_candidacies(struct election *out, struct contest *contest)
{
    uint64_t taken = 0;
    contest->candidacies = arena_array(&out->arena, COLUMNS_MAX, sizeof *contest->candidacies);
    for (unsigned i = 0; i < contest->n_columns; i++) {
        const struct column *column = &contest->columns[i];
        bool runs = column->kind == COLUMN_PARTY || column->kind == COLUMN_INDEPENDENT;
        if (!runs || (taken >> i & 1)) {
            continue;
        }
        uint64_t parties = alliance_of(contest, UINT64_C(1) << i), columns = parties;
        for (unsigned j = 0; j < contest->n_columns; j++) {
            bool joint = contest->columns[j].kind == COLUMN_COALITION;
            columns |= joint && (contest->columns[j].members & parties) ? UINT64_C(1) << j : 0;
        }
        add_candidacy(out, contest, parties, columns);
        taken |= columns;
    }
}

static enum err add_column(struct reading *reading, size_t at, const struct name *name, enum field field)
{
    struct contest *contest = reading->contest;
    struct span code = field == F_WRITE_IN ? SPAN("NO_REGISTRADAS")
                       : field == F_NULLS  ? SPAN("NULOS")
                                           : code_of(&reading->election->arena, name);
    if (contest->n_columns == COLUMNS_MAX) {
        return why_set(reading->why, ERR_TOO_BIG, "the database has more than %d columns of votes",
                       COLUMNS_MAX);
    }
    if (contest_column(contest, code) >= 0) {
        return why_set(reading->why, ERR_EXISTS, "the database has two columns %.*s", SPAN_ARG(code));
    }
    unsigned i = contest->n_columns++;
    contest->columns[i] = (struct column){.code = code,
                                          .name = code,
                                          .kind = field == F_WRITE_IN ? COLUMN_WRITE_IN
                                                  : field == F_NULLS  ? COLUMN_NULL
                                                                      : COLUMN_PARTY,
                                          .members = field == F_UNKNOWN ? UINT64_C(1) << i : 0,
                                          .color = colors[i % (sizeof colors / sizeof colors[0])]};
    reading->vote_at[i] = (uint16_t)at;
    return OK;
}

enum err reading_columns(struct reading *reading, const struct span *names, size_t n)
{
    struct election *out = reading->election;
    struct contest *contest = reading->contest;
    contest->columns = arena_array(&out->arena, COLUMNS_MAX, sizeof *contest->columns);
    assert(contest->columns != NULL);
    memset(reading->at, -1, sizeof reading->at);
    while (n > 0 && cell_trim(names[n - 1]).len == 0) {
        n--;
    }
    n = n > CSV_COLUMNS_MAX ? CSV_COLUMNS_MAX : n;
    for (size_t i = 0; i < n; i++) {
        struct name name = name_of(names[i]);
        enum field field = field_of(&name);
        if (field < FIELDS) {
            reading->at[field] = reading->at[field] < 0 ? (int16_t)i : reading->at[field];
        } else if (field != F_OTHER) {
            TRY(add_column(reading, i, &name, field));
        }
    }
    reading->n_cells = n;
    find_kinds(contest);
    find_candidacies(out, contest);
    return contest->n_candidacies > 0
               ? OK
               : why_set(reading->why, ERR_MISSING, "the database has no column of a party or candidacy");
}
