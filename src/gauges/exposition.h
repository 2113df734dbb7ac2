/* Prometheus' text format 0.0.4, family by family: a family is begun once, with its help and kind, and its samples follow at
 * once. Names and kinds are ours (asserted); the values of labels may be anybody's and are quoted. Integers only: milliseconds
 * are printed as the seconds that Prometheus asks for. */
#ifndef GAUGES_EXPOSITION_H
#define GAUGES_EXPOSITION_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

enum exposition_kind { EXPOSITION_COUNTER, EXPOSITION_GAUGE, EXPOSITION_UNTYPED };

struct exposition {
    struct buf *out;
    char name[128]; /* of the family that was begun */
};

/* Name, value, and again, NULL at the end: labels of one sample. */
struct exposition_label {
    const char *name; /* NULL: no more */
    struct span value;
};

#define EXPOSITION_NONE ((const struct exposition_label[]){{.name = NULL}})
#define EXPOSITION_ONE(name_, value_)                                                                        \
    ((const struct exposition_label[]){{.name = (name_), .value = (value_)}, {.name = NULL}})
#define EXPOSITION_TWO(name_, value_, name2, value2)                                                         \
    ((const struct exposition_label[]){                                                                      \
        {.name = (name_), .value = (value_)}, {.name = (name2), .value = (value2)}, {.name = NULL}})

/* The name is made of the parts, which may be empty. */
void exposition_family(struct exposition *to, const char *prefix, struct span name, const char *suffix,
                       enum exposition_kind kind, const char *help);
void exposition_u64(struct exposition *to, const struct exposition_label *labels, uint64_t value);
/* Milliseconds, as seconds with three places; negative ones too. */
void exposition_ms(struct exposition *to, const struct exposition_label *labels, int64_t ms);
/* A family of one sample without labels. */
void exposition_gauge(struct exposition *to, const char *name, const char *help, uint64_t value);

/* The Content-Type of it. */
#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

#endif
