/* The start: the store is the truth, the ledger is made level with it, and an empty store gets its opening.
 */
#include "base/log.h"
#include "formats/election.h"
#include "intake/sequencer_parts.h"
#include "seal/digest.h"
#include "tlog/entry.h"

#include <stdio.h>

struct comparison {
    struct ledger_reader *reader;
    uint64_t size;  /* entries the ledger has */
    uint64_t equal; /* how many of them, from the first on, are the store's */
    bool sound;     /* the first that is not the store's is an entry */
};

static bool is_entry(struct span bytes)
{
    struct buf scratch = {0};
    struct entry entry;
    bool is = entry_parse(bytes, &entry, &scratch, NULL) == OK;
    buf_done(&scratch);
    return is;
}

/* Store and ledger, entry by entry, until they differ. */
static enum err compare(void *arg, uint64_t index, struct span entry, struct span note)
{
    struct comparison *c = arg;
    struct span there;
    uint64_t at = 0;
    (void)note;
    if (index >= c->size) {
        return ERR_AGAIN;
    }
    enum err err = ledger_reader_next(c->reader, &there, &at, NULL);
    if (err == OK && at == index && span_equal(entry, there)) {
        c->equal = index + 1;
        return OK;
    }
    c->sound = err == OK && is_entry(there);
    return ERR_AGAIN;
}

static enum err compare_all(struct sequencer *seq, struct comparison *c, struct why *why)
{
    char dir[FILE_PATH_MAX];
    struct span there;
    uint64_t at = 0;
    TRY(ledger_reader_open(path_join(dir, seq->dir, "ledger"), &c->reader, why));
    enum err err = seq->store->ops->read(seq->store, 0, compare, c, why);
    if (err == OK && c->equal == seq->known.size && c->equal < c->size) {
        c->sound = ledger_reader_next(c->reader, &there, &at, NULL) == OK && is_entry(there);
    }
    ledger_reader_close(c->reader);
    return err;
}

/* A crash may leave anything where entries were appended and not yet synced, but no other entry: that is somebody's
 * doing. */
static enum err check_ledger(struct sequencer *seq, struct why *why)
{
    struct comparison c = {.size = ledger_size(seq->ledger)};
    TRY(compare_all(seq, &c, why));
    if (c.equal == c.size) {
        return OK;
    }
    if (c.sound) {
        return why_set(
            why, ERR_CONFLICT,
            "entry %llu of the ledger is not the store's (which has %llu): one of them was changed or is of "
            "another night",
            (unsigned long long)c.equal, (unsigned long long)seq->known.size);
    }
    log_line(LOG_WARN, "ledger_torn", "entries=%llu of=%llu", (unsigned long long)c.equal,
             (unsigned long long)c.size);
    enum err err = ledger_cut(seq->ledger, c.equal, why);
    return err == ERR_RANGE ? ERR_CONFLICT : err;
}

struct first {
    const struct election *election;
    bool same;
};

static enum err see_opening(void *arg, uint64_t index, struct span bytes, struct span note)
{
    struct first *first = arg;
    struct buf scratch = {0};
    struct entry entry;
    (void)index;
    (void)note;
    first->same = entry_parse(bytes, &entry, &scratch, NULL) == OK && entry.type == ENTRY_OPEN &&
                  memcmp(entry.as.open.definition, first->election->digest, 32) == 0;
    buf_done(&scratch);
    return ERR_AGAIN;
}

static enum err check_opening(struct sequencer *seq, struct why *why)
{
    struct first first = {.election = seq->examiner->election};
    TRY(seq->store->ops->read(seq->store, 0, see_opening, &first, why));
    return first.same
               ? OK
               : why_set(why, ERR_CONFLICT,
                         "the night was opened with another definition than that in %s/election", seq->dir);
}

static enum err see_newest(void *arg, uint64_t index, struct span bytes, struct span note)
{
    struct night_known *known = arg;
    struct buf scratch = {0};
    struct entry entry;
    (void)note;
    if (entry_parse(bytes, &entry, &scratch, NULL) == OK) {
        uint64_t size = known->size;
        known->size = index;
        night_known_add(known, &entry);
        known->size = size;
    }
    buf_done(&scratch);
    return ERR_AGAIN;
}

/* What succession needs: the newest cut and whether the night is closed; and how many actas the night has already. */
static enum err recall(struct sequencer *seq, struct why *why)
{
    struct store_totals totals = {0};
    enum err counted = seq->store->ops->totals(seq->store, &totals);
    if (counted != OK) {
        return why_set(why, counted, "the store cannot be read");
    }
    seq->counts.acknowledged = totals.actas;
    seq->counts.corrections = totals.corrections;
    static const uint8_t types[] = {ENTRY_CUT, ENTRY_CLOSE};
    for (size_t i = 0; i < sizeof types; i++) {
        uint64_t index = 0;
        enum err err = seq->store->ops->newest(seq->store, types[i], &index);
        if (err == OK) {
            TRY(seq->store->ops->read(seq->store, index, see_newest, &seq->known, why));
        } else if (err != ERR_MISSING) {
            return why_set(why, err, "the store cannot be read");
        }
    }
    return OK;
}

