/* One look at the feed: pointer, manifests back to the cut we have, files, switch. */
#include "mirror/pull.h"

#include "base/codec.h"
#include "os/clock.h"
#include "os/file.h"
#include "seal/digest.h"
#include "seal/minisig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_BYTES_LIMIT = 256 << 20, LOOK_AGAIN = 3, ERROR_PAGE_BYTES = 8192 };

enum err pull_get_at(struct pull *pull, const char *base, struct span path, uint64_t limit, struct why *why)
{
    struct client_answer answer;
    if (pull->options.busy != NULL) {
        pull->options.busy(pull->options.busy_arg);
    }
    buf_clear(&pull->url);
    buf_str(&pull->url, base);
    buf_span(&pull->url, path);
    buf_clear(&pull->body);
    TRY(client_get(pull->client, buf_cstr(&pull->url), NULL, limit, &pull->body, &answer, why));
    if (answer.status != 200) {
        return why_set(why, ERR_MISSING, "la fuente contesta %d a /%.*s", answer.status, SPAN_ARG(path));
    }
    pull->files_fetched++;
    pull->bytes_fetched += answer.bytes;
    return OK;
}

enum err pull_get(struct pull *pull, struct span path, uint64_t limit, struct why *why)
{
    return pull_get_at(pull, pull->options.feed, path, limit, why);
}

enum err pull_get_exact(struct pull *pull, struct span path, const uint8_t sha256[32], uint64_t bytes,
                        struct why *why)
{
    if (bytes > FILE_BYTES_LIMIT) {
        return why_set(why, ERR_TOO_BIG, "/%.*s: más de %d MiB", SPAN_ARG(path), FILE_BYTES_LIMIT >> 20);
    }
    /* Room for an error page, so that a small file that is not there is missing and not too big. */
    TRY(pull_get(pull, path, bytes < ERROR_PAGE_BYTES ? ERROR_PAGE_BYTES : bytes, why));
    uint8_t found[DIGEST_LEN];
    digest_of(buf_as_span(&pull->body), found);
    if (pull->body.len != bytes || memcmp(found, sha256, sizeof found) != 0) {
        return why_set(why, ERR_FORGED, "/%.*s: no son los bytes que dice el manifiesto", SPAN_ARG(path));
    }
    return OK;
}

enum err pull_manifest(const struct pull *pull, struct span note, struct manifest *out, struct span *text,
                       struct note_key *by, struct why *why)
{
    struct cut_keys keys;
    uint32_t place = 0;
    TRY(keys_now(pull, &keys, why));
    enum err err = cut_keys_verify(&keys, note, text, &place, why);
    if (err != OK) {
        return ERR_FORGED; /* also a note that no key of the cuts has signed */
    }
    *by = keys.keys[place].key;
    TRY(manifest_parse(*text, out, why));
    for (int list = 0; list < 2; list++) {
        const struct manifest_file *files = list == 0 ? out->files : out->encodings;
        uint32_t n = list == 0 ? out->n_files : out->n_encodings;
        for (uint32_t i = 0; i < n; i++) {
            if (place_of(files[i].path, out->cut) == PLACE_FOREIGN) {
                err = why_set(why, ERR_REFUSED, "el manifiesto %u nombra /%.*s, que no es de un corte",
                              out->cut, SPAN_ARG(files[i].path));
                manifest_done(out);
                return err;
            }
        }
    }
    return OK;
}

bool pull_zero_digest(struct buf *latest)
{
    static const char key[] = "\"manifest_sha256\":\"";
    char *at = latest->len == 0 ? NULL : memmem(latest->at, latest->len, key, sizeof key - 1);
    if (at == NULL || latest->len - (size_t)(at - latest->at) < sizeof key - 1 + DIGEST_HEX) {
        return false;
    }
    memset(at + sizeof key - 1, '0', DIGEST_HEX);
    return true;
}

/* The pointer's bytes against the manifest's line for it. */
static enum err check_pointer(struct span pointer, const struct manifest *manifest, struct why *why)
{
    const struct manifest_file *line = manifest_find(manifest, SPAN("latest.json"));
    if (line == NULL) {
        return why_set(why, ERR_FORGED, "el manifiesto %u no nombra latest.json", manifest->cut);
    }
    struct buf zeroed = {0};
    buf_span(&zeroed, pointer);
    uint8_t found[DIGEST_LEN];
    bool is = pull_zero_digest(&zeroed);
    digest_of(buf_as_span(&zeroed), found);
    is = is && zeroed.len == line->bytes && memcmp(found, line->sha256, sizeof found) == 0;
    buf_done(&zeroed);
    return is ? OK : why_set(why, ERR_FORGED, "latest.json no es el que firmó el corte %u", manifest->cut);
}

