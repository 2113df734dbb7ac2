/* Records: lengths and index big endian, entry, note, SHA-256 over all of it. */
#include "intake/journal.h"

#include "os/file.h"
#include "seal/digest.h"
#include "tlog/entry.h"

#include <assert.h>

enum { RECORD_HEAD = 16, NOTE_MAX_HERE = 1 << 20 };
/* In the note's length: this record is the first of those that were written together. */
static const uint64_t FIRST = 1U << 31;
/* As it began before it said which records were written together. */
#define JOURNAL_HEAD_1 "prep-copy/v1\n"
_Static_assert(sizeof JOURNAL_HEAD_1 == sizeof JOURNAL_HEAD,
               "whatever its version, records begin at one place");

static void put_be(struct buf *out, uint64_t number, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        buf_char(out, (char)(number >> (8 * i) & 0xff));
    }
}

static uint64_t get_be(const char *at, int bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < bytes; i++) {
        number = number << 8 | (unsigned char)at[i];
    }
    return number;
}

void journal_print(struct buf *out, const struct journal_record *record)
{
    size_t start = out->len;
    uint8_t digest[DIGEST_LEN];
    assert(record->entry.len <= ENTRY_MAX && record->note.len <= NOTE_MAX_HERE);
    put_be(out, record->entry.len, 4);
    put_be(out, record->note.len | (record->first ? FIRST : 0), 4);
    put_be(out, record->index, 8);
    buf_span(out, record->entry);
    buf_span(out, record->note);
    digest_of(span_of(out->at + start, out->len - start), digest);
    buf_add(out, digest, sizeof digest);
}

enum err journal_next(struct span *rest, struct journal_record *out)
{
    if (rest->len < RECORD_HEAD) {
        return ERR_AGAIN;
    }
    size_t entry = get_be(rest->at, 4);
    uint64_t marked = get_be(rest->at + 4, 4);
    size_t note = marked & ~FIRST;
    if (entry > ENTRY_MAX || note > NOTE_MAX_HERE) {
        return ERR_FORGED;
    }
    size_t len = RECORD_HEAD + entry + note;
    if (rest->len < len + DIGEST_LEN) {
        return ERR_AGAIN;
    }
    uint8_t digest[DIGEST_LEN];
    digest_of(span_of(rest->at, len), digest);
    if (memcmp(digest, rest->at + len, DIGEST_LEN) != 0) {
        return ERR_FORGED;
    }
    *out = (struct journal_record){.index = get_be(rest->at + 8, 8),
                                   .first = (marked & FIRST) != 0,
                                   .entry = span_of(rest->at + RECORD_HEAD, entry),
                                   .note = span_of(rest->at + RECORD_HEAD + entry, note)};
    *rest = span_from(*rest, len + DIGEST_LEN);
    return OK;
}

/* Is there a whole record behind what is not one, with which another writing began? Then what stands before it was on the disk.
 * Nothing of what is not whole is believed, its lengths neither: it is looked for at each byte. */
static bool another_began(struct span rest, uint64_t events)
{
    const uint64_t most = events + rest.len / (RECORD_HEAD + DIGEST_LEN);
    for (size_t at = 1; at + RECORD_HEAD + DIGEST_LEN <= rest.len; at++) {
        struct span behind = span_from(rest, at);
        struct journal_record record;
        uint64_t index = get_be(behind.at + 8, 8);
        if (index > events && index <= most && (get_be(behind.at + 4, 4) & FIRST) != 0 &&
            journal_next(&behind, &record) == OK) {
            return true;
        }
    }
    return false;
}

/* An older journal does not say so: there one record alone can be torn. */
static bool more_than_one(struct span rest)
{
    return rest.len >= RECORD_HEAD + DIGEST_LEN && get_be(rest.at, 4) <= ENTRY_MAX &&
           rest.len > RECORD_HEAD + get_be(rest.at, 4) + (get_be(rest.at + 4, 4) & ~FIRST) + DIGEST_LEN;
}

static enum err read_all(struct span bytes, journal_each each, void *arg, struct journal_about *about,
                         struct why *why)
{
    struct span rest = span_from(bytes, strlen(JOURNAL_HEAD));
    struct journal_record record;
    enum err err = OK;
    while ((err = journal_next(&rest, &record)) == OK) {
        if (record.index != about->events) {
            return why_set(why, ERR_CONFLICT, "record %llu has the index %llu",
                           (unsigned long long)about->events, (unsigned long long)record.index);
        }
        if (each != NULL) {
            TRY(each(arg, &record));
        }
        digest_of(record.entry, about->last);
        about->events++;
    }
    bool old = span_starts(bytes, SPAN(JOURNAL_HEAD_1));
    if (old ? err == ERR_FORGED && more_than_one(rest) : another_began(rest, about->events)) {
        return why_set(why, ERR_FORGED, "record %llu is not whole and more was written after it",
                       (unsigned long long)about->events);
    }
    about->bytes = bytes.len - rest.len;
    about->torn = rest.len;
    return OK;
}

enum err journal_read(const char *path, journal_each each, void *arg, struct journal_about *out,
                      struct why *why)
{
    struct mapped mapped = {0};
    struct journal_about about = {0};
    TRY(file_map(path, &mapped, why));
    enum err err = OK;
    if (mapped.bytes.len >= strlen(JOURNAL_HEAD)) {
        err = span_starts(mapped.bytes, SPAN(JOURNAL_HEAD)) || span_starts(mapped.bytes, SPAN(JOURNAL_HEAD_1))
                  ? read_all(mapped.bytes, each, arg, &about, why)
                  : why_set(why, ERR_SYNTAX, "it does not begin with prep-copy/v2");
    }
    file_unmap(&mapped);
    if (err != OK) {
        return why_prefix(why, err, "%s", path);
    }
    *out = about;
    return OK;
}
