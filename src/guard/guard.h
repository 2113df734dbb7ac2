/* `atalaya site VERB`: the institutional site's sealed copy. It seals a document root, tells what differs from it, puts it
 * back, and decides how the site's edge serves it (docs/formats/site.md). It touches nothing of the results' plane. */
#ifndef GUARD_GUARD_H
#define GUARD_GUARD_H

/* argv[1] is the verb. The exit code: 0 all well or done, 1 something differs or is damaged, 2 it could not be done. */
int guard_main(int argc, char *argv[]);

#endif