bool pull_entry_copy(const struct pull *pull, uint32_t cut, const struct manifest_file *file, struct buf *out)
{
    char path[FILE_PATH_MAX];
    uint8_t found[DIGEST_LEN];
    int n = snprintf(path, sizeof path, "%s/cut/%u/" MANIFEST_ENTRY_COPIES "%.*s", pull->stage.public, cut,
                     SPAN_ARG(file->path));
    assert(n > 0 && n < FILE_PATH_MAX);
    buf_clear(out);
    if (file->bytes > FILE_BYTES_LIMIT || file_read(path, file->bytes, out, NULL) != OK) {
        return false;
    }
    digest_of(buf_as_span(out), found);
    return out->len == file->bytes && memcmp(found, file->sha256, sizeof found) == 0;
}

/* Fetches one file of a manifest into the stage, unless it is here. */
static enum err want(struct pull *pull, uint32_t cut, const struct manifest_file *file, enum place place,
                     struct why *why)
{
    bool replaced = place == PLACE_ENTRY;
    if (replaced && pull_entry_copy(pull, cut, file, &pull->body)) {
        return stage_put(&pull->stage, file->path, buf_as_span(&pull->body), true, why);
    }
    if (!replaced && stage_published(&pull->stage, file->path)) {
        return OK; /* immutable, and verified when it came */
    }
    struct why missing = {{0}};
    enum err err =
        pull_get_exact(pull, file->path, file->sha256, file->bytes, place == PLACE_PACKAGE ? &missing : why);
    if (err == ERR_MISSING && place == PLACE_PACKAGE) {
        if (!pull->still && !pull->last_look) {
            return why_set(why, ERR_AGAIN, "%s",
                           missing.text); /* the feed may have moved on to a newer one */
        }
        return OK; /* an origin that was made again has the next one; the cut does not wait for it */
    }
    TRY(err);
    return stage_put(&pull->stage, file->path, buf_as_span(&pull->body), replaced, why);
}

/* All files of a manifest whose place is in the mask; of packages only the newest, and of every one its sums. Twins come after the plain files. */
static enum err want_places(struct pull *pull, const struct manifest *manifest, unsigned mask,
                            const struct latest *latest, struct why *why)
{
    for (int list = 0; list < 2; list++) {
        const struct manifest_file *files = list == 0 ? manifest->files : manifest->encodings;
        uint32_t n = list == 0 ? manifest->n_files : manifest->n_encodings;
        for (uint32_t i = 0; i < n; i++) {
            enum place place = place_of(files[i].path, manifest->cut);
            bool sums = span_ends(files[i].path, SPAN("/SHA256SUMS"));
            bool skipped =
                place == PLACE_PACKAGE && !sums && !place_in_package(files[i].path, latest->package);
            if ((mask >> place & 1) != 0 && !skipped) {
                TRY(want(pull, manifest->cut, &files[i], place, why));
            }
        }
    }
    return OK;
}

/* minisign's file beside a manifest, for those who check with that program. A tree may have none. */
static enum err stage_minisig(struct pull *pull, uint32_t cut, struct span note, const struct note_key *by,
                              struct why *why)
{
    char path[64];
    struct why missing = {{0}};
    snprintf(path, sizeof path, "cut/%u/manifest.minisig", cut);
    enum err err = pull_get(pull, span_str(path), ERROR_PAGE_BYTES, &missing);
    if (err == ERR_MISSING) {
        return OK;
    }
    if (err != OK) {
        return why_set(why, err, "%s", missing.text);
    }
    if (minisig_verify(by, note, buf_as_span(&pull->body), why) != OK) {
        return ERR_FORGED;
    }
    return stage_put(&pull->stage, span_str(path), buf_as_span(&pull->body), false, why);
}

static enum err stage_manifest(struct pull *pull, uint32_t cut, struct span note, const struct note_key *by,
                               struct why *why)
{
    char path[64];
    snprintf(path, sizeof path, "cut/%u/manifest", cut);
    TRY(stage_minisig(pull, cut, note, by, why));
    return stage_put(&pull->stage, span_str(path), note, false, why);
}

/* The cut before the one that `manifest` belongs to must be ours, or lead to ours: two histories are refused.
 * Between lie cuts that we missed: their manifests are kept. */
struct link {
    uint32_t cut;
    bool has_previous;
    uint8_t previous[DIGEST_LEN];
};

