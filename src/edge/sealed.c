/* Finding the newest state and mode, and holding what they name. */
#include "edge/sealed.h"

#include "base/codec.h"
#include "base/num.h"
#include "edge/banner.h"
#include "edge/below.h"
#include "edge/routes.h"
#include "seal/digest.h"

#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { NOTES_TRIED = 1000, MODE_NOTE_MAX = 65536 };

struct held_file {
    uint8_t sha256[32];
    struct span raw; /* a page as it was sealed: the banner is put in again and again; ours to free */
};

enum err sealed_site_init(struct sealed_site *sealed, struct site *site, const struct note_key *vkey,
                          const char *dir, struct why *why)
{
    *sealed = (struct sealed_site){.site = site, .vkey = vkey};
    sealed_init(&sealed->sealed);
    return below_folder(dir, &sealed->folder, why);
}

/* The text of "sealed/3" or "mode/2", signed by the pinned key. */
static enum err read_note(const struct sealed_site *sealed, const char *name, size_t limit, struct buf *text,
                          struct why *why)
{
    struct buf note = {0};
    struct span inside = {NULL, 0};
    size_t by = 0;
    enum err err = below_read(sealed->folder, name, limit, &note, why);
    if (err == OK) {
        err = note_verify(buf_as_span(&note), sealed->vkey, 1, &inside, &by, why);
        err = err == OK ? OK : why_prefix(why, err, "%s", name);
    }
    if (err == OK) {
        buf_span(text, inside);
    }
    buf_done(&note);
    return err;
}

static enum err take_version(struct sealed_site *sealed, uint64_t version, struct why *why)
{
    char name[64];
    struct buf text = {0};
    struct sealed next;
    (void)snprintf(name, sizeof name, "sealed/%" PRIu64, version);
    enum err err = read_note(sealed, name, SEALED_BYTES_MAX, &text, why);
    err = err == OK ? sealed_parse(buf_as_span(&text), &next, why) : err;
    if (err == OK) {
        bool follows = sealed->sealed.version == 0 || memcmp(next.previous, sealed->text_sha256, 32) == 0;
        if (next.version != version || !span_is(next.name, sealed->vkey->name) || !follows) {
            sealed_done(&next);
            err = why_set(why, ERR_CONFLICT, "%s no sigue a la versión que se sirve", name);
        }
    }
    if (err == OK) {
        sealed_done(&sealed->sealed);
        sealed->sealed = next;
        digest_of(buf_as_span(&text), sealed->text_sha256);
        sealed->stale = true;
    }
    buf_done(&text);
    return err;
}

static enum err take_mode(struct sealed_site *sealed, uint64_t serial, struct why *why)
{
    char name[64];
    struct buf text = {0};
    struct site_mode next;
    (void)snprintf(name, sizeof name, "mode/%" PRIu64, serial);
    enum err err = read_note(sealed, name, MODE_NOTE_MAX, &text, why);
    err = err == OK ? site_mode_parse(buf_as_span(&text), &next, why) : err;
    if (err == OK && (next.serial != serial || !span_is(next.name, sealed->vkey->name))) {
        site_mode_done(&next);
        err = why_set(why, ERR_CONFLICT, "%s no es el de su número", name);
    }
    if (err == OK) {
        site_mode_done(&sealed->mode);
        sealed->mode = next;
        sealed->stale = true;
    }
    buf_done(&text);
    return err;
}

struct highest {
    uint64_t below, found;
};

static enum err look_highest(void *arg, const struct walk_entry *entry)
{
    struct highest *highest = arg;
    uint64_t number = 0;
    if (num_parse_u64(span_str(entry->path), &number) == OK && number < highest->below &&
        number > highest->found) {
        highest->found = number;
    }
    return OK;
}

static uint64_t highest_below(const struct sealed_site *sealed, const char *folder, uint64_t below)
{
    struct highest highest = {.below = below};
    int fd = openat(sealed->folder, folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) {
        enum err err = walk_all(fd, look_highest, &highest, NULL);
        (void)err; /* what was found is what there is */
        walk_close(fd);
    }
    return highest.found;
}

typedef enum err (*take_note)(struct sealed_site *sealed, uint64_t number, struct why *why);

