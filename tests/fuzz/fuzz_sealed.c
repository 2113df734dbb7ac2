/* Sealed sites and modes: what parses prints back byte for byte, no path leads out of the folder or through what is no
 * folder, and every refusal has a sentence. */
#include "doors/sealed.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_sealed(struct span bytes)
{
    struct sealed sealed;
    struct buf printed = {0};
    struct why why = {{0}};
    if (sealed_parse(bytes, &sealed, &why) != OK) {
        assert(why.text[0] != '\0');
        return;
    }
    sealed_print(&sealed, &printed);
    assert(span_equal(bytes, buf_as_span(&printed)));
    for (uint32_t i = 0; i < sealed.n_entries; i++) {
        struct span path = sealed.entries[i].path;
        assert(sealed_path_good(path) && path.at[path.len] == '\0');
        assert(sealed_find(&sealed, path) == &sealed.entries[i]);
    }
    buf_done(&printed);
    sealed_done(&sealed);
}

static void try_mode(struct span bytes)
{
    struct site_mode mode;
    struct buf printed = {0};
    struct why why = {{0}};
    if (site_mode_parse(bytes, &mode, &why) != OK) {
        assert(why.text[0] != '\0');
        return;
    }
    site_mode_print(&mode, &printed);
    assert(span_equal(bytes, buf_as_span(&printed)));
    buf_done(&printed);
    site_mode_done(&mode);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_sealed(span_of((const char *)data, size));
    try_mode(span_of((const char *)data, size));
    return 0;
}
