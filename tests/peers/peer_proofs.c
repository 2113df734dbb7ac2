/* Makes what independent programs judge (Go's x/mod, npm's @sigstore/verify, a browser's WebCrypto):
 *
 *   peer_proofs grow DIR LEAVES          a log by our publisher and signer, through every edge of its tiles
 *   peer_proofs list LOG INCLUSIONS CONSISTENCIES   proofs out of LOG/tile for the size of LOG/checkpoint, to stdout
 *
 * A line each, fields apart by a blank, hashes and leaves in base64, a path by commas (`-` when it is empty):
 *
 *   inclusion   good|bad <size> <index> <root> <leaf's bytes> <path>
 *   consistency good|bad <old> <new> <old root> <new root> <path>
 *
 * After each good line come its tampered twins; our own check must refuse every one of them, or the program ends by an
 * assertion: so all judge the same list. */
#include "peer_proofs.h"

#include "base/codec.h"
#include "base/num.h"
#include "os/file.h"
#include "seal/note.h"
#include "tlog/checkpoint.h"
#include "tlog/ledger.h"
#include "tlog/tiles.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct list {
    char *dir; /* the log */
    struct tiles_reader *reader;
    uint64_t size;
    uint64_t dice; /* splitmix64: the same list every time */
    struct buf leaf, line;
};

static uint64_t roll(struct list *list, uint64_t below)
{
    uint64_t z = list->dice += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return (z ^ (z >> 31)) % below;
}

static void add_hash(struct list *list, const struct hash *hash)
{
    base64_print(&list->line, hash->bytes, HASH_LEN);
}

static void add_path(struct list *list, const struct merkle_proof *proof)
{
    for (uint32_t i = 0; i < proof->len; i++) {
        buf_str(&list->line, i == 0 ? "" : ",");
        add_hash(list, &proof->path[i]);
    }
    buf_str(&list->line, proof->len == 0 ? "-\n" : "\n");
    fwrite(list->line.at, 1, list->line.len, stdout);
    buf_clear(&list->line);
}

struct inclusion {
    uint64_t index;
    struct hash root;
    struct merkle_proof proof;
};

static void say_inclusion(struct list *list, const struct inclusion *claim, bool good)
{
    struct hash leaf;
    merkle_leaf(buf_as_span(&list->leaf), &leaf);
    assert(merkle_check_inclusion(&leaf, claim->index, list->size, &claim->proof, &claim->root) == good);
    buf_printf(&list->line, "inclusion %s %llu %llu ", good ? "good" : "bad", (unsigned long long)list->size,
               (unsigned long long)claim->index);
    add_hash(list, &claim->root);
    buf_char(&list->line, ' ');
    base64_print(&list->line, list->leaf.at, list->leaf.len);
    buf_char(&list->line, ' ');
    add_path(list, &claim->proof);
}

/* Of a path: a bit in one hash, one hash less, one more. */
enum { TWIN_BIT, TWIN_SHORT, TWIN_LONG, TWINS };

static bool tamper(struct list *list, struct merkle_proof *proof, int how)
{
    if (how != TWIN_LONG && proof->len == 0) {
        return false;
    }
    if (how == TWIN_BIT) {
        proof->path[roll(list, proof->len)].bytes[roll(list, HASH_LEN)] ^= (uint8_t)(1U << roll(list, 8));
    } else if (how == TWIN_SHORT) {
        proof->len--;
    } else {
        proof->path[proof->len] = proof->len == 0 ? (struct hash){{0}} : proof->path[proof->len - 1];
        proof->len++;
    }
    return true;
}

static void inclusion_twins(struct list *list, const struct inclusion *good)
{
    for (int how = 0; how < TWINS; how++) {
        struct inclusion bad = *good;
        if (tamper(list, &bad.proof, how)) {
            say_inclusion(list, &bad, false);
        }
    }
    struct inclusion bad = *good;
    bad.root.bytes[roll(list, HASH_LEN)] ^= 1;
    say_inclusion(list, &bad, false);
    bad = *good;
    bad.index = good->index + 1;
    say_inclusion(list, &bad, false);
    list->leaf.at[roll(list, list->leaf.len)] ^= 1;
    say_inclusion(list, good, false);
}

/* The entry as the bundle has it. */
static void read_leaf(struct list *list, uint64_t index)
{
    char path[TILE_PATH_MAX], full[FILE_PATH_MAX];
    struct buf bundle = {0};
    struct why why = {{0}};
    uint64_t from = index / TILE_HASHES * TILE_HASHES;
    unsigned width = list->size - from < TILE_HASHES ? (unsigned)(list->size - from) : TILE_HASHES;
    tile_entries_path(index / TILE_HASHES, width, path);
    enum err err = file_read(path_join(full, list->dir, path), TILE_HASHES * 65537, &bundle, &why);
    assert(err == OK);
    struct span rest = buf_as_span(&bundle), entry = {0};
    for (uint64_t i = from; i <= index; i++) {
        err = bundle_next(&rest, &entry);
        assert(err == OK);
    }
    buf_clear(&list->leaf);
    buf_span(&list->leaf, entry);
    buf_done(&bundle);
}

