/* The listings of before, and leaving this one beside them. */
#include "zero/zeroing.h"

#include "base/num.h"
#include "seal/digest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct listings {
    struct zeroing *zeroing;
    bool judge; /* else they are only counted */
    uint32_t newest;
    struct why why;
};

/* "0001.json": its number, 0 for anything else. */
static uint32_t number_of(struct span name)
{
    uint32_t number = 0;
    bool good = name.len == 9 && span_ends(name, SPAN(".json")) &&
                num_parse_padded(span_of(name.at, 4), &number) == OK;
    return good ? number : 0;
}

/* Each names the one before it: none was taken away or written anew in between. */
static void take(struct listings *listings, const char *relative, struct span bytes)
{
    struct zeroing *zeroing = listings->zeroing;
    char hex[65];
    digest_hex(bytes, hex);
    if (listings->judge) {
        if (strcmp(zeroing->last_seen.previous, zeroing->newest) != 0) {
            zero_wrong(zeroing, "zero", "%s was not made after the listing that stands before it", relative);
        }
        struct span key = arena_copy(&zeroing->arena, span_str(hex));
        assert(key.at != NULL);
        map_put(&zeroing->hashes, key, zeroing->n_earlier);
    }
    snprintf(zeroing->newest, sizeof zeroing->newest, "%s", hex);
}

/* In byte order, so the oldest comes first. */
static enum err read_one(void *arg, const char *relative, int64_t size)
{
    struct listings *listings = arg;
    struct zeroing *zeroing = listings->zeroing;
    char name[FILE_PATH_MAX];
    char path[FILE_PATH_MAX];
    struct buf bytes = {0};
    (void)size;
    uint32_t number = number_of(span_str(relative));
    if (number == 0) {
        return OK;
    }
    snprintf(name, sizeof name, "zero/%s", relative);
    enum err err = file_read(zero_path(zeroing, name, path), LISTING_BYTES_MAX, &bytes, &listings->why);
    if (err == OK) {
        err = listing_parse(buf_as_span(&bytes), &zeroing->last_seen, &listings->why);
        err = err == OK ? OK : why_prefix(&listings->why, err, "%s", name);
    }
    if (err == OK) {
        take(listings, relative, buf_as_span(&bytes));
    }
    buf_done(&bytes);
    TRY(err);
    if (zeroing->n_earlier++ == 0) {
        zeroing->first = zeroing->last_seen;
    }
    listings->newest = number;
    return OK;
}

static enum err read_all(struct zeroing *zeroing, bool judge, uint32_t *newest, struct why *why)
{
    char folder[FILE_PATH_MAX];
    struct listings listings = {.zeroing = zeroing, .judge = judge};
    zeroing->n_earlier = 0;
    zeroing->newest[0] = '\0';
    *newest = 0;
    if (!file_exists(zero_path(zeroing, "zero", folder))) {
        return OK;
    }
    enum err err = folder_walk(folder, read_one, &listings, why);
    *newest = listings.newest;
    return err == OK ? OK : why_set(why, err, "%s", listings.why.text);
}

enum err zero_earlier(struct zeroing *zeroing, struct why *why)
{
    uint32_t newest;
    return read_all(zeroing, true, &newest, why);
}

enum err zero_keep(struct zeroing *zeroing, struct why *why)
{
    char path[FILE_PATH_MAX];
    char name[64];
    uint32_t newest = 0;
    uint32_t before = zeroing->n_earlier;
    struct listing first = zeroing->first;
    struct listing last_seen = zeroing->last_seen;
    struct buf bytes = {0};
    TRY(folder_make(zero_path(zeroing, "zero", path), why));
    TRY(read_all(zeroing, false, &newest, why));
    zeroing->n_earlier = before;
    zeroing->first = first;
    zeroing->last_seen = last_seen;
    if (newest == 9999) {
        return why_set(why, ERR_FULL, "%s holds 9999 listings", path);
    }
    snprintf(name, sizeof name, "zero/%04u.json", newest + 1);
    memcpy(zeroing->now.previous, zeroing->newest, sizeof zeroing->now.previous);
    listing_print(&zeroing->now, &bytes);
    enum err err = file_write(zero_path(zeroing, name, zeroing->kept), buf_as_span(&bytes), true, why);
    buf_done(&bytes);
    return err;
}
