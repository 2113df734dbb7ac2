/* O_TMPFILE, and the same file again for reading. */
#include "edge/pack.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 4096 };

void pack_init(struct pack *pack, const char *folder)
{
    *pack = (struct pack){.folder = folder, .write = -1, .read = -1};
}

static bool begin(struct pack *pack)
{
    char again[40];
    if (pack->folder == NULL) {
        return false;
    }
    pack->write = open(pack->folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0400);
    (void)snprintf(again, sizeof again, "/proc/self/fd/%d", pack->write);
    pack->read = pack->write < 0 ? -1 : open(again, O_RDONLY | O_CLOEXEC);
    if (pack->read < 0) {
        log_line(LOG_WARN, "no_packs", "why=\"%s\"", strerror(errno));
        pack_drop(pack);
        pack->folder = NULL; /* memory does it too */
        return false;
    }
    return true;
}

bool pack_add(struct pack *pack, struct span bytes, uint64_t *offset)
{
    if (pack->write < 0 && !begin(pack)) {
        return false;
    }
    uint64_t from = (pack->len + PAGE - 1) / PAGE * PAGE;
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = pwrite(pack->write, bytes.at + done, bytes.len - done, (off_t)(from + done));
        if (n <= 0) {
            return false;
        }
        done += (size_t)n;
    }
    *offset = from;
    pack->len = from + bytes.len;
    return true;
}

int pack_take(struct pack *pack)
{
    int read = pack->read;
    if (pack->write >= 0) {
        close(pack->write);
    }
    pack_init(pack, pack->folder);
    return read;
}

void pack_drop(struct pack *pack)
{
    int read = pack_take(pack);
    if (read >= 0) {
        close(read);
    }
}
