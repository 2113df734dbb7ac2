/* One file and its twins. */
#include "cut/press.h"

#include "os/append.h"
#include "os/file.h"
#include "seal/digest.h"

#include <assert.h>
#include <stdio.h>

static const char *const suffixes[3] = {"", ".gz", ".br"};

void press_init(struct press *press, int gzip_level, int brotli_quality)
{
    *press = (struct press){.squeezer = squeezer_new(gzip_level, brotli_quality)};
    arena_init(&press->names, 0);
}

void press_done(struct press *press)
{
    squeezer_free(press->squeezer);
    buf_done(&press->twins[0]);
    buf_done(&press->twins[1]);
    manifest_done(&press->manifest);
    arena_done(&press->names);
}

void press_clear(struct press *press)
{
    manifest_done(&press->manifest);
    press->manifest.encoders = span_str(squeeze_versions());
    arena_reset(&press->names);
    press->n_made = 0;
}

void press_bytes(struct press *press, struct span bytes, bool text, struct pressed *out)
{
    *out = (struct pressed){.twins = text && bytes.len >= TWIN_MIN};
    out->bytes[0] = bytes.len;
    digest_of(bytes, out->sha256[0]);
    if (!out->twins) {
        return;
    }
    buf_clear(&press->twins[0]);
    buf_clear(&press->twins[1]);
    squeeze_gzip(press->squeezer, bytes, &press->twins[0]);
    squeeze_brotli(press->squeezer, bytes, &press->twins[1]);
    for (int i = 0; i < 2; i++) {
        out->bytes[i + 1] = press->twins[i].len;
        digest_of(buf_as_span(&press->twins[i]), out->sha256[i + 1]);
    }
}

static enum err parent_make(struct press *press, const char *path, struct why *why)
{
    char parent[FILE_PATH_MAX];
    const char *slash = strrchr(path, '/');
    assert(slash != NULL && slash != path);
    size_t len = (size_t)(slash - path);
    assert(len < sizeof parent);
    memcpy(parent, path, len);
    parent[len] = '\0';
    for (unsigned i = 0; i < 8 && i < press->n_made; i++) {
        if (strcmp(press->made[i], parent) == 0) {
            return OK;
        }
    }
    TRY(folder_make(parent, why));
    if (len < sizeof press->made[0]) {
        memcpy(press->made[press->n_made++ % 8], parent, len + 1);
    }
    return OK;
}

enum err press_write(struct press *press, const char *path, struct span bytes, const struct pressed *pressed,
                     struct why *why)
{
    TRY(parent_make(press, path, why));
    TRY(file_write_new(path, bytes, why));
    for (int i = 0; pressed->twins && i < 2; i++) {
        char twin[FILE_PATH_MAX];
        int n = snprintf(twin, sizeof twin, "%s%s", path, suffixes[i + 1]);
        assert(n > 0 && n < FILE_PATH_MAX);
        TRY(file_write_new(twin, buf_as_span(&press->twins[i]), why));
    }
    return OK;
}

void press_unwrite(const char *path)
{
    for (int i = 0; i < 3; i++) {
        char twin[FILE_PATH_MAX];
        snprintf(twin, sizeof twin, "%s%s", path, suffixes[i]);
        (void)!file_remove(twin, NULL);
    }
}

void press_list(struct press *press, const char *site_path, const struct pressed *pressed)
{
    size_t len = strlen(site_path);
    for (int i = 0; i < (pressed->twins ? 3 : 1); i++) {
        char *path = arena_alloc(&press->names, len + 4);
        assert(path != NULL);
        memcpy(path, site_path, len);
        memcpy(path + len, suffixes[i], strlen(suffixes[i]));
        manifest_add(&press->manifest, span_of(path, len + strlen(suffixes[i])), pressed->sha256[i],
                     pressed->bytes[i]);
    }
}
