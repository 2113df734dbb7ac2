/* Proof files from tiles. */
#include "tlog/proof_file.h"

#include "os/file.h"
#include "tlog/checkpoint.h"
#include "tlog/tiles.h"

enum err proof_file_write(const char *log_dir, uint64_t index, struct span entry, uint64_t size,
                          struct span checkpoint, const char *path, struct why *why)
{
    struct tlog_proof proof = {.has_extra = true, .extra = entry, .index = index, .checkpoint = checkpoint};
    struct tiles_reader *reader = tiles_reader_new(size, tiles_fetch_folder, (void *)(uintptr_t)log_dir);
    enum err err = merkle_prove_inclusion(index, size, tiles_read, reader, &proof.proof);
    if (err != OK) {
        err = why_set(why, err, "proof of entry %llu: %s", (unsigned long long)index,
                      tiles_reader_why(reader)->text);
    }
    tiles_reader_free(reader);
    TRY(err);
    struct buf bytes;
    buf_init(&bytes, 0);
    tlog_proof_print(&proof, &bytes);
    err = file_write(path, buf_as_span(&bytes), true, why);
    buf_done(&bytes);
    return err;
}
