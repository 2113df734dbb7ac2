/* The roles of atalaya-cut, each the main of a process. */
#ifndef CUT_ROLE_H
#define CUT_ROLE_H

#include "cut/cut.h"

struct role_options {
    const struct cut_options *options;
    int signer; /* the cut role's end of the pair */
};
/* The role `cut`: argument struct role_options. */
int cut_role_main(void *arg);

#endif
