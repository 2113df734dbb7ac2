/* check-csv: is a published PREP database what it says it is? Exit 0: yes. 1: something in it is wrong. 2: it could not be examined.
 * The one verb that ends in a few milliseconds: the front does it itself, for to become another program costs a tenth of them. */
#ifndef PROGS_CHECK_CSV_VERB_H
#define PROGS_CHECK_CSV_VERB_H

/* Once a process: what it allocates goes with it. Returns the exit code. */
int check_csv_verb(int argc, char **argv);

#endif
