/* The leaves of the state and totals roots, byte for byte as docs/formats/roots.md says. */
#include "render/page.h"
#include "render/roots_own.h"

#include "base/codec.h"

void state_leaf_print(const struct fold *fold, uint32_t acta, struct buf *out)
{
    uint32_t n_actas = fold->election->n_actas;
    const struct outside *outside = acta < n_actas ? NULL : &fold->outsides[acta - n_actas];
    const struct record *record = outside == NULL ? fold->records[acta] : &outside->record;
    char hex[65] = "-";
    if (record->entry != ENTRY_NONE) {
        hex_print(hex, record->leaf.bytes, sizeof record->leaf.bytes);
    }
    buf_str(out, "prep-state/v1\n");
    buf_str(out, outside == NULL ? fold->election->actas[acta].key : outside->key);
    buf_char(out, '\n');
    buf_u64(out, record->version);
    buf_char(out, '\n');
    buf_str(out, hex);
    buf_char(out, '\n');
}

static void put_numbers(struct buf *out, const char *name, const uint64_t *numbers, uint32_t n)
{
    buf_str(out, name);
    for (uint32_t i = 0; i < n; i++) {
        buf_char(out, ' ');
        buf_u64(out, numbers[i]);
    }
    buf_char(out, '\n');
}

static void put_counts(struct buf *out, const struct count *count)
{
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"expected ", count->expected},
        {"captured ", count->captured},
        {"counted ", count->counted},
        {"not-counted ", count->not_counted},
        {"out-of-catalogue ", count->out_of_catalogue},
        {"inconsistent ", count->inconsistent},
        {"no-acta ", count->no_acta},
        {"in-review ", count->in_review},
        {"urban-counted ", count->urban_counted},
        {"not-urban-counted ", count->rural_counted},
        {"nominal-counted ", count->nominal_counted},
        {"votes ", count->votes},
        {"votes-special ", count->votes_special},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        buf_str(out, rows[i].name);
        buf_u64(out, rows[i].value);
        buf_char(out, '\n');
    }
}

static void put_head(struct buf *out, const struct contest *contest, enum area_kind kind, uint16_t id)
{
    static const char *const kinds[AREA_KINDS] = {[AREA_ENTITY] = "entity",
                                                  [AREA_DISTRICT] = "district",
                                                  [AREA_BOROUGH] = "borough",
                                                  [AREA_SECTION] = "section"};
    buf_str(out, "prep-totals/v1\ncontest ");
    buf_span(out, contest->id);
    buf_str(out, "\narea ");
    buf_str(out, kinds[kind]);
    buf_char(out, ' ');
    buf_u64(out, id);
    buf_char(out, '\n');
}

static void put_leaf_parties(struct buf *out, const struct fold *fold, uint32_t c, uint32_t area)
{
    const struct contest *contest = &fold->election->contests[c];
    uint64_t parties[COLUMNS_MAX];
    if (area != 0 &&
        (area >= fold->election->n_areas || !area_has_page(fold->election, contest, (uint16_t)area))) {
        buf_str(out, "parties -\n");
        return;
    }
    fold_by_party(fold, c, (uint16_t)area, parties);
    put_numbers(out, "parties", parties, contest->n_columns);
}

void totals_leaf_print(const struct roots *roots, const struct fold *fold, uint32_t index, struct buf *out)
{
    const struct election *election = fold->election;
    uint32_t row = election->n_areas + roots->n_sections;
    uint32_t c = index / row;
    uint32_t area = index % row;
    const struct contest *contest = &election->contests[c];
    struct count sum;
    const struct count *count = &sum;
    if (area < election->n_areas) {
        count = fold_count(fold, c, area);
        put_head(out, contest, election->areas[area].kind, election->areas[area].id);
    } else {
        uint32_t place = area - election->n_areas;
        roots_section_sum(roots, fold, c * roots->n_sections + place, &sum);
        put_head(out, contest, AREA_SECTION, roots->sections[place]);
    }
    put_counts(out, count);
    put_numbers(out, "columns", count->columns, contest->n_columns);
    put_leaf_parties(out, fold, c, area);
}
