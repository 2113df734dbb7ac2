/* Content-addressed images. One syncfs a group carries files and names together: with many images it is the
 * only sync there is, however many they are. */
#include "intake/images.h"

#include "base/codec.h"
#include "intake/image_check.h"
#include "os/append.h"
#include "os/file.h"

#include <stdio.h>

void image_path(const uint8_t digest[32], const char *extension, char out[IMAGE_PATH_MAX])
{
    char hex[65];
    hex_print(hex, digest, 32);
    snprintf(out, IMAGE_PATH_MAX, "%.2s/%s.%s", hex, hex, extension);
}

/* file_write puts a new file over whatever lies there: a leftover of a group that never committed is not
 * trusted. */
static enum err write_image(const char *path, struct span bytes, struct why *why)
{
    enum err err = file_write(path, bytes, false, NULL);
    if (err != ERR_MISSING) {
        return err == OK ? OK : why_set(why, err, "image %s: %s", path, err_name(err));
    }
    char folder[FILE_PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    TRY(folder_make(folder, why));
    return file_write(path, bytes, false, why);
}

enum err images_add(struct images *images, const uint8_t digest[32], struct span bytes, struct why *why)
{
    char name[IMAGE_PATH_MAX];
    char path[FILE_PATH_MAX];
    image_path(digest, image_extension(bytes), name);
    path_join(path, images->dir, name);
    TRY(write_image(path, bytes, why));
    buf_add(&images->paths, path, strlen(path) + 1);
    images->n++;
    return OK;
}

enum err images_sync(struct images *images, struct why *why)
{
    return images->n == 0 ? OK : file_sync_all(images->dir, why);
}

void images_drop(struct images *images)
{
    for (size_t at = 0; at < images->paths.len; at += strlen(images->paths.at + at) + 1) {
        enum err ignored = file_remove(images->paths.at + at, NULL); /* a leftover does no harm */
        (void)ignored;
    }
    images_begin(images);
}

void images_begin(struct images *images)
{
    buf_clear(&images->paths);
    images->n = 0;
}
