/* One act of `atalaya site`: what it was asked, what it works on, what it says. Private to the guard. */
#ifndef GUARD_ACT_H
#define GUARD_ACT_H

#include "guard/objects.h"
#include "guard/store.h"
#include "os/options.h"
#include "wire/text.h"

enum { ACT_PATHS_MAX = 64 };

struct act {
    const char *verb;
    const char *given_root, *given_dir, *name, *reason;
    bool as_json, force, dry_run;
    const char *paths[ACT_PATHS_MAX];
    size_t n_paths;
    char root[FILE_PATH_MAX]; /* resolved */
    char dir[FILE_PATH_MAX];
    int folder; /* the document root, -1: not needed */
    struct store store;
    int64_t now_ms;
    struct buf out; /* what is printed at the end: lines, or one JSON object */
    struct json json;
    uint32_t differences;
    uint32_t damages; /* of the sealed side */
};

/* Exit codes; a failure that ends the act is an err with a sentence. */
MUST_CHECK enum err act_seal(struct act *act, int *code, struct why *why);
MUST_CHECK enum err act_check(struct act *act, int *code, struct why *why);
MUST_CHECK enum err act_accept(struct act *act, int *code, struct why *why);
MUST_CHECK enum err act_restore(struct act *act, int *code, struct why *why);
MUST_CHECK enum err act_down(struct act *act, int *code, struct why *why);
MUST_CHECK enum err act_up(struct act *act, int *code, struct why *why);
MUST_CHECK enum err act_status(struct act *act, int *code, struct why *why);

/* Refuses a root or a dir that is, contains or lies in what belongs to the results. */
MUST_CHECK enum err planes_apart(const char *root, const char *dir, struct why *why);

/* The root as it is now, hashed; ERR_MISSING without a sealed state. */
MUST_CHECK enum err act_look(struct act *act, struct sealed *now, struct why *why);
/* Lists what differs, and what is damaged on the sealed side; counts both. */
void act_differences(struct act *act, const struct sealed *now, const char *key);
void act_damages(struct act *act);

/* Report: a line for people, or a value of the JSON object. */
void say_line(struct act *act, const char *format, ...) PRINTF(2, 3);
void say_text(struct act *act, const char *key, struct span text);
void say_number(struct act *act, const char *key, uint64_t number);
void say_flag(struct act *act, const char *key, bool value);
void say_time(struct act *act, const char *key, int64_t ms);
/* A path on a terminal: as it is when it is plain UTF-8 text, escaped otherwise. */
void say_path(struct buf *out, struct span path);
/* The words of a difference: "contenido, hora / content, time". */
void say_differs(struct buf *out, unsigned differs);

#endif
