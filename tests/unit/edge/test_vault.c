/* The vault: one copy a digest, sealed; what nobody wants goes, sparse segments are packed, the budget holds. */
#include "edge/vault.h"

#include "seal/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct body *put(struct vault *vault, const char *text)
{
    uint8_t digest[32];
    struct body *body = NULL;
    digest_of(span_str(text), digest);
    assert_int_equal(vault_put(vault, digest, span_str(text), &body), OK);
    return body;
}

static void check_bytes(const struct vault *vault, const struct body *body, const char *text)
{
    char room[64] = "";
    assert_int_equal(body->len, strlen(text));
    assert_int_equal(pread(vault->objects[body->object].fd, room, body->len, (off_t)body->offset), body->len);
    assert_memory_equal(room, text, body->len);
}

static void one_copy_a_digest(void **state)
{
    (void)state;
    struct vault vault;
    vault_init(&vault, 1000, 1, NULL);
    struct body *a = put(&vault, "hola");
    assert_ptr_equal(put(&vault, "hola"), a);
    struct body *b = put(&vault, "adios");
    struct body *empty = put(&vault, "");
    vault_sweep_begin(&vault);
    vault_want(&vault, a);
    vault_want(&vault, b);
    vault_want(&vault, empty);
    assert_int_equal(vault_sweep_end(&vault, NULL), OK);
    assert_int_equal(vault.n_objects, 1);
    assert_int_equal(vault.bytes, 9);
    check_bytes(&vault, a, "hola");
    check_bytes(&vault, b, "adios");
    /* sealed: nobody writes any more, not even we */
    assert_int_equal(write(vault.objects[0].fd, "x", 1), -1);
    assert_int_equal(ftruncate(vault.objects[0].fd, 0), -1);
    vault_done(&vault);
}

static void what_nobody_wants_goes(void **state)
{
    (void)state;
    struct vault vault;
    vault_init(&vault, 1000, 1, NULL);
    struct body *a = put(&vault, "uno");
    vault_sweep_begin(&vault);
    vault_want(&vault, a);
    assert_int_equal(vault_sweep_end(&vault, NULL), OK);
    struct body *b = put(&vault, "dos");
    put(&vault, "a load that failed left this");
    vault_sweep_begin(&vault);
    vault_want(&vault, b);
    assert_int_equal(vault_sweep_end(&vault, NULL), OK);
    assert_int_equal(vault.n_objects, 1);
    assert_int_equal(vault.n_bodies, 1);
    assert_int_equal(vault.bytes, 3);
    check_bytes(&vault, b, "dos");
    vault_done(&vault);
}

/* Ninety sweeps: each brings ten bodies and forgets most older ones; the wanted bytes stay readable and the segments
 * never hold much more than is wanted. */
static void sparse_segments_are_packed(void **state)
{
    (void)state;
    struct vault vault;
    vault_init(&vault, 100000, 1, NULL);
    struct body *kept[90];
    char text[40];
    for (int round = 0; round < 90; round++) {
        struct body *now[10];
        for (int i = 0; i < 10; i++) {
            (void)snprintf(text, sizeof text, "corte %03d pedazo %d", round, i);
            now[i] = put(&vault, text);
        }
        kept[round] = now[3];
        vault_sweep_begin(&vault);
        for (int i = 0; i < 10; i++) {
            vault_want(&vault, now[i]);
        }
        for (int i = 0; i < round; i++) {
            vault_want(&vault, kept[i]);
        }
        assert_int_equal(vault_sweep_end(&vault, NULL), OK);
        uint64_t wanted = 0;
        for (uint32_t i = 0; i < vault.n_bodies; i++) {
            wanted += vault.bodies[i]->len;
        }
        assert_true(vault.bytes <= 2 * wanted + 200);
    }
    for (int round = 0; round < 90; round++) {
        (void)snprintf(text, sizeof text, "corte %03d pedazo 3", round);
        check_bytes(&vault, kept[round], text);
    }
    vault_done(&vault);
}

