/* The log's speed beside what the machine can do: appending 1,000,000 leaves of 200 bytes in memory, and on disk with a sync and
 * a signature for each 256; proof checks a second. The floors are the same work without the log: the hashes alone, and
 * writing and syncing the same bytes. Prints one JSON object. bench/log.py runs it. */
#include "logtree/signer.h"
#include "os/append.h"
#include "os/clock.h"
#include "os/file.h"
#include "seal/digest.h"
#include "tlog/checkpoint.h"
#include "tlog/ledger.h"
#include "tlog/tiles.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEAF = 200, BATCH = 256, CHECKS = 200000, DEPTH = 20, PROOFS = 1024, FLOOR_SYNCS = 500 };

static double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct span leaf_of(uint64_t number, char room[LEAF])
{
    memset(room, 'x', LEAF);
    memcpy(room, &number, sizeof number);
    return span_of(room, LEAF);
}

/* One hash of 201 bytes and one node a leaf: what RFC 6962 asks for and nothing else. */
static double hashes_alone(uint64_t n)
{
    char room[LEAF];
    struct hash leaf, node = {{0}};
    double start = now_s();
    for (uint64_t i = 0; i < n; i++) {
        merkle_leaf(leaf_of(i, room), &leaf);
        merkle_node(&node, &leaf, &node);
    }
    return (double)n / (now_s() - start);
}

static double edge_in_memory(uint64_t n)
{
    char room[LEAF];
    struct hash leaf, root;
    struct merkle_edge edge;
    double start = now_s();
    merkle_edge_init(&edge);
    for (uint64_t i = 0; i < n; i++) {
        merkle_leaf(leaf_of(i, room), &leaf);
        merkle_edge_add(&edge, &leaf);
    }
    merkle_edge_root(&edge, &root);
    return (double)n / (now_s() - start);
}

/* As the publisher does it: with every tile of every level. */
static double tiles_in_memory(const char *dir, uint64_t n)
{
    char room[LEAF];
    struct hash leaf, root;
    struct tiles *tiles = NULL;
    struct why why = {""};
    enum err err = tiles_open(dir, 0, &tiles, &why);
    assert(err == OK);
    double start = now_s();
    for (uint64_t i = 0; i < n; i++) {
        merkle_leaf(leaf_of(i, room), &leaf);
        tiles_add(tiles, &leaf);
    }
    tiles_root(tiles, &root);
    double rate = (double)n / (now_s() - start);
    tiles_close(tiles);
    return rate;
}

static double writes_alone(const char *path)
{
    static char bytes[BATCH * (LEAF + 2)];
    struct append file;
    struct why why = {""};
    enum err err = append_open(path, &file, &why);
    double start = now_s();
    for (int i = 0; err == OK && i < FLOOR_SYNCS; i++) {
        err = append_add(&file, span_of(bytes, sizeof bytes), &why);
        err = err == OK ? append_sync(&file, &why) : err;
    }
    double rate = (double)FLOOR_SYNCS * BATCH / (now_s() - start);
    assert(err == OK);
    append_close(&file);
    return rate;
}

/* The ledger's bytes, synced; then the root, signed: after each batch all of it may be shown. */
static double on_disk(const char *dir, uint64_t n)
{
    char room[LEAF];
    uint8_t seed[32] = {7};
    struct ledger *ledger = NULL;
    struct secret_key key;
    struct merkle_edge edge;
    struct why why = {""};
    enum err err = secret_key_from_seed(SPAN("bench.example/1"), seed, &key);
    err = err == OK ? ledger_open(dir, &ledger, &why) : err;
    assert(err == OK);
    merkle_edge_init(&edge);
    double start = now_s();
    for (uint64_t i = 0; i < n; i++) {
        struct hash leaf;
        struct span entry = leaf_of(i, room);
        err = ledger_append(ledger, entry, &why);
        assert(err == OK);
        merkle_leaf(entry, &leaf);
        merkle_edge_add(&edge, &leaf);
        if ((i + 1) % BATCH == 0) {
            struct buf text = {0}, note = {0};
            struct checkpoint checkpoint = {.origin = SPAN("bench.example/1"), .size = i + 1};
            err = ledger_sync(ledger, &why);
            assert(err == OK);
            merkle_edge_root(&edge, &checkpoint.root);
            checkpoint_print(&checkpoint, &text);
            note_make(&key, buf_as_span(&text), &note);
            buf_done(&text);
            buf_done(&note);
        }
    }
    double rate = (double)n / (now_s() - start);
    ledger_close(ledger);
    return rate;
}

