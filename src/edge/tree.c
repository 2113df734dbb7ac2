/* Which cuts are held: the newest that latest.json points to, and those before it. */
#include "edge/tree.h"

#include "edge/below.h"
#include "seal/digest.h"

#include <assert.h>
#include <stdio.h>

enum { PACKAGE_LATE = 32 }; /* cuts that may come before one names a package that was begun */

void tree_init(struct tree *tree, int folder, const struct cut_keys *keys, struct vault *vault)
{
    *tree = (struct tree){.folder = folder, .keys = *keys, .vault = vault};
}

void tree_done(struct tree *tree)
{
    while (tree->n_cuts > 0) {
        tree_cut_free(tree->cuts[--tree->n_cuts]);
    }
    for (int i = 0; i < TREE_PACKAGES; i++) {
        tree_cut_free(tree->packages[i]);
        tree->packages[i] = NULL;
    }
}

bool tree_rekey(struct tree *tree, const struct cut_keys *keys)
{
    struct span text;
    uint32_t by = 0;
    tree->keys = *keys;
    if (tree->n_cuts == 0 ||
        cut_keys_verify(keys, buf_as_span(&tree->cuts[0]->note), &text, &by, NULL) == OK) {
        return true;
    }
    tree_done(tree);
    tree->pointer = NULL;
    tree->vkey = NULL;
    tree->latest = (struct latest){.package_ms = -1};
    return false;
}

/* latest.json must be what the manifest lists, but for the digest of the manifest, which stands there as zeros. */
static enum err check_pointer(const struct buf *bytes, const struct tree_cut *cut, struct why *why)
{
    static const char name[] = "\"manifest_sha256\":\"";
    const struct manifest_file *listed = manifest_find(&cut->manifest, SPAN("latest.json"));
    const char *at = memmem(bytes->at, bytes->len, name, sizeof name - 1);
    size_t digits = at == NULL ? bytes->len : (size_t)(at - bytes->at) + sizeof name - 1;
    if (listed == NULL || digits + 64 > bytes->len) {
        return why_set(why, ERR_FORGED, "latest.json: the manifest does not list it");
    }
    struct buf zeroed;
    uint8_t got[32];
    buf_init(&zeroed, 0);
    buf_span(&zeroed, buf_as_span(bytes));
    memset(zeroed.at + digits, '0', 64);
    digest_of(buf_as_span(&zeroed), got);
    buf_done(&zeroed);
    return memcmp(got, listed->sha256, 32) == 0
               ? OK
               : why_set(why, ERR_FORGED, "latest.json: not what the manifest of cut %u lists", cut->number);
}

static enum err check_order(const struct tree *tree, const struct latest *latest, struct why *why)
{
    if (tree->n_cuts == 0) {
        return OK;
    }
    const struct tree_cut *newest = tree->cuts[0];
    if (latest->cut < newest->number) {
        return why_set(why, ERR_CONFLICT, "latest.json goes back from cut %u to cut %u", newest->number,
                       latest->cut);
    }
    if (latest->cut > newest->number) {
        return OK;
    }
    return memcmp(latest->manifest, newest->digest, 32) == 0
               ? ERR_EXISTS
               : why_set(why, ERR_CONFLICT, "cut %u has changed after it was published", latest->cut);
}

static const struct tree_cut *held(const struct tree *tree, uint32_t number)
{
    for (uint32_t i = 0; i < tree->n_cuts; i++) {
        if (tree->cuts[i]->number == number) {
            return tree->cuts[i];
        }
    }
    return NULL;
}

static enum err check_chain(const struct tree *tree, const struct tree_cut *cut, struct why *why)
{
    const struct tree_cut *before = cut->number == 0 ? NULL : held(tree, cut->number - 1);
    if (before != NULL &&
        (!cut->manifest.has_previous || memcmp(cut->manifest.previous, before->digest, 32) != 0)) {
        return why_set(why, ERR_CONFLICT, "cut %u does not follow from the cut %u that was published",
                       cut->number, before->number);
    }
    return OK;
}

static bool lists_package(const struct tree_cut *cut, uint32_t package)
{
    char folder[32];
    int n = snprintf(folder, sizeof folder, "package/%u/", package);
    for (uint32_t i = 0; cut != NULL && i < cut->manifest.n_files; i++) {
        if (span_starts(cut->manifest.files[i].path, span_of(folder, (size_t)n))) {
            return true;
        }
    }
    return false;
}

static bool package_is_held(const struct tree *tree, uint32_t package)
{
    for (uint32_t i = 0; i < tree->n_cuts; i++) {
        if (lists_package(tree->cuts[i], package)) {
            return true;
        }
    }
    return lists_package(tree->packages[0], package);
}