static enum err check_history(const struct pull *pull, const struct link *link, struct why *why)
{
    if (!pull->has || link->cut == pull->cut) {
        return OK; /* nothing to compare with, or our own cut once more: its digest was compared */
    }
    if (!link->has_previous || memcmp(link->previous, pull->manifest, DIGEST_LEN) != 0) {
        return why_set(why, ERR_FORGED,
                       "la fuente cuenta otra historia: su corte %u no sigue a nuestro corte %u", link->cut,
                       pull->cut);
    }
    return OK;
}

static enum err walk_step(struct pull *pull, struct link *link, const struct latest *latest, struct why *why)
{
    char path[64];
    snprintf(path, sizeof path, "cut/%u/manifest", link->cut - 1);
    TRY(pull_get(pull, span_str(path), MANIFEST_BYTES_MAX, why));
    struct buf note = {0};
    buf_span(&note, buf_as_span(&pull->body));
    struct manifest manifest = {0};
    struct note_key by;
    struct span text;
    enum err err = pull_manifest(pull, buf_as_span(&note), &manifest, &text, &by, why);
    if (err == OK) {
        uint8_t found[DIGEST_LEN];
        digest_of(text, found);
        if (manifest.cut != link->cut - 1 || memcmp(found, link->previous, DIGEST_LEN) != 0) {
            err = why_set(why, ERR_FORGED, "el manifiesto %u no es el que el corte %u nombra como anterior",
                          link->cut - 1, link->cut);
        }
    }
    if (err == OK) {
        err = want_places(pull, &manifest, 1u << PLACE_PACKAGE, latest, why);
    }
    if (err == OK) {
        err = stage_manifest(pull, manifest.cut, buf_as_span(&note), &by, why);
    }
    if (err == OK) {
        *link = (struct link){.cut = manifest.cut, .has_previous = manifest.has_previous};
        memcpy(link->previous, manifest.previous, DIGEST_LEN);
    }
    manifest_done(&manifest);
    buf_done(&note);
    return err;
}

static enum err walk_back(struct pull *pull, const struct manifest *newest, const struct latest *latest,
                          struct why *why)
{
    struct link link = {.cut = newest->cut, .has_previous = newest->has_previous};
    memcpy(link.previous, newest->previous, DIGEST_LEN);
    while (link.has_previous && link.cut > (pull->has ? pull->cut + 1 : 0)) {
        TRY(walk_step(pull, &link, latest, why));
    }
    return check_history(pull, &link, why);
}

static enum err bring(struct pull *pull, const struct latest *latest, const struct manifest *manifest,
                      const struct note_key *by, struct span note, struct span pointer, struct why *why)
{
    uint8_t mine[DIGEST_LEN];
    struct span text, signatures;
    TRY(note_split(note, &text, &signatures));
    digest_of(text, mine);
    if (manifest->cut != latest->cut || memcmp(mine, latest->manifest, DIGEST_LEN) != 0) {
        return why_set(why, ERR_FORGED, "latest.json y el manifiesto %u no son del mismo corte", latest->cut);
    }
    TRY(check_pointer(pointer, manifest, why));
    TRY(walk_back(pull, manifest, latest, why));
    unsigned immutable = 1u << PLACE_CUT | 1u << PLACE_SHARED | 1u << PLACE_PACKAGE;
    TRY(want_places(pull, manifest, immutable, latest, why));
    TRY(stage_manifest(pull, manifest->cut, note, by, why));
    /* What is immutable goes up first, the images with it. */
    struct why slow = {{0}};
    TRY(stage_publish(&pull->stage, why));
    TRY(pull_scan_images(pull, manifest->log_size, why));
    (void)!pull_images(pull, pull->options.image_ms,
                       &slow); /* the rest comes later; a page without one says so */
    TRY(want_places(pull, manifest, 1u << PLACE_ENTRY, latest, why));
    TRY(keys_show(pull, by, why));
    TRY(stage_put(&pull->stage, SPAN("latest.json"), pointer, true, why));
    TRY(stage_publish(&pull->stage, why));
    pull->has = true;
    pull->repair = false;
    pull->cut = latest->cut;
    pull->cut_ms = latest->time_ms;
    pull->next_ms = latest->next_ms;
    pull->last = latest->last;
    pull->log_size = latest->log_size;
    memcpy(pull->manifest, mine, DIGEST_LEN);
    return OK;
}

/* The log has the cut's entry, and it names this very manifest. */
static enum err check_entry(const struct pull *pull, const struct manifest *manifest, struct span text,
                            struct why *why)
{
    uint8_t found[DIGEST_LEN];
    const struct follow_cut *entry = follow_find(pull, manifest->cut);
    digest_of(text, found);
    assert(entry != NULL);
    if (memcmp(found, entry->manifest, sizeof found) != 0 || manifest->log_size > entry->index) {
        return why_set(why, ERR_FORGED, "el registro tiene otro corte %u que el que ofrece la fuente",
                       manifest->cut);
    }
    return OK;
}

