/* What the log's readers take from strangers: checkpoints in notes, proof files, bodies of add-checkpoint, tile paths. The first byte
 * chooses. What parses prints back byte for byte, and every refusal has a sentence. */
#include "seal/note.h"
#include "tlog/checkpoint.h"
#include "tlog/tiles.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_checkpoint(struct span bytes)
{
    struct span text = bytes;
    struct span lines;
    struct checkpoint checkpoint;
    struct buf printed = {0};
    struct buf signature = {0};
    struct why why = {{0}};
    if (note_split(bytes, &text, &lines) == OK) {
        struct span name;
        uint8_t id[4];
        for (int i = 0; i < NOTE_SIGNATURES_MAX && note_signature_next(&lines, &name, id, &signature) == OK;
             i++) {
            buf_clear(&signature);
        }
    }
    if (checkpoint_parse(text, &checkpoint, &why) != OK) {
        assert(why.text[0] != '\0');
    } else {
        checkpoint_print(&checkpoint, &printed);
        assert(span_equal(text, buf_as_span(&printed)));
    }
    buf_done(&signature);
    buf_done(&printed);
}

static void try_proof(struct span bytes)
{
    struct tlog_proof proof;
    struct buf scratch = {0};
    struct buf printed = {0};
    struct why why = {{0}};
    struct hash leaf;
    struct hash root = {{0}};
    if (tlog_proof_parse(bytes, &proof, &scratch, &why) != OK) {
        assert(why.text[0] != '\0');
    } else {
        tlog_proof_print(&proof, &printed);
        assert(span_equal(bytes, buf_as_span(&printed)));
        merkle_leaf(proof.extra, &leaf);
        (void)merkle_check_inclusion(&leaf, proof.index, proof.index + 1, &proof.proof, &root);
        (void)merkle_check_consistency(proof.index, proof.index * 2 + 1, &proof.proof, &leaf, &root);
    }
    buf_done(&printed);
    buf_done(&scratch);
}

static void try_request(struct span bytes)
{
    struct add_checkpoint request;
    struct buf printed = {0};
    struct why why = {{0}};
    if (add_checkpoint_parse(bytes, &request, &why) != OK) {
        assert(why.text[0] != '\0');
    } else {
        add_checkpoint_print(&request, &printed);
        assert(span_equal(bytes, buf_as_span(&printed)));
    }
    buf_done(&printed);
}

static void try_path(struct span bytes)
{
    int level;
    uint64_t tile;
    unsigned width;
    char path[TILE_PATH_MAX];
    if (tile_path_parse(bytes, &level, &tile, &width) != OK) {
        return;
    }
    if (level < 0) {
        tile_entries_path(tile, width, path);
    } else {
        tile_path((unsigned)level, tile, width, path);
    }
    assert(span_equal(bytes, span_from(span_str(path), sizeof "tile/" - 1)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(struct span bytes) = {try_checkpoint, try_proof, try_request, try_path};
    if (size > 0) {
        tries[data[0] % 4](span_of((const char *)data + 1, size - 1));
    }
    return 0;
}
