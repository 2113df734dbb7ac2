/* Command lines by a table: one row a setting gives parsing, check and help. Long options only ("--dir DIR" or
 * "--dir=DIR"); what does not start with "--" is a word; "--" ends the options. --help and --version are always there. */
#ifndef OS_OPTIONS_H
#define OS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_TEXT,   /* out: const char ** */
    OPTION_NUMBER, /* out: int64_t *, min..max */
    OPTION_FLAG,   /* out: bool *, becomes true */
    OPTION_MANY    /* out: struct option_many *, repeatable */
};

enum { OPTION_MANY_MAX = 64 };
struct option_many {
    const char *values[OPTION_MANY_MAX];
    size_t n;
};

struct option_row {
    const char *name;  /* without dashes */
    const char *value; /* what stands for it in the help: "DIR", "N"; NULL for flags */
    enum option_kind kind;
    void *out;
    int64_t min, max;
    bool needed;
    const char *es, *en; /* one line each */
};

struct command {
    const char *program; /* "atalaya-cut" */
    const char *usage;   /* "--dir DIR [opciones]" */
    const char *es, *en; /* what it does, some sentences each */
    const char *more;    /* examples, exit codes; may be NULL */
    const struct option_row *rows;
    size_t n_rows;
    size_t min_words, max_words;
};

/* Fills in what the rows point to; words[] gets the others (room for max_words). Returns -1 to go on, or the exit code: 0
 * after --help or --version (printed to stdout), 2 after a sentence on stderr that names the option and the nearest one. */
int command_parse(const struct command *command, int argc, char *const argv[], const char **words,
                  size_t *n_words);

/* The help as command_parse prints it. */
struct buf;
void command_help(const struct command *command, struct buf *out);

#endif
