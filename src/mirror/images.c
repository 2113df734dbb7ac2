/* Images: the entries name them by SHA-256 and size; a mirror reads its own verified bundles to know which it
 * needs. */
#include "mirror/pull.h"

#include "base/codec.h"
#include "base/num.h"
#include "os/clock.h"
#include "os/file.h"
#include "seal/digest.h"
#include "tlog/ledger.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { IMAGE_BYTES_MAX = 8 << 20, IMAGE_TRIES_MAX = 50 };

static const char *const endings[] = {"jpg", "png"};

static void image_path(const uint8_t sha256[32], const char *ending, char out[96])
{
    char hex[65];
    hex_print(hex, sha256, 32);
    snprintf(out, 96, "acta/%s.%s", hex, ending);
}

static bool here(const struct pull *pull, const uint8_t sha256[32])
{
    char path[96];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        image_path(sha256, endings[i], path);
        if (stage_published(&pull->stage, span_str(path))) {
            return true;
        }
    }
    return false;
}

static bool wanted(const struct pull *pull, const uint8_t sha256[32])
{
    for (uint32_t i = 0; i < pull->n_images; i++) {
        if (memcmp(pull->images[i].sha256, sha256, 32) == 0) {
            return true;
        }
    }
    return false;
}

static void need(struct pull *pull, const uint8_t sha256[32], uint64_t bytes)
{
    if (bytes > IMAGE_BYTES_MAX || here(pull, sha256) || wanted(pull, sha256)) {
        return;
    }
    if (pull->n_images == pull->cap_images) {
        pull->cap_images = pull->cap_images == 0 ? 256 : pull->cap_images * 2;
        pull->images = realloc(pull->images, pull->cap_images * sizeof *pull->images);
        assert(pull->images != NULL);
    }
    struct image_need *image = &pull->images[pull->n_images++];
    *image = (struct image_need){.bytes = bytes};
    memcpy(image->sha256, sha256, 32);
}

/* The line "image <sha256> <bytes>" of an acta's entry, if it has one. */
static void scan_entry(struct pull *pull, struct span entry)
{
    struct span line;
    if (!span_starts(entry, SPAN("prep-acta/v1\n"))) {
        return;
    }
    while (span_line(&entry, &line)) {
        if (!span_starts(line, SPAN("image "))) {
            continue;
        }
        struct span rest = span_from(line, 6);
        struct span hex = span_cut(&rest, ' ');
        uint8_t sha256[32];
        uint64_t bytes = 0;
        if (hex_parse(hex, sha256, sizeof sha256) == OK && num_parse_u64(rest, &bytes) == OK) {
            need(pull, sha256, bytes);
        }
        return;
    }
}

enum err pull_scan_images(struct pull *pull, uint64_t log_size, struct why *why)
{
    struct buf bytes = {0};
    enum err err = OK;
    assert(log_size <= pull->follow.held);
    while (err == OK && pull->scanned < log_size) {
        uint64_t bundle = pull->scanned / BUNDLE_ENTRIES;
        err = follow_bundle(pull, bundle, pull->follow.held, &bytes, why);
        struct span rest = buf_as_span(&bytes), entry;
        uint64_t index = bundle * BUNDLE_ENTRIES;
        uint64_t end = log_size - index < BUNDLE_ENTRIES ? log_size : index + BUNDLE_ENTRIES;
        while (err == OK && index < end) {
            if (bundle_next(&rest, &entry) != OK) {
                err = why_set(why, ERR_FORGED, "el legajo de asientos %llu termina antes de su tamaño",
                              (unsigned long long)bundle);
                break;
            }
            if (index++ >= pull->scanned) {
                scan_entry(pull, entry);
            }
        }
        pull->scanned = err == OK ? end : pull->scanned;
    }
    buf_done(&bytes);
    return err;
}

/* JPEG first, then PNG: the entry does not say which it is. */
static enum err fetch_image(struct pull *pull, const struct image_need *image, struct why *why)
{
    char path[96];
    enum err err = OK;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct why here_why = {{0}};
        image_path(image->sha256, endings[i], path);
        err = pull_get_exact(pull, span_str(path), image->sha256, image->bytes, &here_why);
        if (err == OK) {
            return stage_put(&pull->stage, span_str(path), buf_as_span(&pull->body), false, why);
        }
        if (err != ERR_MISSING) {
            return why_set(why, err, "%s", here_why.text);
        }
    }
    return err;
}

enum err pull_images(struct pull *pull, int64_t budget_ms, struct why *why)
{
    int64_t end = monotonic_ms() + budget_ms;
    enum err err = OK;
    uint32_t kept = 0, i = 0;
    for (; i < pull->n_images && err != ERR_IO && monotonic_ms() < end; i++) {
        struct image_need image = pull->images[i];
        err = fetch_image(pull, &image, why);
        if (err != OK && ++image.tries < IMAGE_TRIES_MAX) {
            pull->images[kept++] = image; /* not there yet: the site publishes it with its cut */
        }
    }
    if (i < pull->n_images) { /* of no images there is not even a list */
        memmove(pull->images + kept, pull->images + i, (pull->n_images - i) * sizeof *pull->images);
    }
    pull->n_images = kept + (pull->n_images - i);
    TRY(stage_publish(&pull->stage, why));
    return err == ERR_IO ? ERR_IO : OK;
}
