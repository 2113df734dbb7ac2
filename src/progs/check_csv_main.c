/* atalaya-check-csv: check_csv_verb.h says what it does. */
#include "check_csv_verb.h"

int main(int argc, char **argv)
{
    return check_csv_verb(argc, argv);
}
