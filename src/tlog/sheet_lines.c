/* Sheets as lines. Cells are a number or a letter: I ilegible, S sin dato, X sin acta, N no aplica. */
#include "tlog/sheet_lines.h"

#include "base/codec.h"

#include <assert.h>

static const char *const NO_ACTA_WORDS[] = {"-", "not-delivered", "not-installed", "no-bag", "urn", NULL};
const char *const sheet_origins[] = {"-", "CASILLA", "CATD", NULL};
const char *const sheet_means[] = {"-", "MOVIL", "ESCANER", "URNA", NULL};
const char *const sheet_documents[] = {"-",         "ACTA-PREP", "RPP",       "CC",      "PPC",
                                       "ACTA-VRME", "ACTA-VA",   "ACTA-VPPP", "ACTA-UE", NULL};
const char *const sheet_transports[] = {"-", "D", "F", "I", NULL};
static const char CELL_LETTERS[] = {0, 'I', 'S', 'X', 'N'}; /* by enum cell_state */

static void print_cells(struct buf *out, const char *name, const struct cell *cells, size_t n)
{
    buf_str(out, name);
    for (size_t i = 0; i < n; i++) {
        assert(cells[i].state <= CELL_NA && cells[i].value <= CELL_VALUE_MAX);
        buf_char(out, ' ');
        if (cells[i].state == CELL_NUMBER) {
            buf_u64(out, cells[i].value);
        } else {
            buf_char(out, CELL_LETTERS[cells[i].state]);
        }
    }
    buf_char(out, '\n');
}

void sheet_print(const struct sheet *sheet, struct buf *out)
{
    assert(sheet->n_votes > 0 && sheet->n_votes <= COLUMNS_MAX && sheet->no_acta <= NO_ACTA_URN);
    assert(sheet->origin <= ORIGIN_CATD && sheet->means <= MEANS_URN && sheet->document <= DOCUMENT_UE);
    print_line(out, "noacta", span_str(NO_ACTA_WORDS[sheet->no_acta]));
    print_cells(out, "fields", sheet->fields, SHEET_FIELDS);
    print_cells(out, "votes", sheet->votes, sheet->n_votes);
    print_line(out, "transport", span_of(&sheet->transport, sheet->transport == 0 ? 0 : 1));
    if (sheet->has_image) {
        char hex[65];
        hex_print(hex, sheet->image, 32);
        buf_printf(out, "image %s %u\n", hex, sheet->image_bytes);
    } else {
        buf_str(out, "image -\n");
    }
    print_time(out, "received", sheet->received_ms);
    print_time(out, "captured", sheet->captured_ms);
    print_time(out, "verified", sheet->verified_ms);
    print_line(out, "origin", span_str(sheet_origins[sheet->origin]));
    print_line(out, "means", span_str(sheet_means[sheet->means]));
    print_line(out, "document", span_str(sheet_documents[sheet->document]));
}

static struct cell cell_of(struct lines *lines, struct span word)
{
    for (uint8_t state = CELL_ILLEGIBLE; word.len == 1 && state <= CELL_NA; state++) {
        if (word.at[0] == CELL_LETTERS[state]) {
            return (struct cell){.state = state};
        }
    }
    if (word.len > 0 && (word.at[0] < '0' || word.at[0] > '9')) {
        lines_fail(lines, ERR_SYNTAX, "a cell is a number or one of I, S, X, N");
    }
    return (struct cell){.value = (uint32_t)lines_number(lines, word, CELL_VALUE_MAX)};
}

/* Between `least` and `most` cells; returns how many. */
static uint8_t parse_cells(struct lines *lines, const char *name, struct cell *out, uint8_t least,
                           uint8_t most)
{
    struct span value = lines_value(lines, name);
    uint8_t n = 0;
    while (lines->err == OK && value.at != NULL) {
        if (n == most) {
            lines_fail(lines, ERR_RANGE, "there are more cells than allowed");
            return n;
        }
        out[n++] = cell_of(lines, lines_word(lines, &value));
    }
    lines_expect(lines, n >= least, "there are fewer cells than due");
    return n;
}

static void parse_image(struct lines *lines, struct sheet *out)
{
    struct span value = lines_value(lines, "image");
    if (lines->err != OK || span_is(value, "-")) {
        return;
    }
    out->has_image = true;
    lines_hex(lines, lines_word(lines, &value), out->image);
    out->image_bytes = (uint32_t)lines_number(lines, lines_word(lines, &value), IMAGE_BYTES_MAX);
    lines_expect(lines, value.at == NULL, "an image is a digest and its bytes");
    lines_expect(lines, out->image_bytes > 0, "an image has at least one byte");
}

/* A record without an acta has nothing that was read off it, and only such a record has X cells. */
static void check_no_acta(struct lines *lines, const struct sheet *sheet)
{
    bool missing = sheet->no_acta != NO_ACTA_NONE;
    bool cells_agree = true;
    for (size_t i = 0; i < SHEET_FIELDS; i++) {
        cells_agree = cells_agree && (sheet->fields[i].state == CELL_NO_ACTA) == missing;
    }
    for (size_t i = 0; i < sheet->n_votes; i++) {
        cells_agree = cells_agree && (sheet->votes[i].state == CELL_NO_ACTA) == missing;
    }
    lines_expect(lines, cells_agree, "cells are X exactly when there is no acta");
    bool bare = sheet->transport == 0 && !sheet->has_image && sheet->received_ms < 0 &&
                sheet->captured_ms < 0 && sheet->verified_ms < 0 && sheet->origin == ORIGIN_NONE &&
                sheet->means == MEANS_NONE && sheet->document == DOCUMENT_NONE;
    lines_expect(lines, !missing || bare, "without an acta image, times, origin, means and document are -");
}

void sheet_parse(struct lines *lines, struct sheet *out)
{
    *out = (struct sheet){0};
    out->no_acta = lines_choice(lines, "noacta", NO_ACTA_WORDS);
    parse_cells(lines, "fields", out->fields, SHEET_FIELDS, SHEET_FIELDS);
    out->n_votes = parse_cells(lines, "votes", out->votes, 1, COLUMNS_MAX);
    out->transport = sheet_transports[lines_choice(lines, "transport", sheet_transports)][0];
    out->transport = out->transport == '-' ? 0 : out->transport;
    parse_image(lines, out);
    out->received_ms = lines_time(lines, "received", true);
    out->captured_ms = lines_time(lines, "captured", true);
    out->verified_ms = lines_time(lines, "verified", true);
    out->origin = lines_choice(lines, "origin", sheet_origins);
    out->means = lines_choice(lines, "means", sheet_means);
    out->document = lines_choice(lines, "document", sheet_documents);
    if (lines->err == OK) {
        check_no_acta(lines, out);
    }
}
