/* The rows of a chunk, taken from its HTML: state in the third cell, computed total after the vote columns. */
#include "cut/rows.h"

enum { CELL_STATE = 2, CELL_FIRST_VOTE = 4 };

/* What is left of a row from its `more`-th next cell on; of no bytes when there are fewer. */
static struct span skip(struct span row, unsigned more)
{
    for (unsigned i = 0; i < more; i++) {
        do {
            const char *found = row.len == 0 ? NULL : memchr(row.at, '<', row.len);
            row = found == NULL ? (struct span){NULL, 0} : span_from(row, (size_t)(found - row.at) + 1);
        } while (row.at != NULL && !span_starts(row, SPAN("td")));
    }
    return row;
}

/* The text of the cell that begins here, up to its first tag. */
static struct span cell(struct span row)
{
    span_cut(&row, '>');
    /* emphasis before the word */
    while (row.at != NULL && row.len > 0 && row.at[0] == '<' && !span_starts(row, SPAN("</td"))) {
        span_cut(&row, '>');
    }
    return row.at == NULL ? row : span_cut(&row, '<');
}

/* A figure as pages print it: digits with separators of thousands between. */
static bool figure(struct span text, uint64_t *out)
{
    uint64_t value = 0;
    bool any = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] >= '0' && text.at[i] <= '9') {
            value = value * 10 + (uint64_t)(text.at[i] - '0');
            any = true;
        } else if (!any || value > UINT64_MAX / 10) {
            return false;
        }
    }
    *out = value;
    return any;
}

static enum err row_add(struct span row, unsigned columns, struct row_sums *sums)
{
    struct span from_state = skip(row, CELL_STATE);
    struct span state = cell(from_state);
    uint64_t votes;
    if (span_starts(state, SPAN("Sin acta todav"))) {
        return OK;
    }
    if (!figure(cell(skip(from_state, CELL_FIRST_VOTE + columns - CELL_STATE)), &votes)) {
        return ERR_SYNTAX;
    }
    if (span_starts(state, SPAN("Contabilizada"))) {
        sums->captured++;
        sums->counted++;
        sums->votes += votes;
    } else if (span_starts(state, SPAN("No contabilizada"))) {
        sums->captured++;
    } else if (span_starts(state, SPAN("Fuera de cat"))) {
        sums->outside++;
    } else if (span_starts(state, SPAN("En revisi"))) {
        sums->in_review++;
    } else {
        return ERR_SYNTAX;
    }
    return OK;
}

enum err rows_sum(struct span chunk, unsigned columns, struct row_sums *out, struct why *why)
{
    struct row_sums sums = {0};
    struct span line;
    while (span_line(&chunk, &line)) {
        if (!span_starts(line, SPAN("<tr id=\""))) {
            continue;
        }
        if (row_add(line, columns, &sums) != OK) {
            struct span key = span_from(line, 8);
            key = span_cut(&key, '"');
            return why_set(why, ERR_SYNTAX, "the row of %.*s cannot be read back", SPAN_ARG(key));
        }
    }
    *out = sums;
    return OK;
}
