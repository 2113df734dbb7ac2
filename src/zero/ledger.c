/* The ledger: what its entries are, and its tree at every size that somebody speaks of. */
#include "zero/zeroing.h"

#include "base/codec.h"
#include "tlog/entry.h"
#include "tlog/ledger.h"

#include <inttypes.h>
#include <string.h>

static bool carries_votes(struct span entry)
{
    return span_starts(entry, SPAN("prep-acta/"));
}

static void check_root(struct zeroing *zeroing, const struct merkle_edge *edge)
{
    for (uint32_t i = 0; i < zeroing->n_roots; i++) {
        struct root_at *at = &zeroing->roots[i];
        if (at->size == edge->size && !at->reached) {
            struct hash root;
            char hex[65];
            merkle_edge_root(edge, &root);
            hex_print(hex, root.bytes, sizeof root.bytes);
            at->reached = true;
            at->same = strcmp(hex, at->stated) == 0;
        }
    }
}

static enum err take_opening(struct zeroing *zeroing, struct span bytes, struct why *why)
{
    struct entry entry;
    struct buf scratch = {0};
    enum err err = entry_parse(bytes, &entry, &scratch, why);
    if (err == OK && entry.type == ENTRY_OPEN) {
        zeroing->opened = true;
        memcpy(zeroing->definition, entry.as.open.definition, 32);
        memcpy(zeroing->rules, entry.as.open.rules, 32);
        memcpy(zeroing->programs, entry.as.open.programs, 32);
    }
    buf_done(&scratch);
    return err;
}

/* A listing whose hash was entered (atalaya zero --enter). */
static void take_evidence(struct zeroing *zeroing, uint64_t index, struct span bytes)
{
    struct entry entry;
    struct buf scratch = {0};
    if (zeroing->n_entered < ENTERED_MAX && entry_parse(bytes, &entry, &scratch, NULL) == OK &&
        span_is(entry.as.evidence.kind, ZERO_EVIDENCE)) {
        struct entered *row = &zeroing->entered[zeroing->n_entered++];
        row->entry = index;
        hex_print(row->sha256, entry.as.evidence.sha256, sizeof entry.as.evidence.sha256);
    }
    buf_done(&scratch);
}

static void take(struct zeroing *zeroing, struct merkle_edge *edge, uint64_t index, struct span bytes)
{
    struct listed_place *place = &zeroing->now.places[PLACE_LEDGER];
    struct hash leaf;
    struct why why = {{0}};
    if (index == 0 && take_opening(zeroing, bytes, &why) != OK) {
        zero_wrong(zeroing, "ledger", "entry 0: %s", why.text);
    }
    if (span_starts(bytes, SPAN("prep-evidence/v1\n"))) {
        take_evidence(zeroing, index, bytes);
    }
    merkle_leaf(bytes, &leaf);
    merkle_edge_add(edge, &leaf);
    check_root(zeroing, edge);
    place->entries = index + 1;
    place->actas += carries_votes(bytes);
    if (index < zeroing->now.places[PLACE_LOG].entries) {
        zeroing->now.places[PLACE_LOG].actas += carries_votes(bytes);
    }
}

static void say_roots(struct zeroing *zeroing)
{
    for (uint32_t i = 0; i < zeroing->n_roots; i++) {
        const struct root_at *at = &zeroing->roots[i];
        if (!at->reached) {
            zero_wrong(zeroing, "ledger", "%s speaks of %" PRIu64 " entries and the ledger has %" PRIu64,
                       at->who, at->size, zeroing->now.places[PLACE_LEDGER].entries);
        } else if (!at->same) {
            zero_wrong(zeroing, "ledger", "its first %" PRIu64 " entries are not those of %s", at->size,
                       at->who);
        }
    }
}

enum err zero_ledger(struct zeroing *zeroing, struct why *why)
{
    struct merkle_edge edge;
    struct hash root;
    struct ledger_reader *reader;
    struct span bytes;
    uint64_t index;
    char folder[FILE_PATH_MAX];
    struct why missed = {{0}};
    merkle_edge_init(&edge);
    check_root(zeroing, &edge);
    enum err err = ledger_reader_open(zero_path(zeroing, "ledger", folder), &reader, &missed);
    if (err == OK) {
        zeroing->now.places[PLACE_LEDGER].there = true;
        while ((err = ledger_reader_next(reader, &bytes, &index, why)) == OK) {
            take(zeroing, &edge, index, bytes);
        }
        ledger_reader_close(reader);
    }
    if (err != ERR_AGAIN && err != ERR_MISSING) {
        return err;
    }
    merkle_edge_root(&edge, &root);
    hex_print(zeroing->now.root, root.bytes, sizeof root.bytes);
    say_roots(zeroing);
    return OK;
}
