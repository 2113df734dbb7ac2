/* The images of the actas that cuts cover, put where readers find them. */
#include "cut/images.h"

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
    if (from >= IMAGES_PATH_MAX || to >= IMAGES_PATH_MAX) {
        return why_set(why, ERR_TOO_BIG, "the path of the images is too long: %.200s", dir);
    }
    return folder_make(images->to, why);
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
    due->index = index;
    bool fits = span_copy(digest, due->hex, sizeof due->hex);
    assert(fits);
}

/* Pages link to {sha256}.jpg, for an entry does not say which kind its image is: a PNG gets that name too, besides its
 * own. */
static enum err publish_one(const struct images *images, const char *hex, struct why *why)
{
    static const struct {
        const char *from, *to;
    } names[] = {{"jpg", "jpg"}, {"png", "png"}, {"png", "jpg"}};
    enum err err = ERR_MISSING;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char from[IMAGES_PATH_MAX + 80], to[IMAGES_PATH_MAX + 80];
        snprintf(from, sizeof from, "%s/%.2s/%s.%s", images->from, hex, hex, names[i].from);
        snprintf(to, sizeof to, "%s/%s.%s", images->to, hex, names[i].to);
        enum err given = file_link(from, to, IMAGE_BYTES_MAX, why);
        if (given == OK && i == 0) {
            return OK;
        }
        err = given == ERR_MISSING ? err : given;
    }
    return err;
}

/* New ones always; of those that were not stored when their own cut was made so many a cut, in turn: a night that keeps
 * its images elsewhere would else ask for every one of them at every cut. */
static bool is_turn(const struct images *images, uint32_t i)
{
    return i >= images->waiting || (i >= images->next && i - images->next < IMAGES_RETRIED);
}

enum err images_publish(struct images *images, uint64_t log_size, struct why *why)
{
    uint32_t kept = 0;
    uint32_t waiting = 0;
    uint32_t next = 0;
    enum err first = OK;
    for (uint32_t i = 0; i < images->n; i++) {
        const struct image_due due = images->due[i];
        bool covered = due.index < log_size;
        bool turn = covered && is_turn(images, i);
        enum err err = turn ? publish_one(images, due.hex, why) : ERR_MISSING;
        if (err != OK) {
            images->due[kept++] = due;
            waiting += covered;
        }
        next = turn && i < images->waiting ? kept : next;
        first = first == OK && err != ERR_MISSING ? err : first;
    }
    images->n = kept;
    images->waiting = waiting;
    images->next = next < waiting ? next : 0;
    return first;
}
