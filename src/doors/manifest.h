/* The manifest of a cut: every file with its SHA-256 and size, as the text of a signed note
 * (docs/formats/tree.md).
 *
 * Parsing refuses every spelling but one, so print(parse(x)) == x for every x that parses; paths are such
 * that no reader can be led out of the folder. Verifying the note around the text is seal/note's. */
#ifndef DOORS_MANIFEST_H
#define DOORS_MANIFEST_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum {
    MANIFEST_PATH_MAX = 200,
    MANIFEST_ENCODERS_MAX = 100,
    MANIFEST_FILES_MAX = 200000,
    MANIFEST_BYTES_MAX = 64 << 20
};

/* Below "cut/{n}/": the entry pages as they stand at the root with this cut, under the same names. The root's are replaced
 * one after the other; these are all of one cut, whenever they are read. No contest has this name. */
#define MANIFEST_ENTRY_COPIES "entry-pages/"

struct manifest_file {
    uint8_t sha256[32];
    uint64_t bytes;
    struct span path; /* from the root of the site, no leading slash */
};

struct manifest {
    struct span origin;
    uint32_t cut;
    int64_t time_ms;
    uint64_t log_size;
    bool has_previous;
    uint8_t previous[32];        /* SHA-256 of the text of the manifest before */
    struct manifest_file *files; /* plain files, by path */
    uint32_t n_files;
    struct span encoders;            /* the libraries that made the twins: "libdeflate 1.14, brotli 1.0.9" */
    struct manifest_file *encodings; /* .gz and .br twins, by path */
    uint32_t n_encodings;
};

/* Paths, origin and encoders borrow from `text`; the arrays are the manifest's: manifest_done. */
MUST_CHECK enum err manifest_parse(struct span text, struct manifest *out, struct why *why);
void manifest_print(const struct manifest *manifest, struct buf *out);
/* One line of either list, with its LF. */
void manifest_line_print(const struct manifest_file *file, struct buf *out);
void manifest_done(struct manifest *manifest);

/* Adds a file; the path's bytes must outlive the manifest. Twins go by their name's end. */
void manifest_add(struct manifest *manifest, struct span path, const uint8_t sha256[32], uint64_t bytes);
/* Brings both lists into the order in which they are printed. */
void manifest_sort(struct manifest *manifest);
/* A file or twin by its path (sorted lists), or NULL. */
const struct manifest_file *manifest_find(const struct manifest *manifest, struct span path);

/* Letters, digits, '.', '_', '-' between single slashes; no segment starts with a dot; at most
 * MANIFEST_PATH_MAX. */
bool manifest_path_good(struct span path);
/* "x.html.gz", "x.html.br": the path of a twin. */
bool manifest_path_twin(struct span path);

#endif
