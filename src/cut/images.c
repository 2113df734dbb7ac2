/* The images of the actas that cuts cover, put where readers find them. */
#include "cut/images.h"

#include "os/append.h"
#include "os/file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { IMAGE_BYTES_MAX = 8 << 20 };

enum err images_init(struct images *images, const char *dir, struct why *why)
{
    *images = (struct images){0};
    int from = snprintf(images->from, sizeof images->from, "%s/images", dir);
    int to = snprintf(images->to, sizeof images->to, "%s/public/acta", dir);
    int next = snprintf(images->next, sizeof images->next, "%s/run/acta", dir);
    if (from >= IMAGES_PATH_MAX || to >= IMAGES_PATH_MAX || next >= IMAGES_PATH_MAX) {
        return why_set(why, ERR_TOO_BIG, "the path of the images is too long: %.200s", dir);
    }
    TRY(folder_make(images->to, why));
    images->ahead = folder_is_empty(images->to);
    return folder_remove(images->next, why); /* of one that was stopped: who knows what it was for */
}

void images_done(struct images *images)
{
    free(images->due);
    *images = (struct images){0};
}

void images_note(struct images *images, uint64_t index, struct span entry)
{
    static const char line_start[] = "\nimage ";
    const char *line = span_starts(entry, SPAN("prep-acta/v1\n"))
                           ? memmem(entry.at, entry.len, line_start, sizeof line_start - 1)
                           : NULL;
    struct span rest =
        line == NULL ? SPAN("") : span_from(entry, (size_t)(line - entry.at) + sizeof line_start - 1);
    struct span digest = span_cut(&rest, ' ');
    if (digest.len != 64) {
        return; /* "-": none */
    }
    if (images->n == images->cap) {
        images->cap = images->cap == 0 ? 1024 : images->cap * 2;
        images->due = realloc(images->due, images->cap * sizeof *images->due);
        assert(images->due != NULL);
    }
    struct image_due *due = &images->due[images->n++];
    *due = (struct image_due){.index = index};
    bool fits = span_copy(digest, due->hex, sizeof due->hex);
    assert(fits);
}

/* The two folders, opened once for all names. `from` is -1 when nothing was ever stored. */
struct places {
    const char *from_path, *to_path;
    int from, to;
    bool copies; /* where no second name can be given a copy is made */
};

static enum err places_open(const struct images *images, const char *to, struct places *out, struct why *why)
{
    *out = (struct places){
        .from_path = images->from, .to_path = to, .from = -1, .to = -1, .copies = to == images->to};
    enum err err = folder_open(images->from, &out->from, why);
    if (err == ERR_MISSING) {
        why->text[0] = '\0';
    }
    return err == OK || err == ERR_MISSING ? folder_open(to, &out->to, why) : err;
}

static void places_close(struct places *places)
{
    folder_close(places->from);
    folder_close(places->to);
}

/* "aa/{hex}.{kind}" and, from the fourth byte, the name alone. */
enum { IMAGE_NAME = 3 + 64 + 1 + 3 };

static const char *name_make(char out[IMAGE_NAME + 1], const char *hex, const char *kind)
{
    memcpy(out, hex, 2);
    out[2] = '/';
    memcpy(out + 3, hex, 64);
    out[3 + 64] = '.';
    memcpy(out + 3 + 64 + 1, kind, 4);
    return out;
}

static enum err give_name(const struct places *places, const char *hex, const char *kind,
                          const char *kind_there, struct why *why)
{
    char from[IMAGE_NAME + 1], to[IMAGE_NAME + 1];
    name_make(from, hex, kind);
    name_make(to, hex, kind_there);
    enum err err = file_link_at(places->from, from, places->to, to + 3);
    if (err != ERR_IO || !places->copies) {
        return err;
    }
    char from_path[IMAGES_PATH_MAX + IMAGE_NAME + 2], to_path[IMAGES_PATH_MAX + IMAGE_NAME + 2];
    snprintf(from_path, sizeof from_path, "%s/%s", places->from_path, from);
    snprintf(to_path, sizeof to_path, "%s/%s", places->to_path, to + 3);
    return file_link(from_path, to_path, IMAGE_BYTES_MAX, why);
}

