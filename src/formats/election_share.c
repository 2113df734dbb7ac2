/* shares.csv: how the votes of a joint column are shared among its members. */
#include "formats/election_def.h"

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
            return def_fail(def, ERR_SYNTAX, "\"%.*s\" no es un porcentaje con uno o dos decimales",
                            "\"%.*s\" is no percentage with one or two decimals", DEF_ARG(text));
        }
        for (size_t i = 0; i < 2; i++) {
            unsigned digit = i < rest.len ? (unsigned)(unsigned char)rest.at[i] - '0' : 0;
            if (digit > 9) {
                return def_fail(def, ERR_SYNTAX, "\"%.*s\" no es un porcentaje", "\"%.*s\" is no percentage",
                                DEF_ARG(text));
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
            return def_fail(def, ERR_CONFLICT, "\"%.*s\" no es miembro de %.*s o se nombra dos veces",
                            "\"%.*s\" is no member of %.*s or is named twice", DEF_ARG(code),
                            SPAN_ARG(column->code));
        }
        named |= UINT64_C(1) << party;
        TRY(parse_hundredths(def, part.at == NULL ? SPAN("") : part, &rule->hundredths[party]));
        sum += rule->hundredths[party];
    }
    if (named != column->members) {
        return def_fail(def, ERR_MISSING, "no todos los miembros de %.*s tienen parte",
                        "not every member of %.*s has a share", SPAN_ARG(column->code));
    }
    if (sum != 10000) {
        return def_fail(def, ERR_CONFLICT, "las partes de %.*s suman %u.%02u %% y no 100",
                        "the shares of %.*s make %u.%02u %% and not 100", SPAN_ARG(column->code), sum / 100,
                        sum % 100);
    }
    return OK;
}

static enum err parse_percent(struct def *def, const struct span *f, const struct column *column,
                              struct share_rule *rule)
{
    TRY(parse_shares(def, f[4], column, rule));
    TRY(def_column(def, f[5], &rule->remainder));
    if (!(column->members >> rule->remainder & 1)) {
        return def_fail(def, ERR_CONFLICT, "el resto \"%.*s\" no es miembro de %.*s",
                        "remainder \"%.*s\" is no member of %.*s", DEF_ARG(f[5]), SPAN_ARG(column->code));
    }
    return OK;
}

static enum err check_rule_once(struct def *def, const struct contest *contest, const struct share_rule *rule)
{
    for (uint32_t i = 0; i < contest->n_rules; i++) {
        if (contest->rules[i].column == rule->column && contest->rules[i].area == rule->area) {
            return def_fail(def, ERR_EXISTS, "la columna y el área ya tienen regla",
                            "column and area have a rule already");
        }
    }
    return OK;
}

static enum err shares_row(struct def *def, const struct span *f)
{
    struct share_rule *all = def->election->contests[0].rules;
    bool fresh = false;
    TRY(def_enter_contest(def, f[0], &fresh));
    struct contest *contest = def_contest(def);
    if (fresh) {
        contest->rules = all + def->n;
    }
    struct share_rule rule = {0};
    TRY(def_area(def, f[1], contest->share_kind, &rule.area));
    TRY(def_column(def, f[2], &rule.column));
    const struct column *column = &contest->columns[rule.column];
    if (!def_is_joint(column->kind)) {
        return def_fail(def, ERR_CONFLICT, "%.*s es columna de uno solo: no hay qué repartir",
                        "%.*s is one's own column: there is nothing to share", SPAN_ARG(column->code));
    }
    int kind = name_index(share_kind_names, 3, f[3]);
    if (kind < 0) {
        return def_fail(def, ERR_SYNTAX, "no hay regla \"%.*s\"; la más parecida es \"%s\"",
                        "no rule \"%.*s\"; the nearest is \"%s\"", DEF_ARG(f[3]),
                        name_nearest(share_kind_names, 3, f[3]));
    }
    rule.kind = (uint8_t)kind;
    if (rule.kind == SHARE_PERCENT) {
        TRY(parse_percent(def, f, column, &rule));
    } else if (f[4].len > 0 || f[5].len > 0) {
        return def_fail(def, ERR_CONFLICT, "partes y resto van sólo con la regla \"percent\"",
                        "shares and remainder go with the rule \"percent\" alone");
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
