/* `atalaya keys VERB`: the ceremony of keys. One file a verb; each is a small program that reads its own options. */
#ifndef CEREMONY_CEREMONY_H
#define CEREMONY_CEREMONY_H

/* argv[1] is the verb. The exit code: 0 done or all well, 1 what was examined is wrong, 2 it could not be done. */
int ceremony_main(int argc, char *argv[]);

#endif
