/* Pairs become families by the end of their names: "_ms" and "_s" are told in seconds, "_total" is a counter, a moment is a
 * timestamp, a word is a label. What only grows and what does not stands in no status file, so other numbers are untyped. */
#include "monitor/programs.h"

#include "base/date.h"
#include "base/num.h"
#include "gauges/exposition.h"
#include "os/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { WORD_MAX = 40, PAIRS_MAX = PROGRAMS_MAX * STATUS_PAIRS_MAX };

enum shape { SHAPE_NUMBER, SHAPE_COUNTER, SHAPE_MS, SHAPE_SECONDS, SHAPE_MOMENT, SHAPE_WORD };

struct sample {
    char family[STATUS_NAME_MAX + 32];
    enum shape shape;
    const struct program *program;
    struct span name, word;
    int64_t ms;
    uint64_t number;
};

void programs_init(struct programs *programs)
{
    programs->all = calloc(PROGRAMS_MAX, sizeof *programs->all);
    programs->n = programs->unreadable = 0;
    if (programs->all == NULL) {
        abort();
    }
    for (int i = 0; i < PROGRAMS_MAX; i++) {
        buf_init(&programs->all[i].bytes, 0);
    }
}

void programs_done(struct programs *programs)
{
    for (int i = 0; i < PROGRAMS_MAX; i++) {
        buf_done(&programs->all[i].bytes);
    }
    free(programs->all);
}

static int64_t age_ms(const char *path)
{
    struct stat about;
    struct timespec now;
    if (stat(path, &about) != 0 || clock_gettime(CLOCK_REALTIME, &now) != 0) {
        return 0;
    }
    int64_t ms =
        (int64_t)(now.tv_sec - about.st_mtim.tv_sec) * 1000 + (now.tv_nsec - about.st_mtim.tv_nsec) / 1000000;
    return ms < 0 ? 0 : ms;
}

static bool is_known(const struct programs *programs, struct span name)
{
    for (uint32_t i = 0; i < programs->n; i++) {
        if (span_equal(programs->all[i].name, name)) {
            return true;
        }
    }
    return false;
}

struct folder {
    struct programs *programs;
    const char *path;
};

/* The name is the file's: two programs of one name in two folders are two entries only if their files differ. */
static enum err read_one(void *arg, const char *relative, int64_t size)
{
    const struct folder *folder = arg;
    struct programs *programs = folder->programs;
    char path[FILE_PATH_MAX];
    if (strchr(relative, '/') != NULL || relative[0] == '.' || strchr(relative, '.') != NULL) {
        return OK; /* one that is being written */
    }
    struct program *program = &programs->all[programs->n < PROGRAMS_MAX ? programs->n : 0];
    if (programs->n == PROGRAMS_MAX || size > STATUS_BYTES_MAX) {
        programs->unreadable++;
        return OK;
    }
    buf_clear(&program->bytes);
    enum err err =
        file_read(path_join(path, folder->path, relative), STATUS_BYTES_MAX, &program->bytes, NULL);
    if (err == ERR_MISSING) {
        return OK;
    }
    if (err != OK || status_parse(buf_as_span(&program->bytes), &program->status, NULL) != OK ||
        is_known(programs, program->status.program)) {
        programs->unreadable++;
        return OK;
    }
    program->name = program->status.program;
    program->age_ms = age_ms(path);
    programs->n++;
    return OK;
}

void programs_read(struct programs *programs, const char *const *folders, size_t n_folders)
{
    programs->n = programs->unreadable = 0;
    for (size_t i = 0; i < n_folders; i++) {
        struct folder folder = {.programs = programs, .path = folders[i]};
        if (folder_walk(folders[i], read_one, &folder, NULL) != OK) {
            continue; /* what could be read is told */
        }
    }
}

static bool is_word(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) {
            return false;
        }
    }
    return text.len > 0 && text.len <= WORD_MAX;
}

/* The name without its unit, and the one that Prometheus asks for. */
static void name_family(struct sample *sample, struct span name, size_t cut, const char *suffix)
{
    (void)snprintf(sample->family, sizeof sample->family, "%.*s%s", (int)(name.len - cut), name.at, suffix);
}

/* False: nothing that a monitor can use. */
static bool shape_of(const struct status_pair *pair, struct sample *sample)
{
    bool is_number = num_parse_u64(pair->value, &sample->number) == OK;
    sample->name = pair->name;
    sample->ms = (int64_t)sample->number;
    if (is_number && span_ends(pair->name, SPAN("_ms")) && sample->number < INT64_MAX) {
        sample->shape = SHAPE_MS;
        name_family(sample, pair->name, 3, "_seconds");
    } else if (is_number && span_ends(pair->name, SPAN("_s"))) {
        sample->shape = SHAPE_SECONDS;
        name_family(sample, pair->name, 2, "_seconds");
    } else if (is_number) {
        sample->shape = span_ends(pair->name, SPAN("_total")) ? SHAPE_COUNTER : SHAPE_NUMBER;
        name_family(sample, pair->name, 0, "");
    } else if (date_parse_iso(pair->value, &sample->ms) == OK) {
        sample->shape = SHAPE_MOMENT;
        name_family(sample, pair->name, 0, "_timestamp_seconds");
    } else if (!span_is(pair->value, "-") && is_word(pair->value)) {
        sample->shape = SHAPE_WORD;
        sample->word = pair->value;
        (void)snprintf(sample->family, sizeof sample->family, "word");
    } else {
        return false;
    }
    return true;
}

