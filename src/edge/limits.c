/* The rows, and the four ways to print them. */
#include "edge/limits.h"

#include <stddef.h>
#include <string.h>

const struct limit_row limit_rows[] = {
#define ROW(member, name_, unit_, usual_, least_, most_, attack_, es_, en_)                                  \
    {.name = (name_),                                                                                        \
     .unit = (unit_),                                                                                        \
     .attack = (attack_),                                                                                    \
     .es = (es_),                                                                                            \
     .en = (en_),                                                                                            \
     .usual = (usual_),                                                                                      \
     .least = (least_),                                                                                      \
     .most = (most_),                                                                                        \
     .at = offsetof(struct limits, member)},
    EDGE_LIMITS(ROW)
#undef ROW
};
const size_t n_limit_rows = sizeof limit_rows / sizeof *limit_rows;
_Static_assert(sizeof limit_rows / sizeof *limit_rows <= LIMIT_ROWS_MAX, "options have room for every row");

void limits_usual(struct limits *limits)
{
    for (size_t i = 0; i < n_limit_rows; i++) {
        *limit_of(limits, &limit_rows[i]) = limit_rows[i].usual;
    }
}

static void print_text(const struct limit_row *row, int64_t value, struct buf *out)
{
    buf_printf(out, "%-16s %10lld %-4s", row->name, (long long)value, row->unit);
    if (row->least == row->most) {
        buf_printf(out, "  fijo/fixed               ");
    } else {
        buf_printf(out, "  %10lld…%-12lld  ", (long long)row->least, (long long)row->most);
    }
    buf_printf(out, "%-17s %s%s\n%76s%s\n", row->attack, row->es, value != row->usual ? " (*)" : "", "",
               row->en);
}

static void print_json(const struct limit_row *row, int64_t value, struct buf *out)
{
    buf_printf(out,
               "{\"name\":\"%s\",\"unit\":\"%s\",\"value\":%lld,\"usual\":%lld,\"least\":%lld,\"most\":%lld,"
               "\"attack\":\"%s\",\"es\":\"%s\",\"en\":\"%s\"}\n",
               row->name, row->unit, (long long)value, (long long)row->usual, (long long)row->least,
               (long long)row->most, row->attack, row->es, row->en);
}

static void print_man(const struct limit_row *row, int64_t value, struct buf *out)
{
    (void)value;
    const char *space = row->unit[0] != '\0' ? " " : "";
    if (row->least == row->most) {
        buf_printf(out, ".It %s\n%s: %lld%s%s, fixed.\n", row->name, row->en, (long long)row->usual, space,
                   row->unit);
    } else {
        buf_printf(out, ".It Fl -%s Ar N\n%s: %lld%s%s unless given, from %lld to %lld.\n", row->name,
                   row->en, (long long)row->usual, space, row->unit, (long long)row->least,
                   (long long)row->most);
    }
}

static void print_markdown(const struct limit_row *row, int64_t value, struct buf *out)
{
    (void)value;
    buf_printf(out, "| `%s` | %lld %s | ", row->name, (long long)row->usual, row->unit);
    if (row->least == row->most) {
        buf_str(out, "fixed");
    } else {
        buf_printf(out, "%lld–%lld", (long long)row->least, (long long)row->most);
    }
    buf_printf(out, " | %s | %s |\n", row->attack, row->en);
}

static const struct {
    const char *name;
    void (*print)(const struct limit_row *row, int64_t value, struct buf *out);
} forms[] = {{"text", print_text}, {"json", print_json}, {"man", print_man}, {"markdown", print_markdown}};

enum err limits_explain(const struct limits *limits, const char *form, struct buf *out)
{
    struct limits values = *limits;
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        if (strcmp(form, forms[f].name) == 0) {
            for (size_t i = 0; i < n_limit_rows; i++) {
                forms[f].print(&limit_rows[i], *limit_of(&values, &limit_rows[i]), out);
            }
            return OK;
        }
    }
    return ERR_RANGE;
}
