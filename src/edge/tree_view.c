/* From a tree to a view: the newest cut first, so that entry pages are its own; older cuts add what lasts. */
#include "edge/routes.h"
#include "edge/tree.h"

#include <stdio.h>

/* Files that stay addressable when their cut is not the newest any more. */
static bool is_lasting(struct span path)
{
    return span_starts(path, SPAN("cut/")) || span_starts(path, SPAN("chunk/")) ||
           span_starts(path, SPAN("a/")) || span_starts(path, SPAN("package/"));
}

typedef void (*on_file)(void *arg, struct span path, struct body *body, bool twin, struct tree_cut *cut);

static void each_file(struct tree_cut *cut, bool newest, on_file on, void *arg)
{
    const struct manifest *manifest = &cut->manifest;
    for (uint32_t i = 0; i < manifest->n_files; i++) {
        if (cut->files[i] != NULL && (newest || is_lasting(manifest->files[i].path))) {
            on(arg, manifest->files[i].path, cut->files[i], false, cut);
        }
    }
    for (uint32_t i = 0; i < manifest->n_encodings; i++) {
        if (cut->twins[i] != NULL && (newest || is_lasting(manifest->encodings[i].path))) {
            on(arg, manifest->encodings[i].path, cut->twins[i], true, cut);
        }
    }
}

static void want(void *arg, struct span path, struct body *body, bool twin, struct tree_cut *cut)
{
    (void)path;
    (void)twin;
    (void)cut;
    vault_want(arg, body);
}

void tree_want(struct tree *tree)
{
    for (uint32_t i = 0; i < tree->n_cuts; i++) {
        struct tree_cut *cut = tree->cuts[i];
        each_file(cut, i == 0, want, tree->vault);
        vault_want(tree->vault, cut->note_body);
        if (cut->minisig != NULL) {
            vault_want(tree->vault, cut->minisig);
        }
    }
    for (int i = 0; i < TREE_PACKAGES && tree->packages[i] != NULL; i++) {
        each_file(tree->packages[i], false, want, tree->vault);
    }
    if (tree->pointer != NULL) {
        vault_want(tree->vault, tree->pointer);
    }
    if (tree->vkey != NULL) {
        vault_want(tree->vault, tree->vkey);
    }
}

static struct body *twin_of(struct tree_cut *cut, struct span path, const char *end)
{
    char name[MANIFEST_PATH_MAX + 8];
    int n = snprintf(name, sizeof name, "%.*s%s", SPAN_ARG(path), end);
    const struct manifest_file *twin = manifest_find(&cut->manifest, span_of(name, (size_t)n));
    return twin == NULL ? NULL : cut->twins[twin - cut->manifest.encodings];
}

static void route(void *arg, struct span path, struct body *body, bool twin, struct tree_cut *cut)
{
    struct body *bodies[ENC_COUNT] = {body, NULL, NULL};
    if (!twin) {
        bodies[ENC_GZIP] = twin_of(cut, path, ".gz");
        bodies[ENC_BR] = twin_of(cut, path, ".br");
    }
    routes_add(arg, path, bodies, is_lasting(path) ? KEEP_FOREVER : KEEP_ENTRY);
}

static void route_manifest(struct routes *routes, const struct tree_cut *cut)
{
    char path[64];
    struct body *note[ENC_COUNT] = {cut->note_body, NULL, NULL};
    struct body *minisig[ENC_COUNT] = {cut->minisig, NULL, NULL};
    int n = snprintf(path, sizeof path, "cut/%u/manifest", cut->number);
    routes_add(routes, span_of(path, (size_t)n), note, KEEP_FOREVER);
    if (cut->minisig != NULL) {
        n = snprintf(path, sizeof path, "cut/%u/manifest.minisig", cut->number);
        routes_add(routes, span_of(path, (size_t)n), minisig, KEEP_FOREVER);
    }
}

void tree_view(struct tree *tree, struct routes *routes)
{
    struct body *pointer[ENC_COUNT] = {tree->pointer, NULL, NULL};
    struct body *vkey[ENC_COUNT] = {tree->vkey, NULL, NULL};
    if (tree->pointer != NULL) {
        routes_add(routes, SPAN("latest.json"), pointer, KEEP_POINTER);
    }
    if (tree->vkey != NULL) {
        routes_add(routes, SPAN("log/cut.vkey"), vkey, KEEP_KEY);
    }
    for (uint32_t i = 0; i < tree->n_cuts; i++) {
        each_file(tree->cuts[i], i == 0, route, routes);
        route_manifest(routes, tree->cuts[i]);
    }
    for (int i = 0; i < TREE_PACKAGES && tree->packages[i] != NULL; i++) {
        each_file(tree->packages[i], false, route, routes);
    }
}
