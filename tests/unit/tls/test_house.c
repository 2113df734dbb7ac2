/* A house without keys and its lines, against OpenSSL's own client over a pair of sockets: who is asked what, which certificate goes
 * by which name, tickets, and what becomes of a line whose other side or whose keys misbehave. */
#include "tls/house.h"

#include "os/file.h"
#include "pair.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { TURNS = 50, LARGE = 1 << 20, CERT_ONE = 0, CERT_TWO = 7 };

static char folder[] = "/tmp/atalaya-unit-house-XXXXXX";
static struct pair one, two, one_rsa;
static struct tls_secret *secret_one, *secret_two, *secret_rsa;

/* Who is asked. */
static struct {
    bool refuses;
    int asked;
    uint32_t cert;
    enum tls_ask_kind kind;
} keys;

struct talk {
    int fds[2]; /* the line's, the client's */
    SSL_CTX *context;
    SSL *client;
    struct tls_line *line;
};

static bool on_ask(void *arg, void *owner, struct tls_question *question)
{
    assert_ptr_equal(arg, &keys);
    assert_non_null(owner);
    keys.asked++;
    keys.cert = question->cert;
    keys.kind = question->kind;
    return !keys.refuses;
}

static struct tls_secret *secret_of(const char *name, const struct pair *pair)
{
    struct tls_secret *secret = NULL;
    struct why why = {""};
    const char *cert = pair_file(folder, name, buf_as_span(&pair->pem));
    const char *key = pair_file(folder, "key.pem", buf_as_span(&pair->key_pem));
    assert_int_equal(tls_secret_read(cert, key, &secret, &why), OK);
    return secret;
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    pair_init(&one, EVP_PKEY_EC, "uno.example", PAIR_YEAR_S);
    pair_init(&one_rsa, EVP_PKEY_RSA, "uno.example", PAIR_YEAR_S);
    pair_init(&two, EVP_PKEY_EC, "dos.example", PAIR_YEAR_S);
    secret_one = secret_of("one.pem", &one);
    secret_two = secret_of("two.pem", &two);
    secret_rsa = secret_of("rsa.pem", &one_rsa);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tls_secret_free(secret_one);
    tls_secret_free(secret_two);
    tls_secret_free(secret_rsa);
    pair_done(&one);
    pair_done(&two);
    pair_done(&one_rsa);
    return folder_remove(folder, NULL) != OK;
}

/* A house lives as long as its process: the tests' are kept where a checker of leaks sees them. */
static struct tls_house *new_house(void)
{
    static struct tls_house *all[32];
    static size_t n;
    assert_true(n < sizeof all / sizeof *all);
    memset(&keys, 0, sizeof keys);
    all[n] = tls_house_new(on_ask, &keys);
    return all[n++];
}

/* Certificates of both names, the first of them the one for whoever asks for none. */
static struct tls_house *house_of_two(void)
{
    struct why why = {""};
    struct tls_house *house = new_house();
    tls_house_begin(house);
    assert_int_equal(tls_house_add(house, CERT_ONE, buf_as_span(&one.pem), &why), OK);
    assert_int_equal(tls_house_add(house, CERT_TWO, buf_as_span(&two.pem), &why), OK);
    assert_false(tls_house_is_ready(house));
    assert_int_equal(tls_house_ready(house, &why), OK);
    assert_true(tls_house_is_ready(house));
    return house;
}

static void talk_open(struct talk *talk, struct tls_house *house, const char *host)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, talk->fds), 0);
    talk->context = SSL_CTX_new(TLS_client_method());
    talk->client = SSL_new(talk->context);
    assert_int_equal(SSL_set_fd(talk->client, talk->fds[1]), 1);
    SSL_set_connect_state(talk->client);
    if (host != NULL) {
        char name[64]; /* OpenSSL takes it as one that may change */
        assert_true(span_copy(span_str(host), name, sizeof name));
        assert_int_equal(SSL_set_tlsext_host_name(talk->client, name), 1);
    }
    assert_int_equal(tls_line_new(house, talk->fds[0], talk, &talk->line), OK);
}

