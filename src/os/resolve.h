/* Opening what lies beneath a folder: through no symbolic link anywhere on the way and never out of the folder, so that whoever
 * changes names meanwhile cannot lead us elsewhere. */
#ifndef OS_RESOLVE_H
#define OS_RESOLVE_H

/* The path is relative to `folder` (open, also O_PATH). Gives a descriptor, or -1 with errno: ELOOP a link, EXDEV out of the folder
 * (a ".." is refused even where it would stay inside, when openat2 is not to be had). */
int resolve_open(int folder, const char *path, int flags);

#endif
