/* Key files: what is written can be read again by who may, and by nobody else. */
#include "keys/keyfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
/* cmocka wants the four above first */
#include <cmocka.h>

struct fixture {
    char dir[64], key[FILE_PATH_MAX], public[FILE_PATH_MAX];
    struct secret_key secret;
    struct why why;
};
static struct fixture f;

static int set_up(void **state)
{
    static const uint8_t seed[32] = {7};
    (void)state;
    f = (struct fixture){.dir = "/tmp/atalaya-keys-XXXXXX"};
    if (mkdtemp(f.dir) == NULL) {
        return -1;
    }
    path_join(f.key, f.dir, "cut.key");
    path_join(f.public, f.dir, "cut.key.pub");
    return secret_key_from_seed(SPAN("prep.example/2027"), seed, &f.secret) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return folder_remove(f.dir, &f.why) == OK ? 0 : -1;
}

static enum err answer(void *arg, const char *name, char out[PASSPHRASE_MAX], size_t *len)
{
    assert_string_equal(name, "prep.example/2027");
    *len = strlen(arg);
    memcpy(out, arg, *len);
    return OK;
}

static enum err nobody(void *arg, const char *name, char out[PASSPHRASE_MAX], size_t *len)
{
    (void)arg, (void)name, (void)out, (void)len;
    return ERR_MISSING;
}

static void put(const char *text, mode_t mode)
{
    assert_int_equal(file_write(f.key, span_str(text), false, &f.why), OK);
    assert_int_equal(chmod(f.key, mode), 0);
}

static enum err load(keyfile_ask ask, const char *passphrase, struct signing_key *out)
{
    f.why.text[0] = '\0';
    return keyfile_load(f.key, ask, (void *)(uintptr_t)passphrase, out, &f.why);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    struct signing_key key;
    struct stat about;
    struct buf vkey = {0}, line = {0};
    assert_int_equal(keyfile_write(f.key, &f.secret, SPAN(""), &f.why), OK);
    assert_int_equal(stat(f.key, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(load(NULL, NULL, &key), OK);
    assert_memory_equal(key.secret.secret, f.secret.secret, sizeof f.secret.secret);
    assert_null(key.token);
    signing_key_done(&key);
    note_key_print(&f.secret.key, &line);
    buf_char(&line, '\n');
    assert_int_equal(file_read(f.public, 1000, &vkey, &f.why), OK);
    assert_true(span_equal(buf_as_span(&vkey), buf_as_span(&line)));
    buf_done(&vkey);
    buf_done(&line);
}

static void neither_file_is_written_over(void **state)
{
    (void)state;
    struct buf kept = {0};
    assert_int_equal(file_write(f.public, SPAN("mine\n"), false, &f.why), OK);
    assert_int_equal(keyfile_write(f.key, &f.secret, SPAN(""), &f.why), ERR_EXISTS);
    assert_false(file_exists(f.key));
    assert_int_equal(file_read(f.public, 1000, &kept, &f.why), OK);
    assert_true(span_is(buf_as_span(&kept), "mine\n"));
    buf_done(&kept);
}

static void what_others_may_read_is_refused(void **state)
{
    (void)state;
    struct signing_key key;
    assert_int_equal(keyfile_write(f.key, &f.secret, SPAN(""), &f.why), OK);
    static const mode_t modes[] = {0640, 0604, 0620, 0601};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(f.key, modes[i]), 0);
        assert_int_equal(load(NULL, NULL, &key), ERR_REFUSED);
        assert_non_null(strstr(f.why.text, "chmod 600"));
    }
    assert_int_equal(chmod(f.key, 0400), 0);
    assert_int_equal(load(NULL, NULL, &key), OK);
    signing_key_done(&key);
}

static void a_passphrase_opens_and_another_does_not(void **state)
{
    (void)state;
    struct signing_key key;
    struct buf text = {0}, secret = {0};
    assert_int_equal(keyfile_write(f.key, &f.secret, SPAN("caballo pila grapa"), &f.why), OK);
    assert_int_equal(file_read(f.key, KEYFILE_MAX, &text, &f.why), OK);
    secret_key_print(&f.secret, &secret);
    assert_null(memmem(text.at, text.len, secret.at + secret.len - 20, 19));
    assert_int_equal(load(NULL, NULL, &key), ERR_REFUSED);
    assert_non_null(strstr(f.why.text, "contraseña"));
    assert_int_equal(load(nobody, NULL, &key), ERR_MISSING);
    assert_int_equal(load(answer, "caballo pila grap", &key), ERR_FORGED);
    assert_int_equal(load(answer, "caballo pila grapa", &key), OK);
    assert_memory_equal(key.secret.secret, f.secret.secret, sizeof f.secret.secret);
    signing_key_done(&key);
    buf_done(&text);
    buf_done(&secret);
}

static void what_is_no_key_is_a_sentence(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "\n",
        "PRIVATE+KEY+",
        "PRIVATE+KEY+name+00000000+AAAA\n",
        "prep-secret/v1\n",
        "prep-secret/v1\nvkey x\nsealed AAAA\n",
        "prep-secret/v1\nvkey x\nsealed !\n",
        "prep-token/v1\n",
        "prep-token/v1\nvkey x\nmodule relative.so\ntoken a\nkey b\npin /x\npath -\n",
        "prep-token/v2\n",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct signing_key key = {.path = "untouched"};
        put(rows[i], 0600);
        assert_int_not_equal(load(answer, "x", &key), OK);
        assert_non_null(strstr(f.why.text, f.key));
        assert_string_equal(key.path, "untouched");
    }
    char *long_one = malloc(KEYFILE_MAX + 2);
    assert_non_null(long_one);
    memset(long_one, 'a', KEYFILE_MAX + 1);
    long_one[KEYFILE_MAX + 1] = '\0';
    struct signing_key key;
    put(long_one, 0600);
    assert_int_equal(load(NULL, NULL, &key), ERR_TOO_BIG);
    free(long_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(neither_file_is_written_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_others_may_read_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_passphrase_opens_and_another_does_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_key_is_a_sentence, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
