/* atalaya-site: the institutional site's guard. See docs/man/atalaya-site.1. */
#include "guard/guard.h"

int main(int argc, char *argv[])
{
    return guard_main(argc, argv);
}
