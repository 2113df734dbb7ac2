/* Taking a folder's content away but for a few files, so that who looks meanwhile sees all of it or none. */
#include "os/append.h"
#include "os/file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char AWAY[] = ".gone-"; /* a name that begins with a dot is no part of a published tree */

static bool stays(const char *const *stay, const char *name)
{
    while (*stay != NULL && strcmp(*stay, name) != 0) {
        stay++;
    }
    return *stay != NULL;
}

/* ERR_MISSING: there is no such folder. */
static enum err anything_to_remove(const char *folder, const char *const *stay, bool *out)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    *out = false;
    if (dir == NULL) {
        return errno == ENOENT ? ERR_MISSING : ERR_IO;
    }
    while (!*out && (entry = readdir(dir)) != NULL) {
        bool self = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        *out = !self && !stays(stay, entry->d_name);
    }
    closedir(dir);
    return OK;
}

/* Where the kernel or the file system cannot exchange two names: one file after the other, `mark` last. */
struct sweep {
    const char *folder;
    const char *const *stay;
    const char *mark;
    struct why *why;
};

static enum err sweep_file(void *arg, const char *relative, int64_t size)
{
    const struct sweep *sweep = arg;
    char path[FILE_PATH_MAX];
    (void)size;
    bool left = stays(sweep->stay, relative) || (sweep->mark != NULL && strcmp(relative, sweep->mark) == 0);
    return left ? OK : file_remove(path_join(path, sweep->folder, relative), sweep->why);
}

static enum err one_by_one(const char *folder, const char *const *stay, const char *mark, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct sweep sweep = {folder, stay, mark, why};
    TRY(folder_walk(folder, sweep_file, &sweep, why));
    TRY(folder_prune(folder, why));
    return mark == NULL ? OK : file_remove(path_join(path, folder, mark), why);
}

/* DIR/.gone-NAME of DIR/NAME; and DIR into `parent`. */
static void aside_of(const char *folder, char aside[FILE_PATH_MAX], char parent[FILE_PATH_MAX])
{
    const char *slash = strrchr(folder, '/');
    assert(slash != NULL && slash[1] != '\0');
    int n = snprintf(parent, FILE_PATH_MAX, "%.*s", (int)(slash - folder), folder);
    int m = snprintf(aside, FILE_PATH_MAX, "%s/%s%s", parent, AWAY, slash + 1);
    assert(n > 0 && m > n && m < FILE_PATH_MAX);
}

/* What stays, under the name aside. ERR_MISSING is no trouble: it need not be there. */
static enum err link_what_stays(const char *folder, const char *aside, const char *const *stay,
                                struct why *why)
{
    TRY(folder_remove(aside, why));
    TRY(folder_make(aside, why));
    for (; *stay != NULL; stay++) {
        char from[FILE_PATH_MAX], to[FILE_PATH_MAX];
        path_join(from, folder, *stay);
        if (link(from, path_join(to, aside, *stay)) != 0 && errno != ENOENT) {
            return why_set(why, ERR_IO, "link %s: %s", to, strerror(errno));
        }
    }
    return folder_sync(aside, why);
}

enum err folder_strip(const char *folder, const char *const *stay, const char *mark, struct why *why)
{
    char aside[FILE_PATH_MAX], parent[FILE_PATH_MAX];
    bool any = false;
    enum err err = anything_to_remove(folder, stay, &any);
    if (err != OK || !any) {
        return err == ERR_MISSING || err == OK ? OK : why_set(why, err, "look through %s", folder);
    }
    aside_of(folder, aside, parent);
    TRY(link_what_stays(folder, aside, stay, why));
    if (renameat2(AT_FDCWD, folder, AT_FDCWD, aside, RENAME_EXCHANGE) != 0) {
        TRY(folder_remove(aside, why));
        return one_by_one(folder, stay, mark, why);
    }
    TRY(folder_sync(parent, why)); /* before the files' other names go */
    return folder_remove(aside, why);
}

enum err folder_strip_tidy(const char *parent, struct why *why)
{
    char path[FILE_PATH_MAX];
    DIR *dir = opendir(parent);
    enum err err = OK;
    struct dirent *entry;
    while (dir != NULL && err == OK && (entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, AWAY, sizeof AWAY - 1) == 0) {
            err = folder_remove(path_join(path, parent, entry->d_name), why);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return err;
}