static enum err adopt(struct pull *pull, const struct latest *latest, struct span pointer, struct why *why)
{
    char path[64];
    snprintf(path, sizeof path, "cut/%u/manifest", latest->cut);
    TRY(pull_get(pull, span_str(path), MANIFEST_BYTES_MAX, why));
    struct buf note = {0};
    buf_span(&note, buf_as_span(&pull->body));
    struct manifest manifest = {0};
    struct note_key by;
    struct span text;
    enum err err = pull_manifest(pull, buf_as_span(&note), &manifest, &text, &by, why);
    if (err == OK) {
        err = check_entry(pull, &manifest, text, why);
    }
    if (err == OK) {
        err = bring(pull, latest, &manifest, &by, buf_as_span(&note), pointer, why);
    }
    manifest_done(&manifest);
    buf_done(&note);
    if (err != OK) {
        stage_drop(&pull->stage);
    }
    return err;
}

/* The pointer as the feed has it now. */
static enum err look(struct pull *pull, struct buf *pointer, struct latest *latest, struct why *why)
{
    TRY(pull_get(pull, SPAN("latest.json"), LATEST_BYTES_MAX, why));
    buf_clear(pointer);
    buf_span(pointer, buf_as_span(&pull->body));
    pull->files_fetched--; /* a look is no file */
    return latest_parse(buf_as_span(pointer), latest, why);
}

static bool is_ours(const struct pull *pull, const struct latest *latest)
{
    return pull->has && latest->cut == pull->cut && memcmp(latest->manifest, pull->manifest, DIGEST_LEN) == 0;
}

static bool never_believed(enum err err)
{
    return err == ERR_FORGED || err == ERR_REFUSED || err == ERR_SYNTAX || err == ERR_RANGE ||
           err == ERR_CONFLICT || err == ERR_TOO_BIG;
}

/* `before` is the pointer of the look before this one. */
static enum err look_and_adopt(struct pull *pull, struct span before, struct buf *pointer, bool *new,
                               struct why *why)
{
    struct latest latest;
    enum err err = look(pull, pointer, &latest, why);
    pull->still = span_equal(before, buf_as_span(pointer));
    if (err == ERR_MISSING && !pull->has) {
        *why = (struct why){{0}};      /* no trouble of its own: the log may have one to tell */
        return follow_look(pull, why); /* the feed answers and has no cut yet: the night has not begun */
    }
    TRY(err);
    TRY(follow_look(pull, why));
    bool ours = is_ours(pull, &latest);
    if (ours && !pull->repair) {
        return follow_proofs(pull, why);
    }
    if (pull->has && !ours && latest.cut <= pull->cut) {
        return why_set(why, ERR_FORGED,
                       "la fuente ofrece el corte %u después del %u: un corte no vuelve atrás", latest.cut,
                       pull->cut);
    }
    if (follow_find(pull, latest.cut) == NULL) {
        return OK; /* its entry is not signed yet: a checkpoint comes every second */
    }
    TRY(adopt(pull, &latest, buf_as_span(pointer), why));
    *new = true;
    return follow_proofs(pull, why); /* a feed that always has a newer cut must not keep the codes away */
}

/* The feed moves on while we read: an entry page of the next cut is no forgery, and a package that it has no more no loss. So
 * what does not fit is looked at again, and believed to be wrong only when the pointer stands still; else it is left for the next
 * look. */
enum pull_result pull_once(struct pull *pull, struct why *why)
{
    struct buf pointer = {0}, before = {0};
    bool new = false;
    enum err err = OK;
    for (int again = 0; again < LOOK_AGAIN; again++) {
        *why = (struct why){{0}};
        pull->last_look = again + 1 == LOOK_AGAIN;
        buf_clear(&before);
        buf_span(&before, buf_as_span(&pointer));
        err = look_and_adopt(pull, buf_as_span(&before), &pointer, &new, why);
        if (err == OK || (err != ERR_AGAIN && !never_believed(err)) || pull->still) {
            break;
        }
    }
    buf_done(&pointer);
    buf_done(&before);
    if (err == OK || ((err == ERR_AGAIN || never_believed(err)) && !pull->still)) {
        return new ? PULL_NEW : PULL_SAME;
    }
    if (never_believed(err)) {
        pull->rejected++;
        return PULL_REJECTED;
    }
    return PULL_LOST;
}
