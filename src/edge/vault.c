/* Segments, packs, files and the sweep. */
#include "edge/vault.h"

#include "edge/view.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void vault_init(struct vault *vault, uint64_t budget, uint64_t first_id, const char *packs)
{
    *vault = (struct vault){.budget = budget, .next_id = first_id};
    map_init(&vault->by_hash, first_id, first_id ^ 0x5bd1e995);
    buf_init(&vault->open, 0);
    pack_init(&vault->pack, packs);
}

void vault_done(struct vault *vault)
{
    for (uint32_t i = 0; i < vault->n_bodies; i++) {
        free(vault->bodies[i]);
    }
    for (uint32_t i = 0; i < vault->n_objects; i++) {
        close(vault->objects[i].fd);
    }
    free(vault->bodies);
    free(vault->objects);
    map_done(&vault->by_hash);
    buf_done(&vault->open);
    pack_drop(&vault->pack);
}

struct body *vault_find(struct vault *vault, const uint8_t sha256[32])
{
    uint32_t at = map_get(&vault->by_hash, span_of((const char *)sha256, 32));
    return at == MAP_NONE ? NULL : vault->bodies[at];
}

/* Grown by doubling: the capacity is the next power of two, so it need not be kept. */
static void *grown(void *list, uint32_t n, size_t size)
{
    if (n == 0 || (n & (n - 1)) == 0) {
        list = realloc(list, (n == 0 ? 1 : (size_t)n * 2) * size);
        assert(list != NULL);
    }
    return list;
}

static struct body *add_body(struct vault *vault, const uint8_t sha256[32], uint64_t len)
{
    struct body *body = calloc(1, sizeof *body);
    assert(body != NULL);
    memcpy(body->sha256, sha256, 32);
    body->len = len;
    vault->bodies = grown(vault->bodies, vault->n_bodies, sizeof(struct body *));
    vault->bodies[vault->n_bodies] = body;
    map_put(&vault->by_hash, span_of((const char *)body->sha256, 32), vault->n_bodies++);
    return body;
}

static uint32_t add_object(struct vault *vault, int fd, uint64_t size, bool is_file, bool is_ours)
{
    vault->objects = grown(vault->objects, vault->n_objects, sizeof *vault->objects);
    vault->objects[vault->n_objects] = (struct vault_object){
        .id = vault->next_id++, .size = size, .fd = fd, .is_file = is_file, .is_ours = is_ours};
    return vault->n_objects++;
}

static bool is_open(const struct body *body)
{
    return body->object == VAULT_OPEN || body->object == VAULT_OPEN_PACK;
}

/* Into the open pack, or the open segment. */
static void store(struct vault *vault, struct body *body, struct span bytes)
{
    if (bytes.len >= PACK_FROM && pack_add(&vault->pack, bytes, &body->offset)) {
        body->object = VAULT_OPEN_PACK;
        return;
    }
    body->object = VAULT_OPEN;
    body->offset = vault->open.len;
    buf_span(&vault->open, bytes);
}

enum err vault_put(struct vault *vault, const uint8_t sha256[32], struct span bytes, struct body **out)
{
    struct body *body = vault_find(vault, sha256);
    if (body == NULL) {
        if (bytes.len > vault->budget || vault->bytes > vault->budget - bytes.len) {
            return ERR_FULL;
        }
        body = add_body(vault, sha256, bytes.len);
        store(vault, body, bytes);
        vault->bytes += bytes.len;
    }
    *out = body;
    return OK;
}

struct body *vault_take_file(struct vault *vault, const uint8_t sha256[32], uint64_t len, int fd)
{
    struct body *body = vault_find(vault, sha256);
    if (body != NULL) {
        close(fd);
        return body;
    }
    body = add_body(vault, sha256, len);
    body->object = add_object(vault, fd, len, true, false);
    return body;
}

void vault_sweep_begin(struct vault *vault)
{
    vault->mark++;
    for (uint32_t i = 0; i < vault->n_objects; i++) {
        vault->objects[i].live = 0;
    }
}

void vault_want(struct vault *vault, struct body *body)
{
    if (body->mark != vault->mark) {
        body->mark = vault->mark;
        if (!is_open(body)) {
            vault->objects[body->object].live += body->len > 0 ? body->len : 1;
        }
    }
}

/* A segment of which less than half is wanted is worth copying together. */
static bool is_sparse(const struct vault_object *object)
{
    return object->is_ours && object->live > 0 && object->live < object->size / 2;
}

/* The wanted bodies of sparse segments and packs move into the open ones. */
static enum err move_out(struct vault *vault, struct body *body, struct why *why)
{
    const struct vault_object *object = &vault->objects[body->object];
    struct buf bytes;
    buf_init(&bytes, 0);
    char *room = buf_room(&bytes, (size_t)body->len);
    ssize_t n = pread(object->fd, room, (size_t)body->len, (off_t)body->offset);
    enum err err = OK;
    if (n == (ssize_t)body->len) {
        buf_grew(&bytes, (size_t)body->len);
        store(vault, body, buf_as_span(&bytes));
    } else {
        err = why_set(why, ERR_IO, "read a segment: %s", n < 0 ? strerror(errno) : "it is too short");
    }
    buf_done(&bytes);
    return err;
}

