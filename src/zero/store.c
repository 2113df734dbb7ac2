/* The store and its continuous copy. The store role holds its database alone, so a copy of the files is read, not the database. */
#include "zero/zeroing.h"

#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>

enum { TRIES = 5, COPY_MAX = 1 << 30 };

static enum err copy_file(const struct zeroing *zeroing, const char *from, const char *to, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct mapped file;
    enum err err = file_map(zero_path(zeroing, from, path), &file, why);
    if (err == OK) {
        err = file.bytes.len > COPY_MAX ? ERR_TOO_BIG
                                        : file_write(zero_path(zeroing, to, path), file.bytes, false, why);
        file_unmap(&file);
    }
    return err;
}

/* "prep-acta/…": every event's entry. */
static enum err count_event(void *arg, uint64_t index, struct span entry, struct span note)
{
    struct listed_place *place = arg;
    (void)note;
    place->entries = index + 1;
    place->actas += span_starts(entry, SPAN("prep-acta/"));
    return OK;
}

static enum err read_copy(const struct zeroing *zeroing, struct listed_place *out, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct store *store;
    struct listed_place place = {.there = true};
    TRY(copy_file(zeroing, "store/prep.db", "zero/.store/prep.db", why));
    if (file_exists(zero_path(zeroing, "store/prep.db-wal", path))) {
        TRY(copy_file(zeroing, "store/prep.db-wal", "zero/.store/prep.db-wal", why));
    }
    TRY(store_sqlite.open(zero_path(zeroing, "zero/.store/prep.db", path), &store, why));
    enum err err = store->ops->read(store, 0, count_event, &place, why);
    store->ops->close(store);
    if (err == OK && place.entries < zeroing->now.places[PLACE_LEDGER].entries) {
        return why_set(why, ERR_AGAIN, "the store has %" PRIu64 " events and the ledger %" PRIu64 " entries",
                       place.entries, zeroing->now.places[PLACE_LEDGER].entries);
    }
    TRY(err);
    *out = place;
    return OK;
}

/* While a night runs database and log change between one copy and the other: then once more. */
enum err zero_store(struct zeroing *zeroing, struct why *why)
{
    char path[FILE_PATH_MAX];
    char folder[FILE_PATH_MAX];
    enum err err = ERR_AGAIN;
    struct why said = {{0}};
    if (!file_exists(zero_path(zeroing, "store/prep.db", path))) {
        return OK;
    }
    zero_path(zeroing, "zero/.store", folder);
    for (int i = 0; i < TRIES && err != OK && err != ERR_TOO_BIG; i++) {
        said = (struct why){{0}};
        TRY(folder_remove(folder, why));
        TRY(folder_make(folder, why));
        err = read_copy(zeroing, &zeroing->now.places[PLACE_STORE], &said);
    }
    TRY(folder_remove(folder, why));
    if (err == ERR_TOO_BIG) {
        zero_note(
            zeroing,
            "el almacén pasa de 1 GiB: lo cuentan el registro y la copia / the store is too big to be read beside "
            "the night: ledger and copy count it");
    } else if (err != OK) {
        zero_wrong(zeroing, "store", "%s", said.text);
    }
    return OK;
}
