/* Retention: the bodies of old cuts, the chunks and packages that only they named. */
#include "cut/keep.h"

#include "base/codec.h"
#include "base/log.h"
#include "base/num.h"
#include "os/append.h"
#include "os/file.h"
#include "seal/note.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

bool keep_stays(const struct keep_rule *rule, uint32_t number, uint32_t newest)
{
    return newest - number < rule->cuts || (rule->every > 0 && number % rule->every == 0);
}

bool keep_package_stays(const struct keep *keep, uint32_t number)
{
    for (uint32_t i = 0; i < keep->n; i++) {
        uint32_t newer = 0;
        for (uint32_t k = 0; k < keep->n_packages; k++) {
            newer += keep->packages[k] > number && keep->packages[k] <= keep->kept[i].number;
        }
        if (number <= keep->kept[i].number && newer < 2) {
            return true;
        }
    }
    return false;
}

void keep_init(struct keep *keep, const char *public_dir, struct keep_rule rule)
{
    *keep = (struct keep){.public_dir = public_dir, .rule = rule};
}

void keep_done(struct keep *keep)
{
    for (uint32_t i = 0; i < keep->n; i++) {
        free(keep->kept[i].chunks);
    }
    free(keep->kept);
    free(keep->packages);
    *keep = (struct keep){0};
}

