/* Files that the copy takes over whole: the ground of a night and its images. */
#include "intake/copy.h"

#include "intake/images.h"
#include "os/file.h"
#include "seal/digest.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { GROUND_FILE_MAX = 128 << 20, IMAGE_FILE_MAX = 16 << 20 };

struct trip {
    const char *from, *to;
    bool private;
    struct why *why;
};

static enum err make_parent(const char *path, struct why *why)
{
    char folder[FILE_PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    return folder_make(folder, why);
}

enum err copy_file(const char *from, const char *to, bool private, struct why *why)
{
    struct buf bytes = {0};
    struct buf there = {0};
    enum err err = file_read(from, GROUND_FILE_MAX, &bytes, why);
    bool same = err == OK && file_read(to, GROUND_FILE_MAX, &there, NULL) == OK &&
                span_equal(buf_as_span(&bytes), buf_as_span(&there));
    if (err == OK && !same) {
        err = make_parent(to, why);
        if (err == OK) {
            err = private ? file_write_private(to, buf_as_span(&bytes), why)
                          : file_write(to, buf_as_span(&bytes), true, why);
        }
    }
    buf_done(&bytes);
    buf_done(&there);
    return err;
}

static enum err copy_one(void *arg, const char *relative, int64_t size)
{
    struct trip *trip = arg;
    char from[FILE_PATH_MAX];
    char to[FILE_PATH_MAX];
    (void)size;
    return copy_file(path_join(from, trip->from, relative), path_join(to, trip->to, relative), trip->private,
                     trip->why);
}

enum err copy_ground(const char *from, const char *to, bool keys, struct why *why)
{
    static const struct {
        const char *name;
        bool private;
    } folders[] = {{"election", false}, {"keys", true}};
    char source[FILE_PATH_MAX];
    char target[FILE_PATH_MAX];
    TRY(folder_make(to, why));
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        struct trip trip = {path_join(source, from, folders[i].name), path_join(target, to, folders[i].name),
                            folders[i].private, why};
        if (file_exists(source) && (keys || !folders[i].private)) {
            TRY(folder_walk(source, copy_one, &trip, why));
        }
    }
    path_join(source, from, "night.ini");
    return file_exists(source) ? copy_file(source, path_join(target, to, "night.ini"), false, why) : OK;
}

/* A rotation puts another key in the place of one: who goes on from the copy signs with what the ledger binds by now. What the
 * signers remember is not among these: it would be ahead of the journal. */
enum err copy_keys(const char *from, const char *to, struct copy_keys_seen *seen, struct why *why)
{
    static const char *const names[] = {"keys/cut.key", "keys/log.key", "keys/cut.key.pub",
                                        "keys/log.key.pub", "keys/policy.note"};
    struct copy_keys_seen now = {0};
    char source[FILE_PATH_MAX];
    char target[FILE_PATH_MAX];
    for (int i = 0; i < 2; i++) {
        struct stat info;
        if (stat(path_join(source, from, names[i]), &info) == 0) {
            now.keys[i][0] = (uint64_t)info.st_ino;
            now.keys[i][1] = (uint64_t)info.st_mtim.tv_sec;
            now.keys[i][2] = (uint64_t)info.st_mtim.tv_nsec;
        }
    }
    if (memcmp(&now, seen, sizeof now) == 0) {
        return OK;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct why missed = {{0}};
        enum err err =
            copy_file(path_join(source, from, names[i]), path_join(target, to, names[i]), true, &missed);
        if (err != OK && err != ERR_MISSING) {
            return why_set(why, err, "%s", missed.text);
        }
    }
    *seen = now;
    return OK;
}

static enum err copy_checked(const char *from, const char *to, const unsigned char digest[32],
                             struct why *why)
{
    struct buf bytes = {0};
    uint8_t found[DIGEST_LEN];
    enum err err = file_read(from, IMAGE_FILE_MAX, &bytes, why);
    if (err == OK) {
        digest_of(buf_as_span(&bytes), found);
        err = memcmp(found, digest, DIGEST_LEN) == 0
                  ? OK
                  : why_set(why, ERR_FORGED, "%s: its bytes are not those of its name", from);
    }
    if (err == OK) {
        err = make_parent(to, why);
    }
    if (err == OK) {
        err = file_write(to, buf_as_span(&bytes), false, why);
    }
    buf_done(&bytes);
    return err;
}

enum err copy_image(const char *from, const char *to, const unsigned char digest[32], struct why *why)
{
    static const char *const extensions[] = {"jpg", "png"};
    for (int i = 0; i < 2; i++) {
        char name[IMAGE_PATH_MAX];
        char source[FILE_PATH_MAX];
        char target[FILE_PATH_MAX];
        image_path(digest, extensions[i], name);
        if (file_exists(path_join(target, to, name))) {
            return OK;
        }
        if (file_exists(path_join(source, from, name))) {
            return copy_checked(source, target, digest, why);
        }
    }
    return why_set(why, ERR_MISSING, "an image that an entry names is not in %s", from);
}