static void talk_close(struct talk *talk)
{
    tls_line_free(talk->line, true);
    SSL_set_shutdown(talk->client, SSL_SENT_SHUTDOWN); /* or its session could not be resumed */
    SSL_free(talk->client);
    SSL_CTX_free(talk->context);
    close(talk->fds[0]);
    close(talk->fds[1]);
    assert_int_equal(tls_lines_left(), 0);
}

static void answer(struct talk *talk)
{
    const struct tls_question *question = tls_line_question(talk->line);
    uint8_t out[TLS_ASK_MAX];
    size_t len = 0;
    assert_non_null(question);
    const struct tls_secret *secret = question->cert == CERT_TWO        ? secret_two
                                      : question->kind == TLS_ASK_ECDSA ? secret_one
                                                                        : secret_rsa;
    assert_int_equal(tls_secret_answer(secret, question->kind, question->padding, question->bytes, out, &len),
                     OK);
    tls_line_answer(talk->line, span_of((const char *)out, len));
}

/* Turn by turn, until the line asks or its handshake has ended. */
static enum err shake(struct talk *talk)
{
    enum err err = ERR_AGAIN;
    for (int i = 0; i < TURNS && err == ERR_AGAIN && !tls_line_asks(talk->line); i++) {
        (void)SSL_do_handshake(talk->client);
        tls_line_wake(talk->line, false);
        err = tls_line_shake(talk->line);
    }
    return err;
}

static void shake_to_the_end(struct talk *talk)
{
    enum err err = shake(talk);
    while (err == ERR_AGAIN && tls_line_asks(talk->line)) {
        answer(talk);
        err = tls_line_shake(talk->line);
        err = err == ERR_AGAIN ? shake(talk) : err;
    }
    assert_int_equal(err, OK);
    (void)SSL_do_handshake(talk->client);
    assert_true(SSL_is_init_finished(talk->client));
}

static void test_asks_and_waits(void **state)
{
    (void)state;
    struct talk talk;
    struct tls_house *house = house_of_two();
    talk_open(&talk, house, "uno.example");
    assert_int_equal(tls_line_version(talk.line), 0);
    assert_int_equal(shake(&talk), ERR_AGAIN);
    assert_true(tls_line_asks(talk.line));
    assert_int_equal(keys.asked, 1);
    assert_int_equal(keys.cert, CERT_ONE);
    assert_int_equal(keys.kind, TLS_ASK_ECDSA);
    for (int i = 0; i < 3;
         i++) { /* looked at again before the answer: it still waits, and asks nobody again */
        assert_int_equal(tls_line_shake(talk.line), ERR_AGAIN);
    }
    assert_int_equal(keys.asked, 1);
    shake_to_the_end(&talk);
    assert_false(tls_line_asks(talk.line));
    assert_null(tls_line_question(talk.line));
    assert_int_equal(tls_line_version(talk.line), 13);
    assert_false(tls_line_is_h2(talk.line));
    assert_false(tls_line_resumed(talk.line));
    assert_true(tls_line_hello(talk.line)->ciphers != 0);
    tls_line_answer(talk.line, SPAN("an answer that nobody waits for"));
    talk_close(&talk);
}

static void test_certificate_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        uint32_t cert;
    } asked[] = {{"uno.example", CERT_ONE},  {"dos.example", CERT_TWO}, {"DOS.example", CERT_TWO},
                 {"tres.example", CERT_ONE}, {NULL, CERT_ONE},          {"dos.example.mx", CERT_ONE}};
    struct tls_house *house = house_of_two();
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct talk talk;
        talk_open(&talk, house, asked[i].host);
        shake_to_the_end(&talk);
        assert_int_equal(keys.cert, asked[i].cert);
        X509 *shown = SSL_get1_peer_certificate(talk.client);
        assert_int_equal(X509_cmp(shown, asked[i].cert == CERT_TWO ? two.certificate : one.certificate), 0);
        X509_free(shown);
        talk_close(&talk);
    }
}