static void list_inclusion(struct list *list, uint64_t index)
{
    struct inclusion claim = {.index = index};
    read_leaf(list, index);
    enum err err = merkle_prove_inclusion(index, list->size, tiles_read, list->reader, &claim.proof);
    assert(err == OK);
    err = merkle_root_of(list->size, tiles_read, list->reader, &claim.root);
    assert(err == OK);
    say_inclusion(list, &claim, true);
    inclusion_twins(list, &claim);
}

struct consistency {
    uint64_t old_size;
    struct hash old_root, new_root;
    struct merkle_proof proof;
};

static void say_consistency(struct list *list, const struct consistency *claim, bool good)
{
    assert(merkle_check_consistency(claim->old_size, list->size, &claim->proof, &claim->old_root,
                                    &claim->new_root) == good);
    buf_printf(&list->line, "consistency %s %llu %llu ", good ? "good" : "bad",
               (unsigned long long)claim->old_size, (unsigned long long)list->size);
    add_hash(list, &claim->old_root);
    buf_char(&list->line, ' ');
    add_hash(list, &claim->new_root);
    buf_char(&list->line, ' ');
    add_path(list, &claim->proof);
}

static void list_consistency(struct list *list, uint64_t old_size)
{
    struct consistency good = {.old_size = old_size}, bad;
    enum err err = merkle_prove_consistency(old_size, list->size, tiles_read, list->reader, &good.proof);
    assert(err == OK);
    err = merkle_root_of(old_size, tiles_read, list->reader, &good.old_root);
    assert(err == OK);
    err = merkle_root_of(list->size, tiles_read, list->reader, &good.new_root);
    assert(err == OK);
    say_consistency(list, &good, true);
    for (int how = 0; how < TWINS; how++) {
        bad = good;
        if (tamper(list, &bad.proof, how)) {
            say_consistency(list, &bad, false);
        }
    }
    bad = good;
    bad.old_root.bytes[roll(list, HASH_LEN)] ^= 1;
    say_consistency(list, &bad, false);
    bad = good;
    bad.new_root.bytes[roll(list, HASH_LEN)] ^= 1;
    say_consistency(list, &bad, false);
}

static uint64_t size_of_checkpoint(char *dir)
{
    struct buf note = {0};
    struct span text, signatures;
    struct checkpoint checkpoint;
    struct why why = {{0}};
    enum err err = tiles_fetch_folder(dir, "checkpoint", &note, &why);
    assert(err == OK);
    err = note_split(buf_as_span(&note), &text, &signatures);
    assert(err == OK);
    err = checkpoint_parse(text, &checkpoint, &why);
    assert(err == OK);
    uint64_t size = checkpoint.size;
    buf_done(&note);
    return size;
}

/* The first, the last, and others by chance. */
static uint64_t pick(struct list *list, uint64_t i, uint64_t from)
{
    return i == 0 ? from : i == 1 ? list->size - 1 : from + roll(list, list->size - from);
}

static void list_proofs(char *dir, uint64_t inclusions, uint64_t consistencies)
{
    struct list list = {.dir = dir, .size = size_of_checkpoint(dir), .dice = 20240602};
    assert(list.size >= 2);
    list.reader = tiles_reader_new(list.size, tiles_fetch_folder, dir);
    for (uint64_t i = 0; i < inclusions; i++) {
        list_inclusion(&list, pick(&list, i, 0));
    }
    for (uint64_t i = 0; i < consistencies; i++) {
        list_consistency(&list, pick(&list, i, 1));
    }
    tiles_reader_free(list.reader);
    buf_done(&list.leaf);
    buf_done(&list.line);
}

static uint64_t number(const char *text)
{
    char *end = NULL;
    unsigned long long found = strtoull(text, &end, 10);
    assert(end != text && *end == 0);
    return found;
}

int main(int argc, char **argv)
{
    if (argc == 4 && span_is(SPAN("grow"), argv[1])) {
        grow(argv[2], number(argv[3]));
    } else if (argc == 5 && span_is(SPAN("list"), argv[1])) {
        list_proofs(argv[2], number(argv[3]), number(argv[4]));
    } else {
        fputs("peer_proofs grow DIR LEAVES | list LOG INCLUSIONS CONSISTENCIES\n", stderr);
        return 2;
    }
    return 0;
}
