/* The loader's picture of a static folder: every file in memory, read again when it changes. A change counts once the
 * folder has looked the same for two walks, so that a file that is being copied is not served half. */
#ifndef EDGE_SITE_H
#define EDGE_SITE_H

#include "base/arena.h"
#include "doors/notice.h"
#include "edge/vault.h"
#include "edge/view.h"
#include "wire/squeeze.h"

struct routes;

enum { SITE_FILES_MAX = 50000, SITE_FILE_MAX = 64 << 20 };

/* Names and addresses that go into pages: results first, then the mirrors. */
struct site_link {
    const char *name;
    const char *url;
};

struct site_file {
    struct span path; /* relative */
    int64_t mtime_ns;
    uint64_t size;
    uint64_t inode;
    struct body *bodies[ENC_COUNT];
};

struct site {
    int folder;
    const char *path;
    struct vault *vault;
    struct squeezer *squeezer;
    const struct site_link *links;
    uint32_t n_links;
    struct arena arena; /* paths of `files` */
    struct site_file *files;
    uint32_t n_files;
    uint64_t walked; /* what the last walk looked like */
    uint64_t loaded; /* what the files look like that are held */
    bool any;
    struct notice_text notice; /* to be shown */
    uint64_t noticed;          /* which one the pages held have */
    struct span banner;        /* put into every page that is held now; empty for none */
    bool plain;                /* what is held now gets no compressed twins: they cost time */
};

void site_init(struct site *site, int folder, const char *path, struct vault *vault);
void site_done(struct site *site);
/* Walks; OK: the files changed and were read. ERR_EXISTS: all as before. ERR_AGAIN: something is changing, look again.
 * Any other: why says what is wrong, and the site is as it was. */
MUST_CHECK enum err site_advance(struct site *site, struct why *why);
/* Holds a file's bytes: of a page with links, notice and banner in their places, with twins. */
MUST_CHECK enum err site_hold_file(struct site *site, struct site_file *file, struct span bytes,
                                   struct why *why);
/* Names that begin with a dot (editors' copies, .git) are not for the public; the folder .well-known is. */
bool site_hides(const char *path);
/* Which notice is to be shown; 0: none. */
uint64_t site_notice_mark(const struct site *site);
void site_want(struct site *site);
void site_view(struct site *site, struct routes *routes);

/* "<!-- atalaya:avisos -->" in a page becomes the newest notice, or nothing. */
void site_fill_notice(struct span page, const struct notice_text *notice, struct buf *out);
/* "<!-- atalaya:enlaces -->" in a page becomes a list of links. */
void site_fill_links(struct span page, const struct site_link *links, uint32_t n_links, struct buf *out);

#endif
