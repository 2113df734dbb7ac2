/* What must hold of an empty system, and what may have changed since. */
#include "zero/zeroing.h"

#include "base/codec.h"
#include "base/date.h"
#include "seal/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What runs is what the opening's entry states. */
static void against_opening(struct zeroing *zeroing)
{
    struct listing *now = &zeroing->now;
    struct buf lines = {0};
    char hex[65];
    if (!zeroing->opened) {
        return;
    }
    hex_print(hex, zeroing->definition, 32);
    if (strcmp(hex, now->definition) != 0) {
        zero_wrong(zeroing, "election", "the definition is not the one that entry 0 states");
    }
    hex_print(hex, zeroing->rules, 32);
    if (strcmp(hex, now->rules) != 0) {
        zero_wrong(zeroing, "rules", "this program counts by other rules than entry 0 states");
    }
    for (uint32_t i = 0; i < now->n_programs; i++) {
        buf_printf(&lines, "%s %s\n", now->programs[i].sha256, now->programs[i].name);
    }
    uint8_t digest[32];
    digest_of(buf_as_span(&lines), digest);
    if (memcmp(digest, zeroing->programs, sizeof digest) != 0) {
        zero_wrong(zeroing, "programs", "the programs are not those that entry 0 states");
    }
    buf_done(&lines);
}

static const struct listed_file *find(const struct listed_file *files, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(files[i].name, name) == 0) {
            return &files[i];
        }
    }
    return NULL;
}

static void files_changed(struct zeroing *zeroing, const char *where, const struct listed_file *before,
                          uint32_t n_before, const struct listed_file *now, uint32_t n_now)
{
    for (uint32_t i = 0; i < n_before; i++) {
        const struct listed_file *same = find(now, n_now, before[i].name);
        if (same == NULL) {
            zero_wrong(zeroing, where, "%s is gone since the first listing", before[i].name);
        } else if (strcmp(same->sha256, before[i].sha256) != 0) {
            zero_wrong(zeroing, where, "%s changed since the first listing: it was %.16s…, it is %.16s…",
                       before[i].name, before[i].sha256, same->sha256);
        }
    }
    for (uint32_t i = 0; i < n_now; i++) {
        if (find(before, n_before, now[i].name) == NULL) {
            zero_wrong(zeroing, where, "%s is new since the first listing", now[i].name);
        }
    }
}

static void against_first(struct zeroing *zeroing)
{
    const struct listing *first = &zeroing->first;
    const struct listing *now = &zeroing->now;
    if (zeroing->n_earlier == 0) {
        return;
    }
    files_changed(zeroing, "programs", first->programs, first->n_programs, now->programs, now->n_programs);
    files_changed(zeroing, "election", first->files, first->n_files, now->files, now->n_files);
    if (strcmp(first->rules, now->rules) != 0) {
        zero_wrong(zeroing, "rules", "the rules changed since the first listing");
    }
    if (strcmp(first->origin, now->origin) != 0) {
        zero_wrong(zeroing, "election", "the origin was %s", first->origin);
    }
    if (zeroing->last_seen.has_cut && (!now->has_cut || now->cut < zeroing->last_seen.cut)) {
        zero_wrong(zeroing, "public", "cut %" PRIu64 " was shown before, and an older one is now",
                   zeroing->last_seen.cut);
    }
}

/* Votes may be there once the hour has come, in a system that was seen empty. */
static void votes(struct zeroing *zeroing)
{
    const struct listing *now = &zeroing->now;
    if (listing_empty(now)) {
        return;
    }
    if (zeroing->now_ms < zeroing->election.opening_ms) {
        char time[DATE_ISO_LEN + 1];
        date_print_iso(time, zeroing->election.opening_ms);
        zero_wrong(zeroing, "ledger", "votes lie here before the opening hour, %s", time);
    }
    if (zeroing->n_earlier == 0) {
        zero_wrong(zeroing, "zero", "it holds votes, and no earlier listing saw it empty");
    } else if (!listing_empty(&zeroing->first)) {
        zero_wrong(zeroing, "zero", "the first listing had votes already");
    }
    for (int i = 0; i < PLACES; i++) {
        const struct listed_place *place = &now->places[i];
        if (i != PLACE_IMAGES && place->actas > 0 && now->places[PLACE_LEDGER].actas == 0) {
            zero_wrong(zeroing, place_ids[i], "%" PRIu64 " actas, and the ledger has none", place->actas);
        }
    }
    if (now->places[PLACE_IMAGES].actas > 0 && now->places[PLACE_LEDGER].actas == 0) {
        zero_wrong(zeroing, "images", "%" PRIu64 " images of actas, and the ledger has none",
                   now->places[PLACE_IMAGES].actas);
    }
}

/* What the log has of a listing, its file still says. */
static void against_entered(struct zeroing *zeroing)
{
    for (uint32_t i = 0; i < zeroing->n_entered; i++) {
        const struct entered *entered = &zeroing->entered[i];
        if (map_get(&zeroing->hashes, span_str(entered->sha256)) == MAP_NONE) {
            zero_wrong(zeroing, "zero",
                       "entry %" PRIu64
                       " of the ledger names a listing that is not here, %.16s…: it was changed "
                       "or taken away",
                       entered->entry, entered->sha256);
        }
    }
}

void zero_compare(struct zeroing *zeroing)
{
    against_entered(zeroing);
    against_opening(zeroing);
    against_first(zeroing);
    votes(zeroing);
}