static struct body *put_large(struct vault *vault, char fill, size_t len)
{
    uint8_t digest[32];
    struct body *body = NULL;
    char *bytes = malloc(len);
    assert_non_null(bytes);
    memset(bytes, fill, len);
    digest_of(span_of(bytes, len), digest);
    assert_int_equal(vault_put(vault, digest, span_of(bytes, len), &body), OK);
    free(bytes);
    return body;
}

static void check_large(const struct vault *vault, const struct body *body, char fill)
{
    char room[100];
    int fd = vault->objects[body->object].fd;
    assert_int_equal(pread(fd, room, sizeof room, (off_t)(body->offset + body->len - sizeof room)),
                     sizeof room);
    for (size_t i = 0; i < sizeof room; i++) {
        assert_int_equal(room[i], fill);
    }
}

static void sweep_with(struct vault *vault, struct body *const *wanted, size_t n)
{
    vault_sweep_begin(vault);
    for (size_t i = 0; i < n; i++) {
        vault_want(vault, wanted[i]);
    }
    assert_int_equal(vault_sweep_end(vault, NULL), OK);
}

/* Large bodies lie in a file that has no name and that nobody may write; what most has gone from is written anew. */
static void large_bodies_lie_in_packs(void **state)
{
    (void)state;
    char folder[] = "/tmp/vault-XXXXXX";
    struct vault vault;
    assert_non_null(mkdtemp(folder));
    vault_init(&vault, 10 << 20, 1, folder);
    struct body *small = put(&vault, "uno");
    struct body *a = put_large(&vault, 'a', PACK_FROM);
    struct body *b = put_large(&vault, 'b', 3 * PACK_FROM);
    struct body *const all[] = {small, a, b};
    sweep_with(&vault, all, 3);
    assert_int_equal(rmdir(folder), 0); /* it is empty */
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(vault.n_objects, 2);
    assert_int_not_equal(small->object, a->object);
    assert_int_equal(a->object, b->object);
    const struct vault_object *pack = &vault.objects[a->object];
    assert_true(pack->is_file && pack->is_ours);
    assert_int_equal(b->offset % 4096, 0);
    assert_int_equal(pwrite(pack->fd, "x", 1, 0), -1);
    assert_int_equal(ftruncate(pack->fd, 0), -1);
    check_large(&vault, a, 'a');
    check_large(&vault, b, 'b');
    struct body *const less[] = {small, a};
    sweep_with(&vault, less, 2);
    assert_int_equal(vault.n_objects, 2);
    check_large(&vault, a, 'a');
    assert_true(vault.bytes <= PACK_FROM + 4096);
    sweep_with(&vault, all, 1);
    assert_int_equal(vault.n_objects, 1);
    vault_done(&vault);
    assert_int_equal(rmdir(folder), 0);
}

static void without_a_folder_all_lies_in_memory(void **state)
{
    (void)state;
    struct vault vault;
    vault_init(&vault, 10 << 20, 1, "/nonexistent");
    struct body *a = put_large(&vault, 'a', PACK_FROM);
    sweep_with(&vault, &a, 1);
    assert_int_equal(vault.n_objects, 1);
    assert_false(vault.objects[0].is_file);
    check_large(&vault, a, 'a');
    vault_done(&vault);
}

static void the_budget_holds(void **state)
{
    (void)state;
    struct vault vault;
    uint8_t digest[32];
    struct body *body = NULL;
    vault_init(&vault, 10, 1, NULL);
    put(&vault, "123456789");
    digest_of(SPAN("ab"), digest);
    assert_int_equal(vault_put(&vault, digest, SPAN("ab"), &body), ERR_FULL);
    assert_null(body);
    put(&vault, "123456789"); /* is there already */
    vault_done(&vault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_copy_a_digest),
        cmocka_unit_test(what_nobody_wants_goes),
        cmocka_unit_test(sparse_segments_are_packed),
        cmocka_unit_test(large_bodies_lie_in_packs),
        cmocka_unit_test(without_a_folder_all_lies_in_memory),
        cmocka_unit_test(the_budget_holds),
    };
    return cmocka_run_group_tests_name("edge_vault", tests, NULL, NULL);
}
