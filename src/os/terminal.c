/* How wide a terminal is, and what of a line fits into it. */
#include "os/terminal.h"

#include <sys/ioctl.h>

enum { CUSTOM = 80 };

unsigned terminal_columns(int fd)
{
    struct winsize size = {0};
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : CUSTOM;
}

struct span terminal_fit(struct span line, unsigned columns)
{
    size_t len = 0;
    for (unsigned n = 0; len < line.len && n < columns; n++) {
        do {
            len++; /* the bytes after a character's first are 10xxxxxx */
        } while (len < line.len && ((unsigned char)line.at[len] & 0xC0) == 0x80);
    }
    return span_of(line.at, len);
}
