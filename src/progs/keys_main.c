/* atalaya-keys: the ceremony of keys. See docs/man/atalaya-keys.1. */
#include "ceremony/ceremony.h"

int main(int argc, char *argv[])
{
    return ceremony_main(argc, argv);
}
