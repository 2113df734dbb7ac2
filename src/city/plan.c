#include "city/plan.h"

#include "base/date.h"
#include "base/num.h"

static const char *const scale_names[] = {[CITY_SMALL] = "small", [CITY_CDMX] = "cdmx"};

enum err plan_scale(struct span name, enum city_scale *out)
{
    for (int i = 0; i < 2; i++) {
        if (span_is(name, scale_names[i])) {
            *out = (enum city_scale)i;
            return OK;
        }
    }
    return ERR_SYNTAX;
}

static void print_moment(struct buf *out, const char *name, int64_t ms)
{
    char iso[DATE_ISO_LEN + 1];
    date_print_iso(iso, ms);
    buf_printf(out, "%s %s\n", name, iso);
}

void plan_print(const struct replay_plan *plan, struct buf *out)
{
    buf_str(out, "prep-replay/v1\n");
    buf_printf(out, "seed %llu\n", (unsigned long long)plan->city.seed);
    buf_printf(out, "scale %s\n", scale_names[plan->city.scale]);
    buf_printf(out, "images %u\n", plan->images_ppm);
    print_moment(out, "opening", plan->city.opening_ms);
    print_moment(out, "closing", plan->city.closing_ms);
    for (uint32_t i = 0; i < plan->n_inputs; i++) {
        buf_printf(out, "input %s\n", plan->inputs[i]);
    }
}

static enum err take_seed(struct replay_plan *plan, struct span value)
{
    return num_parse_u64(value, &plan->city.seed);
}

static enum err take_scale(struct replay_plan *plan, struct span value)
{
    return plan_scale(value, &plan->city.scale);
}

static enum err take_images(struct replay_plan *plan, struct span value)
{
    TRY(num_parse_u32(value, &plan->images_ppm));
    return plan->images_ppm <= 1000000 ? OK : ERR_RANGE;
}

static enum err take_opening(struct replay_plan *plan, struct span value)
{
    return date_parse_iso(value, &plan->city.opening_ms);
}

static enum err take_closing(struct replay_plan *plan, struct span value)
{
    TRY(date_parse_iso(value, &plan->city.closing_ms));
    return plan->city.closing_ms > plan->city.opening_ms ? OK : ERR_RANGE;
}

static const struct {
    const char *name;
    enum err (*take)(struct replay_plan *plan, struct span value);
} lines[] = {
    {"seed", take_seed},       {"scale", take_scale},     {"images", take_images},
    {"opening", take_opening}, {"closing", take_closing},
};

static enum err take_input(struct replay_plan *plan, struct span line, struct why *why)
{
    if (plan->n_inputs == PLAN_INPUTS || !span_starts(line, SPAN("input ")) || line.len == 6 ||
        !span_copy(span_from(line, 6), plan->inputs[plan->n_inputs], sizeof plan->inputs[0])) {
        return why_set(why, ERR_SYNTAX,
                       "replay.plan: after the closing hour only up to %d lines \"input PATH\"", PLAN_INPUTS);
    }
    plan->n_inputs++;
    return OK;
}

enum err plan_parse(struct span text, struct replay_plan *out, struct why *why)
{
    struct replay_plan plan = {0};
    struct span line;
    if (!span_line(&text, &line) || !span_is(line, "prep-replay/v1")) {
        return why_set(why, ERR_SYNTAX, "replay.plan line 1: not prep-replay/v1");
    }
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct span name = {0}, value = {0};
        if (span_line(&text, &line)) {
            value = line;
            name = span_cut(&value, ' ');
        }
        if (value.at == NULL || !span_is(name, lines[i].name) || lines[i].take(&plan, value) != OK) {
            return why_set(why, ERR_SYNTAX, "replay.plan line %zu: not a good \"%s\" line", i + 2,
                           lines[i].name);
        }
    }
    while (span_line(&text, &line)) {
        TRY(take_input(&plan, line, why));
    }
    *out = plan;
    return OK;
}
