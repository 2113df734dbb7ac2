/* Every other place where a vote could lie. */
#include "zero/zeroing.h"

#include "base/codec.h"
#include "base/num.h"
#include "doors/latest.h"
#include "seal/note.h"
#include "tlog/checkpoint.h"
#include "tlog/entry.h"
#include "tlog/ledger.h"

#include <inttypes.h>
#include <stdio.h>

enum { JOURNAL_HEAD = 16, JOURNAL_SUM = 32, BUNDLE_BYTES_MAX = BUNDLE_ENTRIES * (ENTRY_MAX + 2) };

static void expect_root(struct zeroing *zeroing, uint64_t size, const char *who, const char *hex)
{
    if (zeroing->n_roots < ROOTS_MAX) {
        struct root_at *at = &zeroing->roots[zeroing->n_roots++];
        *at = (struct root_at){.size = size, .who = who};
        snprintf(at->stated, sizeof at->stated, "%s", hex);
    }
}

/* What is published as signed. */
static void look_checkpoint(struct zeroing *zeroing)
{
    char path[FILE_PATH_MAX];
    char hex[65];
    struct buf note = {0};
    struct span text;
    struct span lines;
    struct checkpoint checkpoint;
    struct why why = {{0}};
    zero_path(zeroing, "public/log/checkpoint", path);
    if (file_read(path, CHECKPOINT_MAX, &note, NULL) == OK) {
        if (note_split(buf_as_span(&note), &text, &lines) != OK ||
            checkpoint_parse(text, &checkpoint, &why) != OK) {
            zero_wrong(zeroing, "log", "public/log/checkpoint: %s",
                       why.text[0] != '\0' ? why.text : "no signed note");
        } else {
            hex_print(hex, checkpoint.root.bytes, sizeof checkpoint.root.bytes);
            zeroing->now.places[PLACE_LOG] = (struct listed_place){.there = true, .entries = checkpoint.size};
            expect_root(zeroing, checkpoint.size, "public/log/checkpoint", hex);
        }
    }
    buf_done(&note);
}

/* "size N" and "root <base64>" of the signer's memory. */
static void look_signer(struct zeroing *zeroing)
{
    char path[FILE_PATH_MAX];
    struct buf state = {0};
    struct buf root = {0};
    struct span line;
    struct listing *now = &zeroing->now;
    if (file_read(zero_path(zeroing, "signer/state", path), 4096, &state, NULL) == OK) {
        struct span rest = buf_as_span(&state);
        while (span_line(&rest, &line)) {
            if (span_starts(line, SPAN("size ")) &&
                num_parse_u64(span_from(line, 5), &now->signed_size) != OK) {
                zero_wrong(zeroing, "signer", "signer/state names no size");
            } else if (span_starts(line, SPAN("root ")) && base64_parse(span_from(line, 5), &root) == OK &&
                       root.len == HASH_LEN) {
                hex_print(now->signed_root, (const uint8_t *)root.at, HASH_LEN);
            }
        }
        expect_root(zeroing, now->signed_size, "signer/state", now->signed_root);
    }
    buf_done(&state);
    buf_done(&root);
}

static enum err count_image(void *arg, const char *relative, int64_t size)
{
    struct listed_place *place = arg;
    (void)relative;
    (void)size;
    place->entries++;
    place->actas++;
    return OK;
}

static enum err look_images(struct zeroing *zeroing, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct listed_place *place = &zeroing->now.places[PLACE_IMAGES];
    place->there = file_exists(zero_path(zeroing, "images", path));
    return place->there ? folder_walk(path, count_image, place, why) : OK;
}

static uint64_t number_at(const char *at, int bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < bytes; i++) {
        number = number << 8 | (unsigned char)at[i];
    }
    return number;
}

/* The copy's journal (copy.md): lengths of entry and note, with its mark, index, entry, note, checksum. */
static const uint64_t JOURNAL_FIRST = 1U << 31;

