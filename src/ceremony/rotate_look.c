/* After a theft of the cuts' key: is what stands published what the ledger says? A thief who also reaches the tree may have put
 * something else there before the rotation. */
#include "ceremony/parts.h"
#include "doors/manifest.h"
#include "seal/digest.h"
#include "tlog/ledger.h"

#include <inttypes.h>
#include <stdio.h>

enum { BEYOND = 16 }; /* cuts past the ledger's last that are looked for */

static void path_of(const char *dir, uint32_t cut, char out[FILE_PATH_MAX])
{
    char name[64];
    snprintf(name, sizeof name, "public/cut/%" PRIu32 "/manifest", cut);
    path_join(out, dir, name);
}

static void say(struct manifests_seen *seen, uint32_t cut)
{
    seen->strange++;
    printf("✗ corte %" PRIu32 ": su manifiesto publicado no es el del registro / is not the log's\n", cut);
}

static void look_at(const char *dir, const struct entry_cut *cut, struct manifests_seen *seen)
{
    char path[FILE_PATH_MAX];
    struct buf note = {0};
    struct span text;
    struct span lines;
    uint8_t found[DIGEST_LEN];
    path_of(dir, cut->number, path);
    if (file_read(path, MANIFEST_BYTES_MAX, &note, NULL) == OK) {
        bool whole = note_split(buf_as_span(&note), &text, &lines) == OK;
        digest_of(whole ? text : SPAN(""), found);
        seen->manifests++;
        if (memcmp(found, cut->manifest, sizeof found) != 0) {
            say(seen, cut->number);
        }
    }
    buf_done(&note);
}

enum err manifests_look(const char *dir, struct manifests_seen *seen, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct ledger_reader *reader = NULL;
    struct buf scratch = {0};
    struct span bytes;
    uint64_t index = 0;
    uint32_t next = 0;
    *seen = (struct manifests_seen){0};
    TRY(ledger_reader_open(path_join(path, dir, "ledger"), &reader, why));
    enum err err = OK;
    while ((err = ledger_reader_next(reader, &bytes, &index, why)) == OK) {
        struct entry entry;
        buf_clear(&scratch);
        if (span_starts(bytes, SPAN("prep-cut/v1\n")) && entry_parse(bytes, &entry, &scratch, NULL) == OK) {
            look_at(dir, &entry.as.cut, seen);
            next = entry.as.cut.number + 1;
        }
    }
    ledger_reader_close(reader);
    buf_done(&scratch);
    for (uint32_t cut = next; cut < next + BEYOND; cut++) {
        path_of(dir, cut, path);
        if (file_exists(path)) {
            say(seen, cut);
        }
    }
    return err == ERR_AGAIN ? OK : err;
}
