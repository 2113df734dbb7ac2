/* A log that grows in steps, by the house's own publisher and signer. */
#include "peer_proofs.h"

#include "logtree/publisher.h"
#include "logtree/signer.h"
#include "os/file.h"
#include "tlog/ledger.h"

#include <assert.h>
#include <stdio.h>

#define ORIGIN "peers.example.mx/2027/simulacro"

static const uint8_t seed[32] = "atalaya: a key for tests alone.";

struct growing {
    const char *dir;
    char state_path[FILE_PATH_MAX], path[FILE_PATH_MAX];
    struct secret_key key;
    struct signer_state state;
};

static void put(struct growing *growing, const char *name, struct span bytes)
{
    struct why why = {{0}};
    enum err err = file_write(path_join(growing->path, growing->dir, name), bytes, false, &why);
    assert(err == OK);
}

static enum err ask(void *arg, const struct add_checkpoint *request, struct buf *note, uint64_t *size,
                    struct why *why)
{
    struct growing *growing = arg;
    struct buf body = {0};
    add_checkpoint_print(request, &body);
    enum err err =
        signer_sign(growing->state_path, &growing->state, &growing->key, buf_as_span(&body), note, why);
    *size = growing->state.size;
    buf_done(&body);
    return err;
}

static void append(struct ledger *ledger, uint64_t upto)
{
    struct why why = {{0}};
    for (uint64_t i = ledger_size(ledger); i < upto; i++) {
        char entry[256];
        int len = snprintf(
            entry, sizeof entry, "prep-notice/v1\nnumber %llu\n%.*s\n", (unsigned long long)i, (int)(i % 97),
            "-----------------------------------------------------------------------------------------------------");
        enum err err = ledger_append(ledger, span_of(entry, (size_t)len), &why);
        assert(err == OK);
    }
    enum err err = ledger_sync(ledger, &why);
    assert(err == OK);
}

static void publish(struct growing *growing, struct publisher *publisher, uint64_t size)
{
    struct why why = {{0}};
    bool grew = false;
    enum err err = publisher_turn(publisher, INT64_MAX, ask, growing, &grew, &why);
    assert(err == OK && grew && publisher_size(publisher) == size);
    struct buf note = {0};
    err = file_read(path_join(growing->path, growing->dir, "public/log/checkpoint"), CHECKPOINT_MAX, &note,
                    &why);
    assert(err == OK);
    char name[64];
    snprintf(name, sizeof name, "checkpoints/%llu", (unsigned long long)size);
    put(growing, name, buf_as_span(&note));
    buf_done(&note);
}

static void begin(struct growing *growing, const char *dir)
{
    struct why why = {{0}};
    const char *const folders[] = {"ledger", "public/log", "checkpoints", "signer"};
    growing->dir = dir;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        enum err err = folder_make(path_join(growing->path, dir, folders[i]), &why);
        assert(err == OK);
    }
    path_join(growing->state_path, dir, "signer/state");
    enum err err = secret_key_from_seed(SPAN(ORIGIN), seed, &growing->key);
    assert(err == OK);
    err = signer_begin(growing->state_path, SPAN(ORIGIN), &why);
    assert(err == OK);
    err = signer_load(growing->state_path, &growing->state, &why);
    assert(err == OK);
    struct buf vkey = {0};
    note_key_print(&growing->key.key, &vkey);
    buf_char(&vkey, '\n');
    put(growing, "vkey", buf_as_span(&vkey));
    buf_done(&vkey);
}

void grow(const char *dir, uint64_t leaves)
{
    static const uint64_t steps[] = {1,   2,   3,    7,    8,    128,   255,   256,   257,   300,  511,
                                     512, 513, 1000, 4096, 9999, 30000, 65535, 65536, 65537, 70000};
    struct growing growing;
    char ledger_dir[FILE_PATH_MAX], public_dir[FILE_PATH_MAX];
    struct ledger *ledger = NULL;
    struct publisher *publisher = NULL;
    struct why why = {{0}};
    begin(&growing, dir);
    struct publisher_options options = {.ledger_dir = path_join(ledger_dir, dir, "ledger"),
                                        .public_dir = path_join(public_dir, dir, "public"),
                                        .origin = ORIGIN};
    enum err err = ledger_open(ledger_dir, &ledger, &why);
    assert(err == OK);
    err = publisher_open(&options, &publisher, &why);
    assert(err == OK);
    for (size_t i = 0; i < sizeof steps / sizeof *steps && steps[i] <= leaves; i++) {
        append(ledger, steps[i]);
        publish(&growing, publisher, steps[i]);
    }
    publisher_close(publisher);
    ledger_close(ledger);
    secret_key_wipe(&growing.key);
}
