/* Passphrases: from the terminal, unseen, or a line of standard input where there is none. */
#include "ceremony/parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static enum err read_line(int fd, char out[PASSPHRASE_MAX], size_t *len)
{
    size_t n = 0;
    char c = '\0';
    while (read(fd, &c, 1) == 1 && c != '\n') {
        if (n == PASSPHRASE_MAX) {
            return ERR_TOO_BIG;
        }
        out[n++] = c;
    }
    *len = n;
    return n > 0 ? OK : ERR_MISSING;
}

enum err ceremony_ask(void *arg, const char *name, char out[PASSPHRASE_MAX], size_t *len)
{
    const char *what = arg == NULL ? "contraseña de / passphrase of" : arg;
    struct termios seen, unseen;
    int tty = isatty(STDIN_FILENO) ? open("/dev/tty", O_RDWR | O_CLOEXEC) : -1;
    if (tty < 0 || tcgetattr(tty, &seen) != 0) {
        if (tty >= 0) {
            close(tty);
        }
        return read_line(STDIN_FILENO, out, len);
    }
    unseen = seen;
    unseen.c_lflag &= ~(tcflag_t)ECHO;
    dprintf(tty, "%s %s: ", what, name);
    (void)tcsetattr(tty, TCSAFLUSH, &unseen);
    enum err err = read_line(tty, out, len);
    (void)tcsetattr(tty, TCSAFLUSH, &seen);
    dprintf(tty, "\n");
    close(tty);
    return err;
}

enum err ceremony_ask_new(const char *name, char out[PASSPHRASE_MAX], size_t *len, struct why *why)
{
    char again[PASSPHRASE_MAX];
    char words[] = "otra vez / once more,";
    size_t again_len = 0;
    enum err err = ceremony_ask(NULL, name, out, len);
    if (err == OK && isatty(STDIN_FILENO)) {
        err = ceremony_ask(words, name, again, &again_len);
        if (err == OK && (again_len != *len || memcmp(again, out, *len) != 0)) {
            err = ERR_CONFLICT;
        }
        explicit_bzero(again, sizeof again);
    }
    return err == OK
               ? OK
               : why_set(why, err, "sin contraseña, o dos distintas / no passphrase, or two different ones");
}