/* Pages link to {sha256}.jpg, for an entry does not say which kind its image is: a PNG gets that name too, besides its
 * own. */
static enum err publish_one(const struct places *places, const char *hex, struct why *why)
{
    enum err err = give_name(places, hex, "jpg", "jpg", why);
    if (err != ERR_MISSING) {
        return err;
    }
    TRY(give_name(places, hex, "png", "png", why));
    return give_name(places, hex, "png", "jpg", why);
}

/* New ones always; of those that were not stored when their own cut was made so many a cut, in turn: a night that keeps
 * its images elsewhere would else ask for every one of them at every cut. */
static bool is_turn(const struct images *images, uint32_t i)
{
    return i >= images->waiting || (i >= images->turn && i - images->turn < IMAGES_RETRIED);
}

/* From here on each image is named when its cut is made. */
static void ahead_end(struct images *images)
{
    images->ahead = false;
    images->named = 0;
    for (uint32_t i = 0; i < images->looked; i++) {
        images->due[i].named = false;
    }
}

bool images_name_ahead(struct images *images)
{
    struct places places;
    struct why ignored = {{0}};
    if (!images->ahead && images->next_there) {
        images->next_there = folder_remove(images->next, &ignored) != OK;
    }
    if (!images->ahead || images->looked == images->n) {
        return false;
    }
    images->next_there = true;
    if (folder_make(images->next, &ignored) != OK ||
        places_open(images, images->next, &places, &ignored) != OK) {
        ahead_end(images);
        return false;
    }
    enum err err = OK;
    for (int i = 0; i < IMAGES_AHEAD && images->looked < images->n && err != ERR_IO; i++) {
        struct image_due *due = &images->due[images->looked++];
        err = places.from < 0 ? ERR_MISSING : publish_one(&places, due->hex, &ignored);
        due->named = err == OK;
        images->named += due->named;
    }
    places_close(&places);
    if (err == ERR_IO) {
        ahead_end(images); /* the two lie on different disks */
    }
    return images->looked < images->n;
}

/* Puts the folder of those that were named ahead in the place of the public one, if that is empty and the cut covers all of them. */
static void publish_named(struct images *images, uint64_t log_size)
{
    uint32_t kept = 0;
    uint32_t waiting = 0;
    if (images->named == 0) {
        return;
    }
    for (uint32_t i = 0; i < images->looked; i++) {
        if (images->due[i].named && images->due[i].index >= log_size) {
            return;
        }
    }
    if (file_rename(images->next, images->to, NULL) != OK) {
        ahead_end(images);
        return;
    }
    for (uint32_t i = 0; i < images->n; i++) {
        if (!images->due[i].named) {
            waiting += i < images->waiting;
            images->due[kept++] = images->due[i];
        }
    }
    images->n = kept;
    images->waiting = waiting;
    images->turn = 0;
    images->looked = 0;
    ahead_end(images);
}

enum err images_publish(struct images *images, uint64_t log_size, struct why *why)
{
    publish_named(images, log_size);
    uint32_t kept = 0;
    uint32_t waiting = 0;
    uint32_t next = 0;
    uint32_t looked = 0;
    struct places places;
    enum err first = images->n == 0 ? OK : places_open(images, images->to, &places, why);
    if (images->n == 0 || first != OK) {
        return first;
    }
    for (uint32_t i = 0; i < images->n; i++) {
        const struct image_due due = images->due[i];
        bool covered = due.index < log_size;
        bool turn = covered && is_turn(images, i);
        enum err err = turn && places.from >= 0 ? publish_one(&places, due.hex, why) : ERR_MISSING;
        if (err != OK) {
            looked += i < images->looked;
            images->due[kept++] = due;
            waiting += covered;
        } else {
            images->ahead = false;
        }
        next = turn && i < images->waiting ? kept : next;
        first = first == OK && err != ERR_MISSING ? err : first;
    }
    places_close(&places);
    images->n = kept;
    images->waiting = waiting;
    images->turn = next < waiting ? next : 0;
    images->looked = looked;
    if (!images->ahead) {
        ahead_end(images);
    }
    return first;
}