/* A package has the number of the cut whose figures it has; the first cut that names it, mostly the next one, lists it. */
static struct tree_cut *find_package(struct tree *tree, const struct latest *latest)
{
    for (uint32_t n = latest->package; n <= latest->cut && n - latest->package < PACKAGE_LATE; n++) {
        struct tree_cut *cut = NULL;
        if (tree_cut_load(tree, n, TREE_PACKAGE, &cut, NULL) == OK && lists_package(cut, latest->package)) {
            return cut;
        }
        tree_cut_free(cut);
    }
    return NULL;
}

/* Holds the package that latest.json names when no held cut brought it. Not having it is no reason to keep the cut
 * back: its files answer 404 until they can be read. */
static void hold_package(struct tree *tree, const struct latest *latest)
{
    if (latest->package_ms < 0 || package_is_held(tree, latest->package)) {
        return;
    }
    struct tree_cut *package = find_package(tree, latest);
    if (package != NULL) {
        tree_cut_free(tree->packages[1]);
        tree->packages[1] = tree->packages[0];
        tree->packages[0] = package;
    }
}

static void push_newest(struct tree *tree, struct tree_cut *cut)
{
    if (tree->n_cuts == TREE_CUTS) {
        bool shorter = tree_shorten(tree);
        assert(shorter);
    }
    memmove(tree->cuts + 1, tree->cuts, tree->n_cuts * sizeof(struct tree_cut *));
    tree->cuts[0] = cut;
    tree->n_cuts++;
}

static enum err hold(struct tree *tree, struct span bytes, struct body **out)
{
    uint8_t digest[32];
    digest_of(bytes, digest);
    return vault_put(tree->vault, digest, bytes, out);
}

/* What changes with each cut: the pointer, and, seldom, the key. */
static enum err hold_head(struct tree *tree, const struct buf *pointer, const struct tree_cut *cut,
                          struct body **bodies)
{
    struct buf line = {0};
    note_key_print(&cut->key, &line);
    buf_char(&line, '\n');
    enum err err = hold(tree, buf_as_span(pointer), &bodies[0]);
    err = err != OK ? err : hold(tree, buf_as_span(&line), &bodies[1]);
    buf_done(&line);
    return err;
}

static enum err advance(struct tree *tree, const struct buf *bytes, struct why *why)
{
    struct latest latest;
    struct tree_cut *cut = NULL;
    struct body *head[2] = {NULL, NULL};
    TRY(latest_parse(buf_as_span(bytes), &latest, why));
    TRY(check_order(tree, &latest, why));
    TRY(tree_cut_load(tree, latest.cut, TREE_WHOLE, &cut, why));
    enum err err = OK;
    if (memcmp(cut->digest, latest.manifest, 32) != 0) {
        err = why_set(why, ERR_FORGED, "latest.json names another manifest of cut %u", latest.cut);
    }
    err = err == OK ? check_pointer(bytes, cut, why) : err;
    err = err == OK ? check_chain(tree, cut, why) : err;
    err = err == OK ? hold_head(tree, bytes, cut, head) : err;
    if (err != OK) {
        tree_cut_free(cut);
        return err;
    }
    push_newest(tree, cut);
    hold_package(tree, &latest);
    tree->latest = latest;
    tree->pointer = head[0];
    tree->vkey = head[1];
    return OK;
}

enum err tree_advance(struct tree *tree, struct why *why)
{
    struct buf bytes;
    buf_init(&bytes, 0);
    enum err err = below_read(tree->folder, "latest.json", LATEST_BYTES_MAX, &bytes, why);
    err = err == OK ? advance(tree, &bytes, why) : err;
    buf_done(&bytes);
    return err;
}

enum err tree_reach_back(struct tree *tree)
{
    struct tree_cut *cut = NULL;
    if (tree->n_cuts == 0 || tree->n_cuts == TREE_CUTS || tree->cuts[tree->n_cuts - 1]->number == 0) {
        return ERR_MISSING;
    }
    const struct tree_cut *oldest = tree->cuts[tree->n_cuts - 1];
    if (tree_cut_load(tree, oldest->number - 1, TREE_OLDER, &cut, NULL) != OK) {
        return ERR_MISSING;
    }
    if (!oldest->manifest.has_previous || memcmp(oldest->manifest.previous, cut->digest, 32) != 0) {
        tree_cut_free(cut);
        return ERR_MISSING;
    }
    tree->cuts[tree->n_cuts++] = cut;
    hold_package(tree, &tree->latest);
    return OK;
}

bool tree_shorten(struct tree *tree)
{
    if (tree->n_cuts <= 1) {
        return false;
    }
    tree_cut_free(tree->cuts[--tree->n_cuts]);
    return true;
}

void tree_facts(const struct tree *tree, struct view_facts *out)
{
    *out = (struct view_facts){.next_ms = -1, .cuts = tree->n_cuts};
    if (tree->n_cuts > 0) {
        out->has_cut = 1;
        out->cut = tree->cuts[0]->number;
        out->time_ms = tree->cuts[0]->time_ms;
        out->next_ms = tree->latest.next_ms;
        out->last = tree->latest.last;
        out->drill = tree->latest.drill;
        out->offset_min = tree->latest.offset_min;
    }
}
