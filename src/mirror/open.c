/* Opening what a mirror holds: nothing is believed because it lies there. The current cut's manifest is
 * verified again, and every file that it names is hashed; what does not match is removed and fetched anew. */
#include "mirror/pull.h"

#include "os/file.h"
#include "seal/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool matches(const char *path, const struct manifest_file *file, bool pointer)
{
    struct buf bytes = {0};
    uint8_t found[DIGEST_LEN];
    bool is = file_read(path, file->bytes, &bytes, NULL) == OK && bytes.len == file->bytes;
    is = is && (!pointer || pull_zero_digest(&bytes));
    digest_of(buf_as_span(&bytes), found);
    is = is && memcmp(found, file->sha256, sizeof found) == 0;
    buf_done(&bytes);
    return is;
}

/* An entry page of another cut, left by a power cut in the middle of a switch: the cut's own copy takes its place. */
static bool restore(const struct pull *pull, uint32_t cut, const struct manifest_file *file, const char *path)
{
    struct buf copy = {0};
    struct why ignored;
    bool is = place_of(file->path, cut) == PLACE_ENTRY && pull_entry_copy(pull, cut, file, &copy) &&
              file_write(path, buf_as_span(&copy), true, &ignored) == OK;
    buf_done(&copy);
    return is;
}

/* Hashes every file of the manifest; removes those that do not match. False when one did not. */
static bool check_files(const struct pull *pull, const struct manifest *manifest)
{
    bool all = true;
    for (int list = 0; list < 2; list++) {
        const struct manifest_file *files = list == 0 ? manifest->files : manifest->encodings;
        uint32_t n = list == 0 ? manifest->n_files : manifest->n_encodings;
        for (uint32_t i = 0; i < n; i++) {
            char name[MANIFEST_PATH_MAX + 1], path[FILE_PATH_MAX];
            (void)span_copy(files[i].path, name, sizeof name);
            path_join(path, pull->stage.public, name);
            bool pointer = place_of(files[i].path, manifest->cut) == PLACE_POINTER;
            if (!matches(path, &files[i], pointer) && !restore(pull, manifest->cut, &files[i], path)) {
                all = false;
                unlink(path);
            }
        }
    }
    return all;
}

static void take(struct pull *pull, const struct latest *latest)
{
    pull->has = true;
    pull->cut = latest->cut;
    pull->cut_ms = latest->time_ms;
    pull->next_ms = latest->next_ms;
    pull->last = latest->last;
    pull->log_size = latest->log_size;
    memcpy(pull->manifest, latest->manifest, DIGEST_LEN);
}

/* What latest.json points to, verified. ERR_MISSING: there is nothing yet. */
static enum err check_held(struct pull *pull, struct buf *pointer, struct buf *note, struct why *why)
{
    char path[FILE_PATH_MAX], name[64];
    struct latest latest;
    struct manifest manifest = {0};
    struct note_key by;
    struct span text;
    uint8_t found[DIGEST_LEN];
    TRY(file_read(path_join(path, pull->stage.public, "latest.json"), LATEST_BYTES_MAX, pointer, why));
    TRY(latest_parse(buf_as_span(pointer), &latest, why));
    snprintf(name, sizeof name, "cut/%u/manifest", latest.cut);
    TRY(file_read(path_join(path, pull->stage.public, name), MANIFEST_BYTES_MAX, note, why));
    TRY(pull_manifest(pull, buf_as_span(note), &manifest, &text, &by, why));
    digest_of(text, found);
    enum err err = OK;
    if (manifest.cut != latest.cut || memcmp(found, latest.manifest, DIGEST_LEN) != 0) {
        err = why_set(why, ERR_FORGED, "latest.json y su manifiesto no son del mismo corte");
    } else {
        take(pull, &latest);
        pull->repair = !check_files(pull, &manifest);
    }
    manifest_done(&manifest);
    return err;
}

enum err pull_open(struct pull *pull, const struct pull_options *options, struct why *why)
{
    *pull = (struct pull){.options = *options};
    const struct client_options client = {.connect_ms = 2000, .total_ms = 60000, .stall_s = 8};
    TRY(stage_open(&pull->stage, options->dir, why));
    TRY(client_new(&client, &pull->client, why));
    TRY(pinned_open(pull, why));
    TRY(keys_open(pull, why));
    TRY(keys_show_line(pull, &pull->pinned.now[0], "log/vkey", why));
    TRY(follow_open(pull, why));
    TRY(keys_keep(pull, why));
    struct buf pointer = {0}, note = {0};
    struct why held = {{0}};
    enum err err = check_held(pull, &pointer, &note, &held);
    buf_done(&pointer);
    buf_done(&note);
    if (err != OK) {
        /* Nothing that can be believed: what points to it goes; hashed pieces stay and are hashed when used.
         */
        char path[FILE_PATH_MAX];
        unlink(path_join(path, pull->stage.public, "latest.json"));
        return OK;
    }
    struct why scan = {{0}};
    if (follow_find(pull, pull->cut) == NULL || pull_scan_images(pull, pull->log_size, &scan) != OK) {
        pull->repair = true;
    }
    return OK;
}

void pull_close(struct pull *pull)
{
    client_free(pull->client);
    follow_close(pull);
    pinned_close(pull);
    stage_done(&pull->stage);
    free(pull->images);
    buf_done(&pull->body);
    buf_done(&pull->url);
}