static void alarm_of(struct sealed_site *sealed, const char *text)
{
    if (sealed->note_alarm[0] == '\0') {
        (void)snprintf(sealed->note_alarm, sizeof sealed->note_alarm, "%.300s", text);
    }
}

/* At first the newest that is good; afterwards one further at a time, each following from the one before. What is above
 * and not good is an alarm; what was there and is gone, too. */
static void find_newest(struct sealed_site *sealed, const char *folder, uint64_t have, uint64_t least,
                        take_note take)
{
    struct why why = {0};
    struct walk_entry facts;
    char name[64];
    if (have == 0) {
        uint64_t number = UINT64_MAX;
        for (int i = 0; i < NOTES_TRIED && (number = highest_below(sealed, folder, number)) > least; i++) {
            why = (struct why){0};
            if (take(sealed, number, &why) == OK) {
                return;
            }
            alarm_of(sealed, why.text);
        }
        number = number == UINT64_MAX ? 0 : number;
        if (number > 0 && number == least && take(sealed, number, &why) == OK) {
            return;
        }
        if (least > 0) {
            (void)snprintf(name, sizeof name, "se rechaza volver atrás: %s/%" PRIu64 " ya no está", folder,
                           least);
            alarm_of(sealed, name);
        }
        return;
    }
    (void)snprintf(name, sizeof name, "%s/%" PRIu64, folder, have);
    if (walk_facts(sealed->folder, name, &facts) != OK) {
        char text[160];
        (void)snprintf(text, sizeof text, "se rechaza volver atrás: %s ya no está; se sigue sirviendo", name);
        alarm_of(sealed, text);
    }
    (void)snprintf(name, sizeof name, "%s/%" PRIu64, folder, have + 1);
    if (walk_facts(sealed->folder, name, &facts) == OK && take(sealed, have + 1, &why) != OK) {
        alarm_of(sealed, why.text);
    } else if (highest_below(sealed, folder, UINT64_MAX) > have + 1) {
        (void)snprintf(name, sizeof name, "%s: hay números que no siguen al que se sirve", folder);
        alarm_of(sealed, name);
    }
}

static enum err read_object(const struct sealed_site *sealed, const struct sealed_entry *entry,
                            struct buf *bytes, struct why *why)
{
    char hex[65];
    char name[96];
    uint8_t digest[32];
    hex_print(hex, entry->sha256, 32);
    (void)snprintf(name, sizeof name, "objects/%.2s/%s", hex, hex);
    TRY(below_read(sealed->folder, name, SITE_FILE_MAX, bytes, why));
    digest_of(buf_as_span(bytes), digest);
    return bytes->len == entry->bytes && memcmp(digest, entry->sha256, 32) == 0
               ? OK
               : why_set(why, ERR_FORGED, "%s no es el objeto de su nombre", name);
}

struct holding {
    struct arena arena;
    struct site_file *files;
    struct held_file *held;
    uint32_t n;
    uint32_t damaged;
};

static const struct held_file *held_before(const struct sealed_site *sealed, const struct sealed_entry *entry,
                                           uint32_t *old, const struct site_file **file)
{
    const struct site *site = sealed->site;
    while (*old < site->n_files && span_compare(site->files[*old].path, entry->path) < 0) {
        ++*old;
    }
    bool same = *old < site->n_files && span_equal(site->files[*old].path, entry->path) &&
                memcmp(sealed->held[*old].sha256, entry->sha256, 32) == 0;
    *file = same ? &site->files[*old] : NULL;
    return same ? &sealed->held[*old] : NULL;
}

static struct span copy_bytes(struct span bytes)
{
    char *copy = malloc(bytes.len + 1);
    assert(copy != NULL);
    memcpy(copy, bytes.at != NULL ? bytes.at : "", bytes.len);
    return span_of(copy, bytes.len);
}

