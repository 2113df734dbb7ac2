/* What the operating system answered, in a sentence for the person who has to do something about it: Spanish first. */
#ifndef OS_SAID_H
#define OS_SAID_H

#include "base/err.h"

/* "no se pudo abrir PATH: no existe / open: No such file or directory". `deed` is an English word or two that said.c knows in
 * Spanish, `number` the errno. Returns `err`. */
enum err said(struct why *why, enum err err, const char *deed, const char *path, int number);

/* "PATH: no existe / No such file or directory", where it is plain what was tried. */
enum err said_of(struct why *why, enum err err, const char *path, int number);

/* "no existe": an errno's words alone, English where there is no row for it. */
const char *said_es(int number);

#endif