static void forget_bodies(struct vault *vault)
{
    uint32_t kept = 0;
    map_done(&vault->by_hash);
    map_init(&vault->by_hash, vault->next_id, vault->mark);
    for (uint32_t i = 0; i < vault->n_bodies; i++) {
        struct body *body = vault->bodies[i];
        if (body->mark != vault->mark) {
            free(body);
            continue;
        }
        vault->bodies[kept] = body;
        map_put(&vault->by_hash, span_of((const char *)body->sha256, 32), kept++);
    }
    vault->n_bodies = kept; /* the list is at least as large as one that grew to this */
}

/* Closes objects without wanted bodies and gives the others their new index. */
static void forget_objects(struct vault *vault)
{
    uint32_t *moved = calloc(vault->n_objects + 1, sizeof *moved);
    assert(moved != NULL);
    uint32_t kept = 0;
    vault->bytes = 0;
    for (uint32_t i = 0; i < vault->n_objects; i++) {
        struct vault_object object = vault->objects[i];
        if (object.live == 0) {
            close(object.fd);
            continue;
        }
        vault->bytes += object.is_ours ? object.size : 0;
        moved[i] = kept;
        vault->objects[kept++] = object;
    }
    vault->n_objects = kept;
    for (uint32_t i = 0; i < vault->n_bodies; i++) {
        struct body *body = vault->bodies[i];
        body->object = is_open(body) ? body->object : moved[body->object];
    }
    free(moved);
}

/* The open segment without what nobody wanted (a load that failed half way). Returns false when nothing is left. */
static bool squeeze_open(struct vault *vault)
{
    struct buf packed;
    bool any = false;
    uint64_t wanted = 0;
    for (uint32_t i = 0; i < vault->n_bodies; i++) {
        wanted += vault->bodies[i]->object == VAULT_OPEN ? vault->bodies[i]->len : 0;
        any = any || vault->bodies[i]->object == VAULT_OPEN;
    }
    if (any && wanted == vault->open.len) {
        return true;
    }
    buf_init(&packed, 0);
    for (uint32_t i = 0; i < vault->n_bodies; i++) {
        struct body *body = vault->bodies[i];
        if (body->object == VAULT_OPEN) {
            uint64_t offset = packed.len;
            buf_add(&packed, vault->open.at + body->offset, (size_t)body->len);
            body->offset = offset;
        }
    }
    buf_done(&vault->open);
    vault->open = packed;
    return any;
}

/* An object that was open is one like the others. */
static void settle(struct vault *vault, uint32_t was, uint32_t object)
{
    for (uint32_t i = 0; i < vault->n_bodies; i++) {
        struct body *body = vault->bodies[i];
        if (body->object == was) {
            body->object = object;
            vault->objects[object].live += body->len > 0 ? body->len : 1;
        }
    }
    vault->bytes += vault->objects[object].size;
}

/* What nobody wanted in it stays until less than half is wanted. */
static void close_pack(struct vault *vault)
{
    bool any = false;
    for (uint32_t i = 0; i < vault->n_bodies; i++) {
        any = any || vault->bodies[i]->object == VAULT_OPEN_PACK;
    }
    if (!any) {
        pack_drop(&vault->pack);
        return;
    }
    uint64_t len = vault->pack.len;
    settle(vault, VAULT_OPEN_PACK, add_object(vault, pack_take(&vault->pack), len, true, true));
}

static enum err seal_open(struct vault *vault, struct why *why)
{
    int fd = -1;
    close_pack(vault);
    if (!squeeze_open(vault)) {
        return OK;
    }
    TRY(memfd_of("edge-segment", buf_as_span(&vault->open), &fd, why));
    settle(vault, VAULT_OPEN, add_object(vault, fd, vault->open.len, false, true));
    buf_done(&vault->open);
    buf_init(&vault->open, 0);
    return OK;
}

enum err vault_sweep_end(struct vault *vault, struct why *why)
{
    forget_bodies(vault);
    for (uint32_t i = 0; i < vault->n_bodies; i++) {
        struct body *body = vault->bodies[i];
        if (!is_open(body) && is_sparse(&vault->objects[body->object])) {
            TRY(move_out(vault, body, why));
        }
    }
    for (uint32_t i = 0; i < vault->n_objects; i++) {
        vault->objects[i].live = is_sparse(&vault->objects[i]) ? 0 : vault->objects[i].live;
    }
    forget_objects(vault);
    return seal_open(vault, why);
}

enum err memfd_of(const char *name, struct span bytes, int *out, struct why *why)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) {
        return why_set(why, ERR_IO, "memfd: %s", strerror(errno));
    }
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n <= 0) {
            enum err err = why_set(why, ERR_FULL, "write a segment: %s", strerror(errno));
            close(fd);
            return err;
        }
        bytes = span_from(bytes, (size_t)n);
    }
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
        enum err err = why_set(why, ERR_IO, "seal a segment: %s", strerror(errno));
        close(fd);
        return err;
    }
    *out = fd;
    return OK;
}