/* One file: as it is held already, or from the page that is held, or from its object. */
static enum err hold_file(struct sealed_site *sealed, const struct sealed_entry *entry, uint32_t *old,
                          struct holding *next, struct why *why)
{
    const struct site_file *file = NULL;
    const struct held_file *before = held_before(sealed, entry, old, &file);
    struct site_file *to = &next->files[next->n];
    struct held_file *held = &next->held[next->n];
    bool page = span_ends(entry->path, SPAN(".html"));
    struct buf bytes = {0};
    *to = (struct site_file){.path = arena_copy(&next->arena, entry->path)};
    memcpy(held->sha256, entry->sha256, 32);
    held->raw = span_of(NULL, 0);
    if (before != NULL && !page) {
        memcpy(to->bodies, file->bodies, sizeof to->bodies);
        next->n++;
        return OK;
    }
    enum err err = before != NULL ? OK : read_object(sealed, entry, &bytes, why);
    struct span raw = before != NULL ? before->raw : buf_as_span(&bytes);
    err = err == OK ? site_hold_file(sealed->site, to, raw, why) : err;
    if (err == OK) {
        held->raw = page ? copy_bytes(raw) : held->raw;
        next->n++;
    }
    buf_done(&bytes);
    return err;
}

static void forget(struct held_file *held, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        free((void *)(uintptr_t)held[i].raw.at);
    }
    free(held);
}

static enum err hold_all(struct sealed_site *sealed, struct holding *next, struct why *why)
{
    uint32_t old = 0;
    const struct sealed *state = &sealed->sealed;
    size_t room = state->n_entries > 0 ? state->n_entries : 1;
    next->files = calloc(room, sizeof *next->files);
    next->held = calloc(room, sizeof *next->held);
    assert(next->files != NULL && next->held != NULL);
    for (uint32_t i = 0; i < state->n_entries; i++) {
        enum err err = state->entries[i].kind == SEALED_FILE && !site_hides(state->entries[i].path.at)
                           ? hold_file(sealed, &state->entries[i], &old, next, why)
                           : OK;
        if (err != OK && err != ERR_FULL && !sealed->site->any) {
            next->damaged++; /* nothing better is held: the rest of the site is served without it */
            alarm_of(sealed, why->text);
            *why = (struct why){0};
        } else if (err != OK) {
            return err;
        }
    }
    return OK;
}

static enum err hold(struct sealed_site *sealed, bool hurry, struct why *why)
{
    struct site *site = sealed->site;
    struct holding next = {.n = 0};
    struct buf banner = {0};
    if (sealed->mode.down) {
        banner_print(sealed->mode.since_ms, sealed->sealed.time_ms, sealed->sealed.version, site->links,
                     site->n_links, &banner);
    }
    arena_init(&next.arena, 0);
    site->banner = buf_as_span(&banner);
    site->plain = hurry;
    enum err err = hold_all(sealed, &next, why);
    site->banner = span_of(NULL, 0);
    buf_done(&banner);
    if (err != OK) {
        forget(next.held, next.n);
        free(next.files);
        arena_done(&next.arena);
        return err;
    }
    forget(sealed->held, site->n_files);
    arena_done(&site->arena);
    free(site->files);
    site->arena = next.arena;
    site->files = next.files;
    site->n_files = next.n;
    site->any = site->any || next.damaged == 0;
    sealed->held = next.held;
    sealed->owed = hurry;
    sealed->stale = next.damaged > 0;
    sealed->noticed = site_notice_mark(site);
    return OK;
}

enum err sealed_site_advance(struct sealed_site *sealed, int64_t now_ms, struct why *why)
{
    uint64_t serial = sealed->mode.serial;
    uint64_t version = sealed->sealed.version;
    sealed->note_alarm[0] = '\0';
    find_newest(sealed, "sealed", version, sealed->least_version, take_version);
    find_newest(sealed, "mode", serial, sealed->least_serial, take_mode);
    (void)now_ms;
    if (sealed->sealed.version == 0) {
        return why_set(why, ERR_MISSING, "%s",
                       sealed->note_alarm[0] != '\0'
                           ? sealed->note_alarm
                           : "todavía no hay copia sellada; la carpeta del sitio no se sirve");
    }
    bool noticed = sealed->noticed == site_notice_mark(sealed->site);
    if (!sealed->stale && !sealed->owed && noticed) {
        return ERR_EXISTS;
    }
    /* A change of mode is seen at once, its compressed twins a moment later. */
    bool hurry = sealed->site->any && sealed->stale && !sealed->owed;
    return hold(sealed, hurry, why);
}