static const char *below(const struct keep *keep, char out[FILE_PATH_MAX], const char *folder,
                         uint32_t number, const char *name)
{
    int n = snprintf(out, FILE_PATH_MAX, "%s/%s/%" PRIu32 "%s", keep->public_dir, folder, number, name);
    assert(n > 0 && n < FILE_PATH_MAX);
    return out;
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

/* "chunk/{64 hex}.html": its hash is its name. */
static bool chunk_path(struct span path, uint8_t out[32])
{
    return path.len == 6 + 64 + 5 && span_starts(path, SPAN("chunk/")) && span_ends(path, SPAN(".html")) &&
           hex_parse(span_of(path.at + 6, 64), out, 32) == OK;
}

static void remember(struct keep *keep, uint32_t number, const struct manifest *manifest)
{
    struct kept kept = {.number = number, .chunks = malloc((manifest->n_files + 1) * sizeof *kept.chunks)};
    keep->kept = realloc(keep->kept, (keep->n + 1) * sizeof *keep->kept);
    assert(keep->kept != NULL && kept.chunks != NULL);
    for (uint32_t i = 0; i < manifest->n_files; i++) {
        kept.n_chunks += chunk_path(manifest->files[i].path, kept.chunks[kept.n_chunks]);
    }
    if (kept.n_chunks > 0) {
        qsort(kept.chunks, kept.n_chunks, sizeof *kept.chunks, by_hash);
    }
    keep->kept[keep->n++] = kept;
}

static bool chunk_named(const struct keep *keep, const uint8_t hash[32])
{
    for (uint32_t i = keep->n; i-- > 0;) {
        const struct kept *kept = &keep->kept[i];
        if (kept->n_chunks > 0 &&
            bsearch(hash, kept->chunks, kept->n_chunks, sizeof *kept->chunks, by_hash) != NULL) {
            return true;
        }
    }
    return false;
}

static enum err chunk_remove(const struct keep *keep, const uint8_t hash[32], struct why *why)
{
    static const char *const suffixes[] = {"", ".gz", ".br"};
    char hex[65];
    hex_print(hex, hash, 32);
    for (int i = 0; i < 3; i++) {
        char path[FILE_PATH_MAX];
        int n = snprintf(path, sizeof path, "%s/chunk/%s.html%s", keep->public_dir, hex, suffixes[i]);
        assert(n > 0 && n < FILE_PATH_MAX);
        TRY(file_remove(path, why));
    }
    return OK;
}

/* The page by which a body is known to be there goes with all of it, or last, so that a crash leaves no part for ever. */
static const char cut_mark[] = "index.html";
static const char *const cut_stays[] = {"manifest", "manifest.minisig", NULL};
static const char *const package_stays[] = {"SHA256SUMS", NULL};

static void breathe(const struct keep *keep)
{
    if (keep->during != NULL) {
        keep->during(keep->arg);
    }
}

static enum err cut_expire(struct keep *keep, uint32_t at, struct why *why)
{
    struct kept kept = keep->kept[at];
    char folder[FILE_PATH_MAX];
    memmove(&keep->kept[at], &keep->kept[at + 1], (keep->n - at - 1) * sizeof *keep->kept);
    keep->n--;
    enum err err = folder_strip(below(keep, folder, "cut", kept.number, ""), cut_stays, cut_mark, why);
    for (uint32_t i = 0; err == OK && i < kept.n_chunks; i++) {
        if (!chunk_named(keep, kept.chunks[i])) {
            breathe(keep);
            err = chunk_remove(keep, kept.chunks[i], why);
        }
    }
    free(kept.chunks);
    return err;
}

static void forget_package(struct keep *keep, uint32_t at)
{
    memmove(&keep->packages[at], &keep->packages[at + 1],
            (keep->n_packages - at - 1) * sizeof *keep->packages);
    keep->n_packages--;
}

enum err keep_drop_package(struct keep *keep, uint32_t number, struct why *why)
{
    char folder[FILE_PATH_MAX];
    for (uint32_t i = 0; i < keep->n_packages; i++) {
        if (keep->packages[i] == number) {
            forget_package(keep, i);
            break;
        }
    }
    return folder_remove(below(keep, folder, "package", number, ""), why);
}

static enum err packages_expire(struct keep *keep, struct why *why)
{
    uint32_t newest = keep->n_packages == 0 ? 0 : keep->packages[keep->n_packages - 1];
    for (uint32_t i = 0; i < keep->n_packages;) {
        char folder[FILE_PATH_MAX];
        uint32_t number = keep->packages[i];
        if (number == newest || keep_package_stays(keep, number)) {
            i++;
            continue;
        }
        forget_package(keep, i);
        breathe(keep);
        TRY(folder_strip(below(keep, folder, "package", number, ""), package_stays, NULL, why));
    }
    return OK;
}

static enum err expire(struct keep *keep, struct why *why)
{
    uint32_t newest = keep->n == 0 ? 0 : keep->kept[keep->n - 1].number;
    for (uint32_t i = 0; i < keep->n;) {
        if (keep_stays(&keep->rule, keep->kept[i].number, newest)) {
            i++;
        } else {
            TRY(cut_expire(keep, i, why));
        }
    }
    return packages_expire(keep, why);
}

enum err keep_add(struct keep *keep, uint32_t number, const struct manifest *manifest, struct why *why)
{
    assert(keep->n == 0 || keep->kept[keep->n - 1].number < number);
    remember(keep, number, manifest);
    return expire(keep, why);
}

void keep_add_package(struct keep *keep, uint32_t number)
{
    keep->packages = realloc(keep->packages, (keep->n_packages + 1) * sizeof *keep->packages);
    assert(keep->packages != NULL);
    keep->packages[keep->n_packages++] = number;
}

/* Learning: the numbers below a folder whose `mark` is there, and unfinished ones. */
struct listing {
    struct keep *keep;
    const char *folder; /* "cut" */
    const char *mark;   /* "index.html": there as long as the body is */
    uint32_t *numbers;
    uint32_t n;
    char unfinished[256]; /* the first folder ".tmp-..." */
};

static enum err listing_file(void *arg, const char *relative, int64_t size)
{
    struct listing *listing = arg;
    struct span rest = span_str(relative);
    struct span first = span_cut(&rest, '/');
    uint32_t number;
    (void)size;
    if (span_starts(first, SPAN(".")) && listing->unfinished[0] == '\0') {
        bool fits = span_copy(first, listing->unfinished, sizeof listing->unfinished);
        assert(fits);
    }
    if (rest.at != NULL && span_is(rest, listing->mark) && num_parse_u32(first, &number) == OK) {
        listing->numbers = realloc(listing->numbers, (listing->n + 1) * sizeof *listing->numbers);
        assert(listing->numbers != NULL);
        listing->numbers[listing->n++] = number;
    }
    return OK;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Lists a folder, removing unfinished folders below it one after the other. */
static enum err list(struct listing *listing, struct why *why)
{
    char path[FILE_PATH_MAX];
    char unfinished[FILE_PATH_MAX];
    do {
        listing->n = 0;
        listing->unfinished[0] = '\0';
        path_join(path, listing->keep->public_dir, listing->folder);
        enum err err = file_exists(path) ? folder_walk(path, listing_file, listing, why) : OK;
        TRY(err);
        if (listing->unfinished[0] != '\0') {
            TRY(folder_remove(path_join(unfinished, path, listing->unfinished), why));
        }
    } while (listing->unfinished[0] != '\0');
    if (listing->n > 0) {
        qsort(listing->numbers, listing->n, sizeof *listing->numbers, by_number);
    }
    return OK;
}

static enum err learn_manifest(struct keep *keep, uint32_t number, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf note = {0};
    struct manifest manifest;
    struct span text;
    struct span signatures;
    enum err err = file_read(below(keep, path, "cut", number, "/manifest"), MANIFEST_BYTES_MAX, &note, why);
    err = err != OK ? err : note_split(buf_as_span(&note), &text, &signatures);
    err = err != OK ? err : manifest_parse(text, &manifest, why);
    if (err == OK) {
        remember(keep, number, &manifest);
        manifest_done(&manifest);
    }
    buf_done(&note);
    return err;
}

static enum err learn_cuts(struct keep *keep, int64_t newest, struct why *why)
{
    struct listing listing = {.keep = keep, .folder = "cut", .mark = cut_mark};
    enum err err = list(&listing, why);
    for (uint32_t i = 0; err == OK && i < listing.n; i++) {
        char folder[FILE_PATH_MAX];
        if ((int64_t)listing.numbers[i] > newest) {
            err = folder_remove(below(keep, folder, "cut", listing.numbers[i], ""), why);
        } else if (learn_manifest(keep, listing.numbers[i], why) != OK) {
            /* A cut of the past that a broken disk took is no reason to make no new ones. */
            log_line(LOG_ERROR, "cut_unreadable", "cut=%" PRIu32 " why=\"%s\"", listing.numbers[i],
                     why->text);
        }
    }
    free(listing.numbers);
    return err;
}

static enum err learn_packages(struct keep *keep, int64_t package, struct why *why)
{
    struct listing listing = {.keep = keep, .folder = "package", .mark = "SHA256SUMS"};
    enum err err = list(&listing, why);
    for (uint32_t i = 0; err == OK && i < listing.n; i++) {
        char folder[FILE_PATH_MAX];
        if ((int64_t)listing.numbers[i] > package) {
            err = folder_remove(below(keep, folder, "package", listing.numbers[i], ""), why);
        } else {
            keep_add_package(keep, listing.numbers[i]);
        }
    }
    free(listing.numbers);
    return err;
}

struct orphans {
    const struct keep *keep;
    const char *folder;
    struct why *why;
};

static enum err orphan_chunk(void *arg, const char *relative, int64_t size)
{
    const struct orphans *orphans = arg;
    uint8_t hash[32];
    char path[FILE_PATH_MAX];
    (void)size;
    if (strlen(relative) >= 64 && hex_parse(span_of(relative, 64), hash, 32) == OK &&
        chunk_named(orphans->keep, hash)) {
        return OK;
    }
    return file_remove(path_join(path, orphans->folder, relative), orphans->why);
}

static enum err learn_chunks(struct keep *keep, struct why *why)
{
    char folder[FILE_PATH_MAX];
    struct orphans orphans = {
        .keep = keep, .folder = path_join(folder, keep->public_dir, "chunk"), .why = why};
    return file_exists(folder) ? folder_walk(folder, orphan_chunk, &orphans, why) : OK;
}

enum err keep_learn(struct keep *keep, int64_t newest, int64_t package, struct why *why)
{
    TRY(learn_cuts(keep, newest, why));
    TRY(learn_packages(keep, package, why));
    TRY(learn_chunks(keep, why));
    return expire(keep, why);
}