/* One name, two kinds of key: each client gets the one it can check. */
static void test_two_kinds_of_key_for_one_name(void **state)
{
    (void)state;
    static const struct {
        const char *signatures;
        int version;
        enum tls_ask_kind kind;
    } asked[] = {{"ECDSA+SHA256", TLS1_3_VERSION, TLS_ASK_ECDSA},
                 {"RSA-PSS+SHA256", TLS1_3_VERSION, TLS_ASK_RSA},
                 {"RSA+SHA256", TLS1_2_VERSION, TLS_ASK_RSA}};
    struct why why = {""};
    struct tls_house *house = new_house();
    assert_int_equal(tls_house_add(house, CERT_ONE, buf_as_span(&one.pem), &why), OK);
    assert_int_equal(tls_house_add(house, CERT_ONE, buf_as_span(&one_rsa.pem), &why), OK);
    assert_int_equal(tls_house_ready(house, &why), OK);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct talk talk;
        talk_open(&talk, house, "uno.example");
        char signatures[32];
        assert_true(span_copy(span_str(asked[i].signatures), signatures, sizeof signatures));
        assert_int_equal(SSL_set1_sigalgs_list(talk.client, signatures), 1);
        assert_int_equal(SSL_set_max_proto_version(talk.client, asked[i].version), 1);
        shake_to_the_end(&talk);
        assert_int_equal(keys.kind, asked[i].kind);
        assert_int_equal(tls_line_version(talk.line), asked[i].version == TLS1_3_VERSION ? 13 : 12);
        talk_close(&talk);
    }
}

static void test_old_versions_and_other_protocols(void **state)
{
    (void)state;
    static const unsigned char h2[] = "\x02h2\x08http/1.1";
    static const unsigned char neither[] = "\x03h3x\x04smtp";
    struct talk talk;
    struct tls_house *house = house_of_two();
    talk_open(&talk, house, "uno.example");
    SSL_set_security_level(talk.client, 0);
    assert_int_equal(SSL_set_min_proto_version(talk.client, TLS1_VERSION), 1);
    assert_int_equal(SSL_set_max_proto_version(talk.client, TLS1_1_VERSION), 1);
    assert_int_equal(shake(&talk), ERR_IO);
    talk_close(&talk);
    talk_open(&talk, house, "uno.example");
    assert_int_equal(SSL_set_alpn_protos(talk.client, neither, sizeof neither - 1), 0);
    assert_int_equal(shake(&talk), ERR_IO);
    assert_int_equal(keys.asked, 0); /* neither costs a signature */
    talk_close(&talk);
    talk_open(&talk, house, "uno.example");
    assert_int_equal(SSL_set_alpn_protos(talk.client, h2, sizeof h2 - 1), 0);
    shake_to_the_end(&talk);
    assert_true(tls_line_is_h2(talk.line));
    talk_close(&talk);
}

static void test_keys_that_fail(void **state)
{
    (void)state;
    static char too_long[TLS_ASK_MAX + 1];
    static char noise[64];
    const struct span answers[] = {SPAN(""), span_of(too_long, sizeof too_long),
                                   span_of(noise, sizeof noise)};
    struct talk talk;
    struct tls_house *house = house_of_two();
    for (size_t i = 0; i < 2; i++) {
        talk_open(&talk, house, "uno.example");
        assert_int_equal(shake(&talk), ERR_AGAIN);
        tls_line_answer(talk.line, answers[i]);
        assert_int_equal(shake(&talk), ERR_IO);
        talk_close(&talk);
    }
    talk_open(&talk, house, "uno.example"); /* a signature that is none: the client's to refuse */
    assert_int_equal(shake(&talk), ERR_AGAIN);
    tls_line_answer(talk.line, answers[2]);
    (void)shake(&talk);
    (void)SSL_do_handshake(talk.client);
    assert_false(SSL_is_init_finished(talk.client));
    talk_close(&talk);
    keys.refuses = true;
    talk_open(&talk, house, "uno.example");
    assert_int_equal(shake(&talk), ERR_IO);
    assert_false(tls_line_asks(talk.line));
    talk_close(&talk);
}

