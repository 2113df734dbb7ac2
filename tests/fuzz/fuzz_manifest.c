/* Manifests and the pointer: what parses prints back byte for byte, no path leads out of the folder, and every refusal
 * has a sentence. */
#include "doors/latest.h"
#include "doors/manifest.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_manifest(struct span bytes)
{
    struct manifest manifest;
    struct buf printed = {0};
    struct why why = {{0}};
    if (manifest_parse(bytes, &manifest, &why) != OK) {
        assert(why.text[0] != '\0');
        return;
    }
    manifest_print(&manifest, &printed);
    assert(span_equal(bytes, buf_as_span(&printed)));
    for (uint32_t i = 0; i < manifest.n_files; i++) {
        struct span path = manifest.files[i].path;
        assert(path.at[0] != '/' && path.at[0] != '.' && memmem(path.at, path.len, "/.", 2) == NULL);
        assert(manifest_find(&manifest, path) == &manifest.files[i]);
    }
    buf_done(&printed);
    manifest_done(&manifest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = span_of((const char *)data, size);
    struct latest latest;
    struct why why = {{0}};
    try_manifest(bytes);
    if (latest_parse(bytes, &latest, &why) != OK) {
        assert(why.text[0] != '\0');
    }
    return 0;
}