/* A tree of 2^20 leaves, a level after the other. */
static struct hash *levels[DEPTH + 1];

static enum err read_level(void *arg, unsigned level, uint64_t index, struct hash *out)
{
    (void)arg;
    *out = levels[level][index];
    return OK;
}

static void grow_levels(void)
{
    for (unsigned level = 0; level <= DEPTH; level++) {
        uint64_t n = UINT64_C(1) << (DEPTH - level);
        levels[level] = malloc(n * sizeof **levels);
        assert(levels[level] != NULL);
        for (uint64_t i = 0; i < n; i++) {
            char room[LEAF];
            if (level == 0) {
                merkle_leaf(leaf_of(i, room), &levels[0][i]);
            } else {
                merkle_node(&levels[level - 1][2 * i], &levels[level - 1][2 * i + 1], &levels[level][i]);
            }
        }
    }
}

static double inclusion_checks(void)
{
    static struct merkle_proof proofs[PROOFS];
    uint64_t size = UINT64_C(1) << DEPTH;
    uint64_t good = 0;
    for (uint64_t i = 0; i < PROOFS; i++) {
        enum err err = merkle_prove_inclusion(i * 1021 % size, size, read_level, NULL, &proofs[i]);
        assert(err == OK && proofs[i].len == DEPTH);
    }
    double start = now_s();
    for (uint64_t i = 0; i < CHECKS; i++) {
        uint64_t at = i % PROOFS * 1021 % size;
        good += merkle_check_inclusion(&levels[0][at], at, size, &proofs[i % PROOFS], &levels[DEPTH][0]);
    }
    double rate = (double)CHECKS / (now_s() - start);
    assert(good == CHECKS);
    return rate;
}

static double consistency_checks(void)
{
    static struct merkle_proof proofs[PROOFS];
    static struct hash olds[PROOFS];
    uint64_t size = UINT64_C(1) << DEPTH;
    uint64_t good = 0;
    for (uint64_t i = 0; i < PROOFS; i++) {
        uint64_t old = 1 + i * 1019 % (size - 1);
        enum err err = merkle_prove_consistency(old, size, read_level, NULL, &proofs[i]);
        err = err == OK ? merkle_root_of(old, read_level, NULL, &olds[i]) : err;
        assert(err == OK);
    }
    double start = now_s();
    for (uint64_t i = 0; i < CHECKS; i++) {
        uint64_t k = i % PROOFS;
        good += merkle_check_consistency(1 + k * 1019 % (size - 1), size, &proofs[k], &olds[k],
                                         &levels[DEPTH][0]);
    }
    double rate = (double)CHECKS / (now_s() - start);
    assert(good == CHECKS);
    return rate;
}

/* Nodes alone: a check of depth 20 is 20 of them. */
static double nodes_alone(void)
{
    struct hash node = {{0}};
    double start = now_s();
    for (uint64_t i = 0; i < (uint64_t)CHECKS * DEPTH; i++) {
        merkle_node(&node, &node, &node);
    }
    return (double)CHECKS * DEPTH / (now_s() - start);
}

int main(int argc, char *argv[])
{
    if (argc != 3) {
        fputs("log_floor FOLDER LEAVES\n", stderr);
        return 2;
    }
    char path[FILE_PATH_MAX];
    uint64_t n = strtoull(argv[2], NULL, 10);
    printf("{\"leaves\": %" PRIu64 ",\n", n);
    printf(" \"hashes_alone\": %.0f,\n", hashes_alone(n));
    printf(" \"edge\": %.0f,\n", edge_in_memory(n));
    printf(" \"tiles\": %.0f,\n", tiles_in_memory(path_join(path, argv[1], "tiles"), n));
    grow_levels();
    printf(" \"inclusion_checks\": %.0f,\n", inclusion_checks());
    printf(" \"consistency_checks\": %.0f,\n", consistency_checks());
    printf(" \"checks_floor\": %.0f,\n", nodes_alone() / DEPTH);
    printf(" \"writes_alone\": %.0f,\n", writes_alone(path_join(path, argv[1], "floor")));
    printf(" \"disk\": %.0f}\n", on_disk(path_join(path, argv[1], "ledger"), n));
    return 0;
}
