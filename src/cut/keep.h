/* What stays on disk of old cuts (docs/formats/tree.md, Retention). */
#ifndef CUT_KEEP_H
#define CUT_KEEP_H

#include "base/err.h"
#include "doors/manifest.h"

#include <stdint.h>

/* The rule, pure: does the body of cut `number` stay when `newest` is the newest? */
struct keep_rule {
    uint32_t cuts;  /* this many of the newest stay */
    uint32_t every; /* and of the older ones each number that is a multiple of this */
};
bool keep_stays(const struct keep_rule *rule, uint32_t number, uint32_t newest);

struct kept {
    uint32_t number;
    uint8_t (*chunks)[32]; /* sorted */
    uint32_t n_chunks;
};
struct keep {
    const char *public_dir;
    struct keep_rule rule;
    struct kept *kept; /* by number */
    uint32_t n;
    uint32_t *packages; /* whose bodies are there, by number */
    uint32_t n_packages;
    void (*during)(
        void *arg); /* called now and then while old files go, which can take as long as a disk likes; NULL */
    void *arg;
};

void keep_init(struct keep *keep, const char *public_dir, struct keep_rule rule);
void keep_done(struct keep *keep);

/* Does package `number` stay? While a kept cut may name it: one of the two newest made up to that cut. */
bool keep_package_stays(const struct keep *keep, uint32_t number);

/* At the start: learns the bodies that lie there from their manifests, and removes the remains of a crash:
 * unfinished cuts and packages, chunks that nobody names, packages newer than `package`, the newest that a
 * cut's entry names. `newest` is the newest finished cut. -1: none. */
MUST_CHECK enum err keep_learn(struct keep *keep, int64_t newest, int64_t package, struct why *why);
/* A cut is in place: it is remembered, and what the rule lets go is removed. */
MUST_CHECK enum err keep_add(struct keep *keep, uint32_t number, const struct manifest *manifest,
                             struct why *why);
/* A package is in place. */
void keep_add_package(struct keep *keep, uint32_t number);
/* Takes a package away that no cut names. */
MUST_CHECK enum err keep_drop_package(struct keep *keep, uint32_t number, struct why *why);

#endif