static enum err look_copy(struct zeroing *zeroing, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct mapped file;
    struct span line;
    struct listed_place *place = &zeroing->now.places[PLACE_COPY];
    zero_path(zeroing, "copy/journal", path);
    if (!file_exists(path)) {
        return OK;
    }
    TRY(file_map(path, &file, why));
    struct span rest = file.bytes;
    if (!span_line(&rest, &line) || !(span_is(line, "prep-copy/v2") || span_is(line, "prep-copy/v1"))) {
        zero_wrong(zeroing, "copy", "copy/journal is none");
    }
    place->there = true;
    while (rest.len >= JOURNAL_HEAD + JOURNAL_SUM) {
        uint64_t entry = number_at(rest.at, 4);
        uint64_t whole = JOURNAL_HEAD + entry + (number_at(rest.at + 4, 4) & ~JOURNAL_FIRST) + JOURNAL_SUM;
        if (whole > rest.len) {
            break;
        }
        place->entries++;
        place->actas += span_starts(span_of(rest.at + JOURNAL_HEAD, entry), SPAN("prep-acta/"));
        rest = span_from(rest, whole);
    }
    file_unmap(&file);
    return OK;
}

/* Before there are votes: not one may lie in any bundle that is published, signed or not. */
static enum err look_bundle(void *arg, const char *relative, int64_t size)
{
    struct zeroing *zeroing = arg;
    char path[FILE_PATH_MAX];
    char folder[FILE_PATH_MAX];
    struct buf bytes = {0};
    struct span rest;
    struct span entry;
    (void)size;
    zero_path(zeroing, "public/log/tile/entries", folder);
    TRY(file_read(path_join(path, folder, relative), BUNDLE_BYTES_MAX, &bytes, NULL));
    rest = buf_as_span(&bytes);
    while (bundle_next(&rest, &entry) == OK) {
        if (span_starts(entry, SPAN("prep-acta/"))) {
            zero_wrong(zeroing, "log", "public/log/tile/entries/%s holds an acta", relative);
            break;
        }
    }
    buf_done(&bytes);
    return OK;
}

static enum err look_bundles(struct zeroing *zeroing, struct why *why)
{
    char path[FILE_PATH_MAX];
    zero_path(zeroing, "public/log/tile/entries", path);
    return zeroing->now.places[PLACE_LEDGER].actas > 0 || !file_exists(path)
               ? OK
               : folder_walk(path, look_bundle, zeroing, why);
}

static bool read_latest(struct zeroing *zeroing, const char *tree, struct latest *out)
{
    char path[FILE_PATH_MAX];
    char name[64];
    struct buf bytes = {0};
    struct why why = {{0}};
    snprintf(name, sizeof name, "%s/latest.json", tree);
    enum err err = file_read(zero_path(zeroing, name, path), LATEST_BYTES_MAX, &bytes, NULL);
    if (err == OK && latest_parse(buf_as_span(&bytes), out, &why) != OK) {
        zero_wrong(zeroing, tree, "%s", why.text);
        err = ERR_SYNTAX;
    }
    buf_done(&bytes);
    return err == OK;
}

/* What the three trees show. */
static void look_trees(struct zeroing *zeroing)
{
    static const char *const trees[] = {"public", "mirror-1/public", "mirror-2/public"};
    struct listing *now = &zeroing->now;
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        struct latest latest;
        uint64_t captured = 0;
        uint64_t votes = 0;
        if (!read_latest(zeroing, trees[i], &latest)) {
            continue;
        }
        for (uint32_t c = 0; c < latest.n_contests; c++) {
            captured += latest.contests[c].captured;
            votes += latest.contests[c].votes;
        }
        if (i == 0) {
            now->has_cut = true;
            now->cut = latest.cut;
            now->captured = captured;
            now->votes = votes;
            now->last = latest.last;
        }
        if ((captured > 0 || votes > 0) && now->places[PLACE_LEDGER].actas == 0) {
            zero_wrong(zeroing, trees[i],
                       "cut %" PRIu32 " shows %" PRIu64 " actas and %" PRIu64
                       " votes, and the ledger has none",
                       latest.cut, captured, votes);
        }
    }
}

enum err zero_places(struct zeroing *zeroing, struct why *why)
{
    look_checkpoint(zeroing);
    look_signer(zeroing);
    for (uint32_t i = 0; i < (zeroing->n_earlier > 1 ? 2U : zeroing->n_earlier); i++) {
        const struct listing *listing = i == 0 ? &zeroing->first : &zeroing->last_seen;
        expect_root(zeroing, listing->places[PLACE_LEDGER].entries,
                    i == 0 ? "the first listing" : "the listing before this one", listing->root);
    }
    TRY(zero_ledger(zeroing, why));
    TRY(zero_store(zeroing, why));
    TRY(look_copy(zeroing, why));
    TRY(look_images(zeroing, why));
    TRY(look_bundles(zeroing, why));
    look_trees(zeroing);
    return OK;
}