/* A handshake stands on a stack of its own while it waits: gone with its line, while others go on. */
static void test_lines_freed_while_they_ask(void **state)
{
    (void)state;
    struct talk talks[8];
    struct tls_house *house = house_of_two();
    for (size_t i = 0; i < 8; i++) {
        talk_open(&talks[i], house, i % 2 == 0 ? "uno.example" : "dos.example");
        assert_int_equal(shake(&talks[i]), ERR_AGAIN);
        assert_true(tls_line_asks(talks[i].line));
    }
    for (size_t i = 0; i < 8; i += 3) {
        talk_close(&talks[i]);
    }
    for (size_t i = 0; i < 8; i++) {
        if (i % 3 != 0) {
            shake_to_the_end(&talks[i]);
            talk_close(&talks[i]);
        }
    }
    assert_int_equal(keys.asked, 8);
}

/* What is said on a line before the handshake, byte by byte or all at once, is no handshake. */
static void test_no_hello(void **state)
{
    (void)state;
    static const char *const said[] = {"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                                       "\x16\x03\x01\xff\xff\x01\xff\xff\xff", "\x80\x2e\x01\x03\x01",
                                       "\x15\x03\x01\x00\x02\x02\x28"};
    struct tls_house *house = house_of_two();
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        struct talk talk;
        talk_open(&talk, house, NULL);
        size_t len = i == 1 ? 9 : strlen(said[i]) + (i == 3 ? 3 : 0);
        enum err err = ERR_AGAIN;
        for (size_t k = 0; k < len && err == ERR_AGAIN; k++) {
            (void)!send(talk.fds[1], said[i] + k, 1, MSG_NOSIGNAL);
            tls_line_wake(talk.line, false);
            err = tls_line_shake(talk.line);
        }
        shutdown(talk.fds[1], SHUT_WR);
        tls_line_wake(talk.line, true);
        err = err == ERR_AGAIN ? tls_line_shake(talk.line) : err;
        assert_int_equal(err, ERR_IO);
        assert_int_equal(tls_line_hello(talk.line)->ciphers, 0);
        talk_close(&talk);
    }
    assert_int_equal(keys.asked, 0);
}

/* Takes the ticket that came after the handshake; the caller frees it. */
static SSL_SESSION *ticket_of(struct talk *talk)
{
    char byte = 0;
    size_t n = 0;
    (void)SSL_read_ex(talk->client, &byte, 1, &n);
    SSL_SESSION *session = SSL_get1_session(talk->client);
    assert_true(session != NULL && SSL_SESSION_is_resumable(session) == 1);
    return session;
}

static bool resumes(struct tls_house *house, SSL_SESSION *session)
{
    struct talk talk;
    talk_open(&talk, house, "uno.example");
    assert_int_equal(SSL_set_session(talk.client, session), 1);
    int asked = keys.asked;
    shake_to_the_end(&talk);
    bool resumed = tls_line_resumed(talk.line);
    assert_int_equal(keys.asked - asked, resumed ? 0 : 1); /* who comes again costs no signature */
    talk_close(&talk);
    return resumed;
}

