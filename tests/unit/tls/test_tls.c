/* The plain server side of TLS, over a pair of sockets: what it refuses to open, and the ways in which a connection ends. */
#include "tls/tls.h"

#include "os/file.h"
#include "os/loop.h"
#include "pair.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { TURNS = 50, LARGE = 300000 };

static char folder[] = "/tmp/atalaya-unit-tls-XXXXXX";
static struct pair ours, other;

struct talk {
    int fds[2]; /* the server's, the client's */
    SSL_CTX *context;
    SSL *client;
    struct tls_server *server;
    struct tls_conn *conn;
};

static int set_up(void **state)
{
    (void)state;
    pair_init(&ours, EVP_PKEY_EC, "uno.example", PAIR_YEAR_S);
    pair_init(&other, EVP_PKEY_EC, "dos.example", PAIR_YEAR_S);
    return mkdtemp(folder) == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    pair_done(&ours);
    pair_done(&other);
    return folder_remove(folder, NULL) != OK;
}

static enum err open_server(struct span cert, struct span key, struct tls_server **out, struct why *why)
{
    const char *cert_path = pair_file(folder, "cert.pem", cert);
    return tls_server_open(cert_path, pair_file(folder, "key.pem", key), out, why);
}

static void talk_open(struct talk *talk)
{
    struct why why = {""};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, talk->fds), 0);
    assert_int_equal(open_server(buf_as_span(&ours.pem), buf_as_span(&ours.key_pem), &talk->server, &why),
                     OK);
    talk->context = SSL_CTX_new(TLS_client_method());
    talk->client = SSL_new(talk->context);
    assert_int_equal(SSL_set_fd(talk->client, talk->fds[1]), 1);
    SSL_set_connect_state(talk->client);
    assert_int_equal(tls_conn_new(talk->server, talk->fds[0], &talk->conn), OK);
}

static void talk_close(struct talk *talk)
{
    tls_conn_free(talk->conn);
    tls_server_close(talk->server);
    SSL_free(talk->client);
    SSL_CTX_free(talk->context);
    close(talk->fds[0]);
    close(talk->fds[1]);
}

/* The handshake happens inside the first reads. */
static enum err shake(struct talk *talk)
{
    char byte = 0;
    size_t n = 0;
    enum err err = ERR_AGAIN;
    for (int i = 0; i < TURNS && err == ERR_AGAIN && !SSL_is_init_finished(talk->client); i++) {
        (void)SSL_do_handshake(talk->client);
        err = tls_read(talk->conn, &byte, 1, &n);
        assert_true(err != ERR_AGAIN || tls_wants(talk->conn) == LOOP_READ);
    }
    return err;
}

static void test_pairs_that_are_none(void **state)
{
    (void)state;
    struct span cert = buf_as_span(&ours.pem);
    struct span key = buf_as_span(&ours.key_pem);
    const struct {
        struct span cert, key;
        const char *says;
    } cases[] = {
        {SPAN(""), key, "certificate"},
        {key, key, "certificate"},
        {cert, SPAN("no key\n"), "key"},
        {cert, buf_as_span(&other.key_pem), "key"},
        {span_of(cert.at, cert.len / 2), key, "certificate"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tls_server *server = NULL;
        struct why why = {""};
        assert_int_equal(open_server(cases[i].cert, cases[i].key, &server, &why), ERR_SYNTAX);
        assert_null(server);
        assert_non_null(strstr(why.text, cases[i].says));
    }
}

static void test_locked_key(void **state)
{
    (void)state;
    struct tls_server *server = NULL;
    struct why why = {""};
    char *at = NULL;
    unsigned char words[] = "palabras";
    BIO *text = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey(text, ours.key, EVP_aes_128_cbc(), words, 8, NULL, NULL), 1);
    long len = BIO_get_mem_data(text, &at);
    assert_int_equal(open_server(buf_as_span(&ours.pem), span_of(at, (size_t)len), &server, &why),
                     ERR_SYNTAX);
    assert_non_null(strstr(why.text, "key"));
    BIO_free(text);
}

