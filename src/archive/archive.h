/* Archives in memory: ZIP reading with limits, walking through nested archives (ZIP, gzip, tar), and a writer
 * that gives the same bytes for the same inputs. No I/O, no clock. docs/decisions/zip.md says why this is not
 * libarchive.
 *
 * An archive comes from outside: every offset in it is checked, a size is believed only as an upper bound
 * that must be met exactly, and what unpacking may cost is bounded before a byte of it is spent. */
#ifndef ARCHIVE_ARCHIVE_H
#define ARCHIVE_ARCHIVE_H

#include "base/buf.h"
#include "base/date.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct archive_limits {
    uint64_t entry_bytes; /* unpacked, one entry */
    uint64_t total_bytes; /* unpacked, everything together, nested archives included */
    uint32_t ratio;   /* unpacked / packed, for entries above 1 MiB (a PREP database packs 4 to 60 times) */
    uint32_t entries; /* in one archive */
    uint32_t depth;   /* archives inside archives; 1: none inside the first */
};
extern const struct archive_limits archive_limits_default; /* 512 MiB, 1 GiB, 400, 4096, 4 */

struct zip_entry {
    struct span name; /* as stored; borrowed */
    uint64_t packed;
    uint64_t size;
    uint64_t offset; /* of its local header */
    uint32_t crc;
    uint16_t method; /* 0 stored, 8 deflate */
    uint16_t flags;
};

struct zip {
    struct span bytes;
    const struct archive_limits *limits;
    struct span directory; /* what is left of the central directory */
    uint32_t left;         /* entries not read yet */
    uint64_t packed_total; /* of the entries read so far: overlapping entries would exceed the archive */
    uint64_t unpacked;     /* bytes given out so far */
};

/* Finds the central directory. `bytes` and `limits` must outlive the reader. ERR_SYNTAX, ERR_TOO_BIG with a
 * sentence. */
MUST_CHECK enum err zip_open(struct zip *zip, struct span bytes, const struct archive_limits *limits,
                             struct why *why);
/* The next entry of the central directory; ERR_AGAIN at the end. */
MUST_CHECK enum err zip_next(struct zip *zip, struct zip_entry *entry, struct why *why);
/* The entry's bytes, CRC checked. Stored entries are borrowed from the archive, others are unpacked into
 * `room`. */
MUST_CHECK enum err zip_unpack(struct zip *zip, const struct zip_entry *entry, struct buf *room,
                               struct span *out, struct why *why);
/* "Looks like a ZIP": the magic of a first local header or of an empty archive. */
bool zip_sniff(struct span bytes);

/* Calls `visit` with every file that is not itself an archive, in the order they lie, nested archives opened,
 * with its path ("outer.zip > inner.csv"). A file that is no archive at all is visited with an empty path.
 * `bytes` live until the visit returns. What `visit` returns other than OK ends the walk and is returned. */
typedef enum err (*archive_visit)(void *arg, struct span path, struct span bytes);
MUST_CHECK enum err archive_walk(struct span bytes, const struct archive_limits *limits, archive_visit visit,
                                 void *arg, struct why *why);

/* The writer: entries in the order they are added, one date for all, deflate, no extra fields, no data
 * descriptors. */
struct zip_writer {
    struct buf *out;
    struct buf directory;
    struct libdeflate_compressor *compressor;
    size_t start; /* where the archive begins in `out` */
    uint32_t n;
    uint16_t dos_date, dos_time;
};
/* `level` 1..12, 0 stores. `date` is the local time to be shown (from 1980 on; its odd second is lost). */
void zip_writer_init(struct zip_writer *writer, struct buf *out, struct date date, int level);
/* An entry that does not shrink is stored. Asserts names and sizes of a plain ZIP (under 4 GiB, 65,535
 * entries). */
void zip_writer_add(struct zip_writer *writer, struct span name, struct span bytes);
/* Writes the central directory and releases everything. */
void zip_writer_done(struct zip_writer *writer);

#endif
