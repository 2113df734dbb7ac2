/* A sealed site: every folder, file and link of a document root, as the text of a signed note, and the mode in which the
 * site is served, as another (docs/formats/site.md).
 *
 * Parsing refuses every spelling but one, so print(parse(x)) == x for every x that parses; paths are such that no reader
 * can be led out of the folder. Verifying the note around the text is seal/note's. */
#ifndef DOORS_SEALED_H
#define DOORS_SEALED_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum {
    SEALED_PATH_MAX = 1024, /* bytes, before they are escaped; a link's target too */
    SEALED_ENTRIES_MAX = 200000,
    SEALED_BYTES_MAX = 64 << 20,
    SEALED_REASON_MAX = 300
};

/* SEALED_OTHER is what no seal holds (a pipe, a device, a socket); only a look at a folder finds one. */
enum sealed_kind { SEALED_FOLDER, SEALED_FILE, SEALED_LINK, SEALED_OTHER, SEALED_KINDS };

struct sealed_entry {
    enum sealed_kind kind;
    uint16_t mode; /* the twelve permission bits; 0 for links */
    bool unread;   /* of a look at a folder: the file's bytes could not be read */
    int64_t mtime_ns;
    uint64_t bytes;
    uint8_t sha256[32];
    struct span path; /* raw bytes, terminated, no leading slash */
    struct span target;
};

struct sealed {
    struct span name; /* of the key that signs */
    uint64_t version; /* from 1 on */
    int64_t time_ms;
    bool has_previous;
    uint8_t previous[32];         /* SHA-256 of the text before */
    struct sealed_entry *entries; /* by path, in byte order */
    uint32_t n_entries;
    struct arena arena; /* all texts */
};

void sealed_init(struct sealed *sealed);
void sealed_done(struct sealed *sealed);
/* Copies path and target. */
struct sealed_entry *sealed_add(struct sealed *sealed, struct span path, enum sealed_kind kind);
void sealed_sort(struct sealed *sealed);
const struct sealed_entry *sealed_find(const struct sealed *sealed, struct span path);

/* Everything is copied; sealed_done in any case of OK. */
MUST_CHECK enum err sealed_parse(struct span text, struct sealed *out, struct why *why);
/* Sorted, without SEALED_OTHER. */
void sealed_print(const struct sealed *sealed, struct buf *out);

/* Letters of any alphabet between single slashes, no segment "." or "..", no zero byte; at most SEALED_PATH_MAX. */
bool sealed_path_good(struct span path);
/* Bytes outside 0x21..0x7e and '%' as %XX. */
void sealed_escape(struct span raw, struct buf *out);

/* What differs between a path as it was sealed and as it is. */
enum sealed_difference {
    DIFFERS_CONTENT = 1 << 0,
    DIFFERS_MODE = 1 << 1,
    DIFFERS_KIND = 1 << 2,
    DIFFERS_TARGET = 1 << 3,
    DIFFERS_TIME = 1 << 4,
    DIFFERS_MISSING = 1 << 5,
    DIFFERS_FOREIGN = 1 << 6,
    DIFFERS_UNREAD = 1 << 7
};
/* `was` is NULL for a foreign path, `is` for a missing one. */
typedef enum err (*sealed_each)(void *arg, const struct sealed_entry *was, const struct sealed_entry *is,
                                unsigned differs);
/* Calls `each` for every path that differs, in byte order; both sorted. Stops at the first failure of `each`. */
MUST_CHECK enum err sealed_compare(const struct sealed *was, const struct sealed *is, sealed_each each,
                                   void *arg);
/* 0: nothing differs. */
unsigned sealed_differs(const struct sealed_entry *was, const struct sealed_entry *is);

/* How a site is served. The serial only grows, so that an old mode cannot be played again. */
struct site_mode {
    struct span name;
    uint64_t serial; /* from 1 on */
    bool down;
    int64_t since_ms;
    struct span reason; /* raw bytes */
    struct arena arena;
};
MUST_CHECK enum err site_mode_parse(struct span text, struct site_mode *out, struct why *why);
void site_mode_print(const struct site_mode *mode, struct buf *out);
void site_mode_done(struct site_mode *mode);

#endif
