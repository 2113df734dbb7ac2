/* Figures of an area as its data file states them. */
#include "formats/area_json.h"

#include "doors/json_node.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const names[AREA_FIGURES] = {"expected",
                                                "registered",
                                                "out_of_catalogue",
                                                "captured",
                                                "counted",
                                                "not_counted",
                                                "in_review",
                                                "inconsistent",
                                                "nominal_counted",
                                                "votes",
                                                "votes_without_special"};

static void figures_of(const struct count *count, uint64_t out[AREA_FIGURES])
{
    const uint64_t figures[AREA_FIGURES] = {count->expected,
                                            count_registered(count),
                                            count->out_of_catalogue,
                                            count->captured,
                                            count->counted,
                                            count->not_counted,
                                            count->in_review,
                                            count->inconsistent,
                                            count->nominal_counted,
                                            count->votes,
                                            count->votes - count->votes_special};
    memcpy(out, figures, sizeof figures);
}

static enum err take_area(const struct json_node *root, const struct election *election,
                          struct area_json *out, struct why *why)
{
    static const char *const kinds[] = {
        [AREA_ENTITY] = "entity", [AREA_DISTRICT] = "district", [AREA_BOROUGH] = "borough"};
    struct span kind = json_node_text(json_node_at(root, "area.kind"));
    int contest = election_contest(election, json_node_text(json_node_get(root, "contest")));
    uint64_t id = 0;
    uint16_t area = AREA_NONE;
    for (int k = AREA_ENTITY; k <= AREA_BOROUGH; k++) {
        if (span_is(kind, kinds[k]) && json_node_u64(json_node_at(root, "area.id"), &id) &&
            id <= UINT16_MAX) {
            area = k == AREA_ENTITY ? 0 : election_area(election, (enum area_kind)k, (uint16_t)id);
        }
    }
    if (contest < 0 || area == AREA_NONE) {
        return why_set(why, ERR_CONFLICT, "it is of a contest or area that does not exist");
    }
    out->contest = (uint8_t)contest;
    out->area = area;
    return OK;
}

static void take_columns(const struct json_node *root, const struct contest *contest, struct area_json *out)
{
    const struct json_node *columns = json_node_get(root, "columns");
    for (size_t i = 0; i < json_node_size(columns); i++) {
        const struct json_node *row = json_node_nth(columns, i, NULL);
        int column = contest_column(contest, json_node_text(json_node_get(row, "code")));
        uint64_t votes;
        if (column >= 0 && json_node_u64(json_node_get(row, "votes"), &votes)) {
            out->votes[column] = votes;
        }
    }
}

static enum err take(const struct json_node *root, const struct election *election, struct area_json *out,
                     struct why *why)
{
    out->of_area = json_node_get(root, "area") != NULL;
    if (!out->of_area) {
        return OK;
    }
    TRY(take_area(root, election, out, why));
    for (int i = 0; i < AREA_FIGURES; i++) {
        char path[64];
        snprintf(path, sizeof path, "figures.%s", names[i]);
        if (!json_node_u64(json_node_at(root, path), &out->figures[i])) {
            return why_set(why, ERR_SYNTAX, "the figure \"%s\" is not there", names[i]);
        }
    }
    for (int i = 0; i < COLUMNS_MAX; i++) {
        out->votes[i] = UINT64_MAX;
    }
    take_columns(root, &election->contests[out->contest], out);
    return OK;
}

enum err area_json_parse(struct span bytes, const struct election *election, struct area_json *out,
                         struct why *why)
{
    struct json_node *root;
    struct area_json data = {0};
    TRY(json_node_parse(bytes, &root, why));
    enum err err = take(root, election, &data, why);
    json_node_free(root);
    if (err == OK) {
        *out = data;
    }
    return err;
}

enum err area_json_compare(const struct area_json *data, const struct election *election,
                           const struct count *count, struct why *why)
{
    const struct contest *contest = &election->contests[data->contest];
    uint64_t figures[AREA_FIGURES];
    figures_of(count, figures);
    for (int i = 0; i < AREA_FIGURES; i++) {
        if (data->figures[i] != figures[i]) {
            return why_set(why, ERR_CONFLICT, "%s says %" PRIu64 " and its rows add up to %" PRIu64, names[i],
                           data->figures[i], figures[i]);
        }
    }
    for (int i = 0; i < contest->n_columns; i++) {
        if (data->votes[i] != UINT64_MAX && data->votes[i] != count->columns[i]) {
            return why_set(why, ERR_CONFLICT, "%.*s says %" PRIu64 " votes and its rows add up to %" PRIu64,
                           SPAN_ARG(contest->columns[i].code), data->votes[i], count->columns[i]);
        }
    }
    return OK;
}