static int by_family(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    int order = strcmp(x->family, y->family);
    order = order != 0 ? order : (int)x->shape - (int)y->shape;
    return order != 0 ? order : (x->program > y->program) - (x->program < y->program);
}

static void print_sample(struct exposition *to, const struct sample *sample)
{
    const struct exposition_label word[] = {{.name = "program", .value = sample->program->name},
                                            {.name = "name", .value = sample->name},
                                            {.name = "value", .value = sample->word},
                                            {.name = NULL}};
    const struct exposition_label *program = EXPOSITION_ONE("program", sample->program->name);
    if (sample->shape == SHAPE_MS || sample->shape == SHAPE_MOMENT) {
        exposition_ms(to, program, sample->ms);
    } else if (sample->shape == SHAPE_WORD) {
        exposition_u64(to, word, 1);
    } else {
        exposition_u64(to, program, sample->number);
    }
}

static void print_pairs(struct exposition *to, const struct sample *samples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct sample *one = &samples[i], *before = i > 0 ? &samples[i - 1] : NULL;
        bool same = before != NULL && strcmp(before->family, one->family) == 0;
        /* "x_s" beside "x_ms", of one program or of two: the first in order is told. */
        if (same && one->shape != SHAPE_WORD &&
            (before->shape != one->shape || before->program == one->program)) {
            continue;
        }
        if (!same) {
            exposition_family(to, "atalaya_status_", span_str(one->family), "",
                              one->shape == SHAPE_COUNTER  ? EXPOSITION_COUNTER
                              : one->shape == SHAPE_NUMBER ? EXPOSITION_UNTYPED
                                                           : EXPOSITION_GAUGE,
                              one->shape == SHAPE_WORD
                                  ? "1; a word of a program's status file, see docs/formats/status.md."
                                  : "Of the program's status file, see docs/formats/status.md.");
        }
        print_sample(to, one);
    }
}

static void print_programs(struct exposition *to, const struct programs *programs)
{
    static const char *const states[] = {"starting", "running", "degraded", "stopped"};
    exposition_family(to, "atalaya_program_up", SPAN(""), "", EXPOSITION_GAUGE,
                      "1 while a program writes its status file and is not stopped.");
    for (uint32_t i = 0; i < programs->n; i++) {
        const struct program *one = &programs->all[i];
        bool up = one->age_ms <= PROGRAM_GONE_MS && !span_is(one->status.state, "stopped");
        exposition_u64(to, EXPOSITION_ONE("program", one->name), up);
    }
    exposition_family(to, "atalaya_program_status_age_seconds", SPAN(""), "", EXPOSITION_GAUGE,
                      "Since a program last wrote its status file, real time.");
    for (uint32_t i = 0; i < programs->n; i++) {
        exposition_ms(to, EXPOSITION_ONE("program", programs->all[i].name), programs->all[i].age_ms);
    }
    exposition_family(to, "atalaya_program_alarm", SPAN(""), "", EXPOSITION_GAUGE,
                      "1 while a program says that something is wrong.");
    for (uint32_t i = 0; i < programs->n; i++) {
        struct span alarm = programs->all[i].status.alarm;
        exposition_u64(to, EXPOSITION_ONE("program", programs->all[i].name),
                       alarm.len > 0 && !span_is(alarm, "-"));
    }
    exposition_family(to, "atalaya_program_state", SPAN(""), "", EXPOSITION_GAUGE,
                      "1 for the state in which a program says to be.");
    for (uint32_t i = 0; i < programs->n; i++) {
        for (size_t k = 0; k < sizeof states / sizeof *states; k++) {
            exposition_u64(to, EXPOSITION_TWO("program", programs->all[i].name, "state", span_str(states[k])),
                           span_is(programs->all[i].status.state, states[k]));
        }
    }
}

void programs_print(const struct programs *programs, struct buf *out)
{
    struct exposition to = {.out = out};
    struct sample *samples = malloc(PAIRS_MAX * sizeof *samples);
    size_t n = 0;
    if (samples == NULL) {
        abort();
    }
    exposition_gauge(&to, "atalaya_program_files_unreadable",
                     "Files that are no status file, are two of one name, or are too many.",
                     programs->unreadable);
    print_programs(&to, programs);
    for (uint32_t i = 0; i < programs->n; i++) {
        const struct status *status = &programs->all[i].status;
        for (uint32_t k = 0; k < status->n_pairs; k++) {
            samples[n] = (struct sample){.program = &programs->all[i]};
            n += shape_of(&status->pairs[k], &samples[n]);
        }
    }
    qsort(samples, n, sizeof *samples, by_family);
    print_pairs(&to, samples, n);
    free(samples);
}