static void test_both_ways_in_pieces(void **state)
{
    (void)state;
    static char sent[LARGE];
    static char got[LARGE];
    struct talk talk;
    size_t n = 0;
    talk_open(&talk);
    assert_int_equal(shake(&talk), ERR_AGAIN);
    assert_int_equal(SSL_write(talk.client, "pregunta", 8), 8);
    assert_int_equal(tls_read(talk.conn, got, 3, &n), OK);
    assert_int_equal(n, 3);
    assert_int_equal(tls_pending(talk.conn), 5); /* no event will come for them */
    assert_int_equal(tls_read(talk.conn, got + 3, 100, &n), OK);
    assert_memory_equal(got, "pregunta", 8);
    assert_int_equal(tls_read(talk.conn, got, 100, &n), ERR_AGAIN);
    for (size_t i = 0; i < LARGE; i++) {
        sent[i] = (char)(i * 3 + i / 250);
    }
    size_t taken = 0;
    size_t read = 0;
    bool waited = false;
    while (read < LARGE) {
        enum err err = ERR_AGAIN;
        while (taken < LARGE && (err = tls_write(talk.conn, sent + taken, LARGE - taken, &n)) == OK) {
            taken += n;
        }
        assert_true(taken == LARGE || (err == ERR_AGAIN && tls_wants(talk.conn) == LOOP_WRITE));
        waited = waited || taken < LARGE;
        while (read < LARGE && SSL_read_ex(talk.client, got + read, LARGE - read, &n) == 1) {
            read += n;
        }
    }
    assert_true(waited);
    assert_memory_equal(sent, got, LARGE);
    talk_close(&talk);
}

static void test_ends(void **state)
{
    (void)state;
    char byte = 0;
    size_t n = 1;
    struct talk talk;
    talk_open(&talk);
    assert_int_equal(shake(&talk), ERR_AGAIN);
    (void)SSL_shutdown(talk.client);
    assert_int_equal(tls_read(talk.conn, &byte, 1, &n), OK); /* in order: nothing more comes */
    assert_int_equal(n, 0);
    talk_close(&talk);
    talk_open(&talk);
    assert_int_equal(shake(&talk), ERR_AGAIN);
    shutdown(talk.fds[1], SHUT_WR); /* cut off, which is no end */
    assert_int_equal(tls_read(talk.conn, &byte, 1, &n), ERR_IO);
    assert_int_equal(tls_read(talk.conn, &byte, 1, &n), ERR_IO);
    assert_int_equal(tls_write(talk.conn, "x", 1, &n), ERR_IO);
    talk_close(&talk);
}

static void test_who_speaks_something_else(void **state)
{
    (void)state;
    static const unsigned char h2[] = "\x02h2";
    static const char plain[] = "POST /acta HTTP/1.1\r\nHost: a\r\n\r\n";
    char byte = 0;
    size_t n = 0;
    struct talk talk;
    talk_open(&talk);
    assert_int_equal(send(talk.fds[1], plain, sizeof plain - 1, 0), (int)sizeof plain - 1);
    assert_int_equal(tls_read(talk.conn, &byte, 1, &n), ERR_IO);
    talk_close(&talk);
    talk_open(&talk);
    assert_int_equal(SSL_set_alpn_protos(talk.client, h2, sizeof h2 - 1), 0);
    assert_int_equal(shake(&talk), ERR_IO); /* HTTP/1.1 is all there is */
    talk_close(&talk);
    talk_open(&talk);
    SSL_set_security_level(talk.client, 0);
    assert_int_equal(SSL_set_min_proto_version(talk.client, TLS1_VERSION), 1);
    assert_int_equal(SSL_set_max_proto_version(talk.client, TLS1_1_VERSION), 1);
    assert_int_equal(shake(&talk), ERR_IO);
    talk_close(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_that_are_none),       cmocka_unit_test(test_locked_key),
        cmocka_unit_test(test_both_ways_in_pieces),       cmocka_unit_test(test_ends),
        cmocka_unit_test(test_who_speaks_something_else),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
