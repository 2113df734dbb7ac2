/* The loader's picture of a sealed site (docs/formats/site.md): the newest state that the pinned key has signed, every object
 * verified before a byte of it is served. The document root is compared with it and never served. What does not
 * verify, and what is older than what was seen, changes nothing but the alarm. */
#ifndef EDGE_SEALED_H
#define EDGE_SEALED_H

#include "doors/sealed_scan.h"
#include "edge/site.h"
#include "seal/note.h"

enum { SEALED_ALARM_MAX = 320 };

struct held_file;
struct root_memory;

struct sealed_site {
    struct site *site; /* what is held goes into its files */
    const struct note_key *vkey;
    int folder;             /* DIR */
    uint64_t least_version; /* seen by a loader before this one */
    uint64_t least_serial;
    struct sealed sealed;    /* version 0: none yet */
    uint8_t text_sha256[32]; /* of its text */
    struct site_mode mode;   /* serial 0: none yet */
    struct held_file *held;  /* beside site->files */
    bool owed;               /* pages were put up without their compressed twins */
    bool stale;              /* the state or the mode is newer than what is held */
    uint64_t noticed;
    int64_t compare_at_ms;
    struct root_memory *memory;
    uint32_t differences; /* of the document root */
    char root_alarm[SEALED_ALARM_MAX];
    char note_alarm[SEALED_ALARM_MAX];
};

/* `dir` is opened now, before the jail; its three folders may still be empty. */
MUST_CHECK enum err sealed_site_init(struct sealed_site *sealed, struct site *site,
                                     const struct note_key *vkey, const char *dir, struct why *why);
/* OK: what is held changed. ERR_EXISTS: all as before. Any other: why says what is wrong, what was held stays. */
MUST_CHECK enum err sealed_site_advance(struct sealed_site *sealed, int64_t now_ms, struct why *why);
/* Compares the document root, about once a second: root_alarm, differences. */
void sealed_site_compare(struct sealed_site *sealed, int64_t now_ms);

#endif