static void test_tickets_outlive_their_turn_as_first_key(void **state)
{
    (void)state;
    uint8_t now[TLS_TICKET_KEYS][TLS_TICKET_KEY];
    uint8_t fresh[TLS_TICKET_KEYS][TLS_TICKET_KEY];
    struct talk talk;
    struct tls_house *house = house_of_two();
    for (int i = 0; i < TLS_TICKET_KEYS; i++) {
        assert_int_equal(tls_ticket_key(now[i]), OK);
        assert_int_equal(tls_ticket_key(fresh[i]), OK);
    }
    tls_house_tickets(house, (const uint8_t(*)[TLS_TICKET_KEY])now);
    talk_open(&talk, house, "uno.example");
    shake_to_the_end(&talk);
    SSL_SESSION *session = ticket_of(&talk);
    talk_close(&talk);
    assert_true(resumes(house, session));
    memcpy(fresh[2], now[0], TLS_TICKET_KEY); /* two turns later it is the oldest */
    tls_house_tickets(house, (const uint8_t(*)[TLS_TICKET_KEY])fresh);
    assert_true(resumes(house, session));
    assert_int_equal(tls_ticket_key(fresh[2]), OK); /* and then forgotten: a whole handshake, no error */
    tls_house_tickets(house, (const uint8_t(*)[TLS_TICKET_KEY])fresh);
    assert_false(resumes(house, session));
    SSL_SESSION_free(session);
}

/* More than the socket takes: what is left stays with the line, is counted, and goes out as room comes. */
static void test_what_the_socket_does_not_take(void **state)
{
    (void)state;
    static char sent[LARGE];
    static char got[LARGE];
    struct talk talk;
    struct tls_house *house = house_of_two();
    int least = 4096;
    talk_open(&talk, house, "uno.example");
    shake_to_the_end(&talk);
    assert_int_equal(setsockopt(talk.fds[0], SOL_SOCKET, SO_SNDBUF, &least, sizeof least), 0);
    for (size_t i = 0; i < LARGE; i++) {
        sent[i] = (char)(i * 7 + i / 255);
    }
    size_t taken = 0;
    size_t read = 0;
    bool waited = false;
    while (read < LARGE) {
        ssize_t n = taken < LARGE ? tls_line_send(talk.line, sent + taken, LARGE - taken) : 0;
        assert_true(n >= 0 || errno == EAGAIN);
        taken += n > 0 ? (size_t)n : 0;
        assert_true(tls_line_flush(talk.line));
        waited = waited || tls_line_left(talk.line) > 0;
        assert_int_equal(tls_lines_left(), tls_line_left(talk.line));
        size_t some = 0;
        while (read < LARGE && SSL_read_ex(talk.client, got + read, LARGE - read, &some) == 1) {
            read += some;
        }
    }
    assert_true(waited);
    assert_int_equal(taken, LARGE);
    assert_memory_equal(sent, got, LARGE);
    talk_close(&talk);
}

static void test_good_bye_and_none(void **state)
{
    (void)state;
    char bytes[16];
    struct talk talk;
    struct tls_house *house = house_of_two();
    talk_open(&talk, house, "uno.example");
    shake_to_the_end(&talk);
    assert_int_equal(SSL_write(talk.client, "hola", 4), 4);
    tls_line_wake(talk.line, false);
    assert_int_equal(tls_line_receive(talk.line, bytes, 2), 2);
    assert_true(tls_line_pending(talk.line));
    assert_int_equal(tls_line_receive(talk.line, bytes, sizeof bytes), 2);
    assert_int_equal(tls_line_receive(talk.line, bytes, sizeof bytes), -1);
    assert_int_equal(errno, EAGAIN);
    (void)SSL_shutdown(talk.client);
    tls_line_wake(talk.line, false);
    assert_int_equal(tls_line_receive(talk.line, bytes, sizeof bytes), 0); /* said in order */
    tls_line_end(talk.line);
    assert_int_equal(SSL_shutdown(talk.client), 1); /* and answered */
    talk_close(&talk);
    talk_open(&talk, house, "uno.example");
    shake_to_the_end(&talk);
    shutdown(talk.fds[1], SHUT_WR); /* cut off: not to be taken for an end */
    tls_line_wake(talk.line, true);
    assert_int_equal(tls_line_receive(talk.line, bytes, sizeof bytes), -1);
    assert_int_equal(errno, ECONNRESET);
    assert_int_equal(tls_line_send(talk.line, "x", 1), -1);
    assert_false(tls_line_flush(talk.line));
    talk_close(&talk);
}

