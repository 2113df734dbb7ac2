/* One file and its twins. */
#include "cut/press.h"

#include "os/append.h"
#include "os/file.h"
#include "seal/digest.h"

#include <assert.h>
#include <stdio.h>

const char *const press_suffixes[ENCODINGS] = {"", ".gz", ".br"};

/* By measurement (docs/decisions/twins.md). A brotli quality of 0: no such twin. */
static const struct {
    int gzip, brotli;
} levels[PRESS_KINDS] = {
    [PRESS_FRONT] = {6, 5},
    [PRESS_AREA] = {1, 0},
    [PRESS_ROWS] = {3, 0},
    [PRESS_DATABASE] = {4, 3},
};

void press_init(struct press *press)
{
    *press = (struct press){0};
}

void press_done(struct press *press)
{
    for (int i = 0; i < PRESS_KINDS; i++) {
        squeezer_free(press->squeezers[i]);
    }
    for (int i = 0; i + 1 < ENCODINGS; i++) {
        buf_done(&press->twins[i]);
    }
}

void press_forget(struct press *press)
{
    press->n_made = 0;
    memset(press->made, 0, sizeof press->made);
}

unsigned press_encodings(enum press_as as, size_t bytes)
{
    return levels[as].gzip == 0 || bytes < TWIN_MIN ? 1 : levels[as].brotli == 0 ? 2 : 3;
}

void press_bytes(struct press *press, struct span bytes, enum press_as as, struct pressed *out)
{
    *out = (struct pressed){0};
    digest_of(bytes, out->sha256[0]);
    press_hashed(press, bytes, as, out);
}

void press_hashed(struct press *press, struct span bytes, enum press_as as, struct pressed *out)
{
    out->n = press_encodings(as, bytes.len);
    out->bytes[0] = bytes.len;
    if (out->n > 1 && press->squeezers[as] == NULL) {
        press->squeezers[as] = squeezer_new(levels[as].gzip, levels[as].brotli);
    }
    for (unsigned i = 1; i < out->n; i++) {
        struct buf *twin = &press->twins[i - 1];
        buf_clear(twin);
        (i == 1 ? squeeze_gzip : squeeze_brotli)(press->squeezers[as], bytes, twin);
        out->bytes[i] = twin->len;
        digest_of(buf_as_span(twin), out->sha256[i]);
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
    for (unsigned i = 1; i < pressed->n; i++) {
        char twin[FILE_PATH_MAX];
        int n = snprintf(twin, sizeof twin, "%s%s", path, press_suffixes[i]);
        assert(n > 0 && n < FILE_PATH_MAX);
        TRY(file_write_new(twin, buf_as_span(&press->twins[i - 1]), why));
    }
    return OK;
}

void press_unwrite(const char *path)
{
    for (unsigned i = 0; i < ENCODINGS; i++) {
        char twin[FILE_PATH_MAX];
        snprintf(twin, sizeof twin, "%s%s", path, press_suffixes[i]);
        (void)!file_remove(twin, NULL);
    }
}
