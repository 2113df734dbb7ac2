/* A published tree for one test: a folder of its own, files put into it by path, gone at the end. */
#ifndef TEST_PROOF_FOLDER_H
#define TEST_PROOF_FOLDER_H

#include "os/file.h"
#include "proof/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct folder {
    char path[64];
};

static inline void folder_begin(struct folder *folder)
{
    (void)strcpy(folder->path, "/tmp/atalaya-unit-proof-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
}

static inline void folder_end(struct folder *folder)
{
    struct why why = {""};
    assert_int_equal(folder_remove(folder->path, &why), OK);
}

/* Makes the folders above it, too. */
static inline void folder_put(const struct folder *folder, const char *path, struct span bytes)
{
    char full[FILE_PATH_MAX];
    char above[FILE_PATH_MAX];
    struct why why = {""};
    path_join(full, folder->path, path);
    (void)strcpy(above, full);
    *strrchr(above, '/') = '\0';
    assert_int_equal(folder_make(above, &why), OK);
    assert_int_equal(file_write(full, bytes, false, &why), OK);
}

static inline struct source *folder_source(const struct folder *folder)
{
    struct source *source = NULL;
    struct why why = {""};
    assert_int_equal(source_open(folder->path, &source, &why), OK);
    return source;
}

#endif
