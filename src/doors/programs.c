/* Walking the programs' folder. */
#include "doors/programs.h"

#include "os/file.h"
#include "os/proc.h"
#include "seal/digest.h"

#include <string.h>

struct walk {
    struct buf *lines;
    const char *dir;
};

static enum err hash_program(void *arg, const char *relative, int64_t size)
{
    const struct walk *walk = arg;
    char path[FILE_PATH_MAX];
    char hex[DIGEST_HEX + 1];
    struct mapped program = {0};
    (void)size;
    if (strncmp(relative, "atalaya", 7) != 0 || strchr(relative, '/') != NULL) {
        return OK;
    }
    TRY(file_map(path_join(path, walk->dir, relative), &program, NULL));
    digest_hex(program.bytes, hex);
    file_unmap(&program);
    buf_printf(walk->lines, "%s %s\n", hex, relative);
    return OK;
}

enum err programs_list(struct buf *out, struct why *why)
{
    char dir[FILE_PATH_MAX];
    struct walk walk = {.lines = out, .dir = dir};
    TRY(program_path("atalaya-intake", dir, why));
    *strrchr(dir, '/') = '\0';
    return folder_walk(dir, hash_program, &walk, why);
}