/* A record that was changed on its way ends the line; nothing of it is given out. */
static void test_changed_record(void **state)
{
    (void)state;
    static const char forged[] = "\x17\x03\x03\x00\x20"
                                 "0123456789abcdef0123456789abcdef";
    char bytes[64];
    struct talk talk;
    struct tls_house *house = house_of_two();
    talk_open(&talk, house, "uno.example");
    shake_to_the_end(&talk);
    assert_int_equal(send(talk.fds[1], forged, sizeof forged - 1, 0), (int)sizeof forged - 1);
    tls_line_wake(talk.line, false);
    assert_int_equal(tls_line_receive(talk.line, bytes, sizeof bytes), -1);
    assert_int_equal(errno, ECONNRESET);
    assert_false(tls_line_pending(talk.line));
    talk_close(&talk);
}

static void test_certificates_that_cannot_be_used(void **state)
{
    (void)state;
    struct why why = {""};
    struct pair ed;
    struct talk talk;
    struct tls_house *house = house_of_two();
    pair_init(&ed, EVP_PKEY_ED25519, "uno.example", PAIR_YEAR_S);
    tls_house_begin(house);
    const struct span bad[] = {SPAN(""), SPAN("nothing\n"), buf_as_span(&one.key_pem), buf_as_span(&ed.pem),
                               span_of(one.pem.at, one.pem.len / 2)};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why.text[0] = '\0';
        assert_int_equal(tls_house_add(house, 1, bad[i], &why), ERR_SYNTAX);
        assert_non_null(strstr(why.text, "certificate"));
    }
    why.text[0] = '\0';
    assert_int_equal(tls_house_ready(house, &why), ERR_MISSING);
    assert_non_null(strstr(why.text, "no certificate"));
    assert_true(tls_house_is_ready(house)); /* the old ones serve on */
    talk_open(&talk, house, "dos.example");
    shake_to_the_end(&talk);
    assert_int_equal(keys.cert, CERT_TWO);
    talk_close(&talk);
    pair_done(&ed);
}

/* More names than there is room for are refused, not forgotten; lines keep the certificate that they began with. */
static void test_too_many_names(void **state)
{
    (void)state;
    struct why why = {""};
    struct talk talk;
    struct tls_house *house = house_of_two();
    talk_open(&talk, house, "dos.example");
    assert_int_equal(shake(&talk), ERR_AGAIN);
    tls_house_begin(house);
    uint32_t n = 0;
    enum err err = OK;
    while (err == OK && n < 100) {
        struct pair more;
        char host[32];
        (void)snprintf(host, sizeof host, "n%u.example", n);
        pair_init(&more, EVP_PKEY_EC, host, PAIR_YEAR_S);
        err = tls_house_add(house, n, buf_as_span(&more.pem), &why);
        n += err == OK;
        pair_done(&more);
    }
    assert_int_equal(err, ERR_SYNTAX);
    assert_int_equal(n, 16);
    assert_int_equal(tls_house_ready(house, &why), OK);
    shake_to_the_end(&talk);
    talk_close(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asks_and_waits),
        cmocka_unit_test(test_certificate_by_name),
        cmocka_unit_test(test_two_kinds_of_key_for_one_name),
        cmocka_unit_test(test_old_versions_and_other_protocols),
        cmocka_unit_test(test_keys_that_fail),
        cmocka_unit_test(test_lines_freed_while_they_ask),
        cmocka_unit_test(test_no_hello),
        cmocka_unit_test(test_tickets_outlive_their_turn_as_first_key),
        cmocka_unit_test(test_what_the_socket_does_not_take),
        cmocka_unit_test(test_good_bye_and_none),
        cmocka_unit_test(test_changed_record),
        cmocka_unit_test(test_certificates_that_cannot_be_used),
        cmocka_unit_test(test_too_many_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
