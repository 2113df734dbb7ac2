/* Command lines by a table. */
#include "os/options.h"

#include "base/buf.h"
#include "base/name.h"
#include "base/num.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    NAMES_MAX = 64,
    COLUMN = 24,
    ARGUMENT_MAX = 3072 /* with what is put behind a folder it is still a path */
};

static void wrap(struct buf *out, const char *text)
{
    buf_str(out, text);
    buf_char(out, '\n');
}

static void row_help(const struct option_row *row, struct buf *out)
{
    size_t start = out->len;
    buf_printf(out, "  --%s%s%s", row->name, row->value != NULL ? " " : "",
               row->value != NULL ? row->value : "");
    if (out->len - start > COLUMN - 2) {
        buf_char(out, '\n');
        start = out->len;
    }
    while (out->len - start < COLUMN) {
        buf_char(out, ' ');
    }
    buf_printf(out, "%s\n%*s%s\n", row->es, COLUMN, "", row->en);
}

void command_help(const struct command *command, struct buf *out)
{
    buf_printf(out, "%s %s\n\n", command->program, command->usage);
    wrap(out, command->es);
    wrap(out, command->en);
    buf_char(out, '\n');
    for (size_t i = 0; i < command->n_rows; i++) {
        row_help(&command->rows[i], out);
    }
    static const struct option_row always[] = {
        {.name = "help", .es = "esta ayuda", .en = "this help"},
        {.name = "version", .es = "la versión", .en = "the version"},
    };
    row_help(&always[0], out);
    row_help(&always[1], out);
    if (command->more != NULL) {
        buf_printf(out, "\n%s%s", command->more, span_ends(span_str(command->more), SPAN("\n")) ? "" : "\n");
    }
}

static int print(const struct command *command, bool help)
{
    struct buf out;
    buf_init(&out, 0);
    if (help) {
        command_help(command, &out);
    } else {
        buf_printf(&out, "%s %s\n", command->program, ATALAYA_VERSION);
    }
    fwrite(out.at, 1, out.len, stdout);
    buf_done(&out);
    return 0;
}

static const struct option_row *find(const struct command *command, struct span name)
{
    for (size_t i = 0; i < command->n_rows; i++) {
        if (span_is(name, command->rows[i].name)) {
            return &command->rows[i];
        }
    }
    return NULL;
}

static int unknown(const struct command *command, struct span name)
{
    const char *names[NAMES_MAX];
    size_t n = 0;
    assert(command->n_rows + 2 <= NAMES_MAX);
    for (; n < command->n_rows; n++) {
        names[n] = command->rows[n].name;
    }
    names[n++] = "help";
    names[n++] = "version";
    fprintf(stderr,
            "%s: no hay opción --%.*s; ¿quiso decir --%s? / there is no option --%.*s; did you mean --%s?\n",
            command->program, SPAN_ARG(name), name_nearest(names, n, name), SPAN_ARG(name),
            name_nearest(names, n, name));
    return 2;
}

static int bad_number(const struct command *command, const struct option_row *row, const char *value)
{
    fprintf(stderr,
            "%s: --%s %s: se espera un número de %lld a %lld / a number from %lld to %lld is expected\n",
            command->program, row->name, value, (long long)row->min, (long long)row->max, (long long)row->min,
            (long long)row->max);
    return 2;
}

static int take_value(const struct command *command, const struct option_row *row, const char *value)
{
    struct option_many *many = row->out;
    int64_t number = 0;
    switch (row->kind) {
    case OPTION_TEXT:
        *(const char **)row->out = value;
        return -1;
    case OPTION_NUMBER:
        if (num_parse_i64(span_str(value), &number) != OK || number < row->min || number > row->max) {
            return bad_number(command, row, value);
        }
        *(int64_t *)row->out = number;
        return -1;
    case OPTION_MANY:
        if (many->n == OPTION_MANY_MAX) {
            fprintf(stderr, "%s: --%s: demasiadas veces / too many times\n", command->program, row->name);
            return 2;
        }
        many->values[many->n++] = value;
        return -1;
    case OPTION_FLAG:
        break;
    }
    *(bool *)row->out = true;
    return -1;
}

/* "--name", "--name=value" or "--name value"; *i moves past what was taken. */
static int take_option(const struct command *command, int argc, char *const argv[], int *i)
{
    struct span rest = span_str(argv[*i] + 2);
    struct span name = span_cut(&rest, '=');
    if (rest.at == NULL && (span_is(name, "help") || span_is(name, "version"))) {
        return print(command, span_is(name, "help"));
    }
    const struct option_row *row = find(command, name);
    if (row == NULL) {
        return unknown(command, name);
    }
    const char *value = rest.at;
    if (row->kind == OPTION_FLAG && value != NULL) {
        fprintf(stderr, "%s: --%s no lleva valor / takes no value\n", command->program, row->name);
        return 2;
    }
    if (row->kind != OPTION_FLAG && value == NULL) {
        if (*i + 1 >= argc) {
            fprintf(stderr, "%s: a --%s le falta %s / needs a value\n", command->program, row->name,
                    row->value);
            return 2;
        }
        value = argv[++*i];
    }
    return take_value(command, row, value);
}

static bool given(const struct option_row *row)
{
    if (row->kind == OPTION_MANY) {
        return ((const struct option_many *)row->out)->n > 0;
    }
    return row->kind != OPTION_TEXT || *(const char *const *)row->out != NULL;
}

static int check_whole(const struct command *command, size_t n_words)
{
    for (size_t i = 0; i < command->n_rows; i++) {
        if (command->rows[i].needed && !given(&command->rows[i])) {
            fprintf(stderr, "%s: falta --%s %s (--help lo explica) / --%s is needed (see --help)\n",
                    command->program, command->rows[i].name, command->rows[i].value, command->rows[i].name);
            return 2;
        }
    }
    if (n_words < command->min_words) {
        fprintf(stderr, "%s %s\n%s --help\n", command->program, command->usage, command->program);
        return 2;
    }
    return -1;
}

static int too_long(const struct command *command, int argc, char *const argv[])
{
    for (int i = 1; i < argc; i++) {
        if (strlen(argv[i]) > ARGUMENT_MAX) {
            fprintf(stderr, "%s: \"%.40s…\": más de %d bytes / longer than %d bytes\n", command->program,
                    argv[i], ARGUMENT_MAX, ARGUMENT_MAX);
            return 2;
        }
    }
    return -1;
}

int command_parse(const struct command *command, int argc, char *const argv[], const char **words,
                  size_t *n_words)
{
    size_t n = 0;
    bool options = true;
    if (too_long(command, argc, argv) >= 0) {
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && strncmp(argv[i], "--", 2) == 0) {
            int code = take_option(command, argc, argv, &i);
            if (code >= 0) {
                return code;
            }
        } else if (n == command->max_words) {
            fprintf(stderr, "%s: sobra \"%s\" / \"%s\" is one too many; --help\n", command->program, argv[i],
                    argv[i]);
            return 2;
        } else {
            words[n++] = argv[i];
        }
    }
    if (n_words != NULL) {
        *n_words = n;
    }
    return check_whole(command, n);
}