static enum err open_both(struct sequencer *seq, struct why *why)
{
    char path[FILE_PATH_MAX];
    TRY(folder_make(path_join(path, seq->dir, "store"), why));
    TRY(store_sqlite.open(path_join(path, seq->dir, "store/prep.db"), &seq->store, why));
    TRY(folder_sync(path_join(path, seq->dir, "store"), why));
    TRY(folder_sync(seq->dir, why));
    TRY(seq->store->ops->size(seq->store, &seq->known.size, why));
    TRY(folder_make(seq->images_dir, why));
    return ledger_open(path_join(path, seq->dir, "ledger"), &seq->ledger, why);
}

static enum err recover(struct sequencer *seq, const uint8_t programs[32], struct why *why)
{
    TRY(check_ledger(seq, why));
    if (seq->known.size == 0) {
        return sequencer_opening(seq, programs, why);
    }
    TRY(check_opening(seq, why));
    TRY(recall(seq, why));
    enum err err = sequencer_catch_up(seq, why);
    if (err == ERR_FULL) {
        *why = (struct why){0}; /* nothing is taken until there is room; what is there is served */
        return OK;
    }
    TRY(err);
    return ledger_sync(seq->ledger, why);
}

enum err sequencer_open(struct sequencer *seq, const char *dir, const struct examiner *examiner,
                        const struct clock *clock, const uint8_t programs[32], struct why *why)
{
    *seq = (struct sequencer){.examiner = examiner, .clock = clock};
    snprintf(seq->dir, sizeof seq->dir, "%s", dir);
    path_join(seq->images_dir, dir, "images");
    seq->images.dir = seq->images_dir;
    seq->counts.last_acta_ms = -1;
    night_known_init(&seq->known);
    enum err err = open_both(seq, why);
    if (err == OK) {
        err = recover(seq, programs, why);
    }
    if (err != OK) {
        sequencer_close(seq);
    }
    return err;
}

void sequencer_close(struct sequencer *seq)
{
    if (seq->store != NULL) {
        seq->store->ops->close(seq->store);
    }
    ledger_close(seq->ledger);
    buf_done(&seq->entries);
    buf_done(&seq->scratch);
    buf_done(&seq->images.paths);
    *seq = (struct sequencer){0};
}

enum err sequencer_store_printed(struct sequencer *seq, const struct entry *entry, struct why *why)
{
    buf_clear(&seq->scratch);
    entry_print(entry, &seq->scratch);
    return sequencer_store(seq, entry, buf_as_span(&seq->scratch), why);
}

static enum err store_file(struct sequencer *seq, const char *name, struct span bytes, struct why *why)
{
    uint64_t offset = 0;
    do {
        struct entry entry = {.type = ENTRY_FILE};
        size_t len = bytes.len - offset < FILE_PIECE ? bytes.len - offset : FILE_PIECE;
        entry.as.file = (struct entry_file){.name = span_str(name),
                                            .size = bytes.len,
                                            .offset = offset,
                                            .bytes = span_of(bytes.at + offset, len)};
        TRY(sequencer_store_printed(seq, &entry, why));
        offset += len;
    } while (offset < bytes.len);
    return OK;
}

static enum err store_opening(struct sequencer *seq, const struct election_files *files,
                              const uint8_t programs[32], struct why *why)
{
    const struct election *election = seq->examiner->election;
    struct entry entry = {.type = ENTRY_OPEN};
    entry.as.open = (struct entry_open){.election = election->id,
                                        .origin = election->origin,
                                        .drill = election->drill,
                                        .time_ms = clock_now_ms(seq->clock),
                                        .n_files = ELECTION_FILES};
    memcpy(entry.as.open.definition, election->digest, 32);
    memcpy(entry.as.open.programs, programs, 32);
    rules_digest(entry.as.open.rules);
    TRY(sequencer_begin(seq, why));
    TRY(sequencer_store_printed(seq, &entry, why));
    for (int i = 0; i < ELECTION_FILES; i++) {
        TRY(store_file(seq, election_file_names[i], buf_as_span(&files->bytes[i]), why));
    }
    TRY(sequencer_opening_keys(seq, why));
    return seq->store->ops->commit(seq->store, why);
}

enum err sequencer_opening(struct sequencer *seq, const uint8_t programs[32], struct why *why)
{
    char dir[FILE_PATH_MAX];
    struct election_files files;
    struct night_known before = seq->known;
    election_files_init(&files);
    enum err err = election_files_read(path_join(dir, seq->dir, "election"), &files, why);
    if (err == OK) {
        err = store_opening(seq, &files, programs, why);
    }
    election_files_done(&files);
    if (err != OK) {
        if (seq->known.size != before.size) {
            sequencer_undo(seq, &before);
        }
        return why_prefix(why, err, "opening");
    }
    TRY(sequencer_publish(seq, why));
    return ledger_sync(seq->ledger, why);
}
