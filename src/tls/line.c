/* One connection. OpenSSL reads from the socket through a BIO of ours, which knows when the socket is empty, and writes into one
 * gathering place of the process, which goes out in one send; what the socket does not take is copied to the line. */
#include "tls/inside.h"

#include <assert.h>
#include <errno.h>
#include <openssl/async.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { RECORD_MAX = 16384 + 256 + 5, GATHER_MAX = 10 * RECORD_MAX };

static struct {
    struct tls_line *of; /* whose bytes lie there */
    size_t len;
    char bytes[GATHER_MAX];
} gather;

static uint64_t all_left;

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static int on_read(BIO *bio, char *at, int len)
{
    struct tls_line *line = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (line->dry) {
        BIO_set_retry_read(bio);
        return -1;
    }
    ssize_t n = recv(line->fd, at, (size_t)len, 0);
    if (n < 0 && would_block()) {
        line->dry = true;
        BIO_set_retry_read(bio);
    }
    line->dry = line->dry || (n > 0 && n < len && !line->hung_up);
    return (int)n;
}

/* Takes what still has room; the caller flushes. */
static int on_write(BIO *bio, const char *at, int len)
{
    struct tls_line *line = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    assert(gather.len == 0 || gather.of == line);
    if (line->left_len > 0 || gather.len + (size_t)len > GATHER_MAX) {
        BIO_set_retry_write(bio);
        return -1;
    }
    gather.of = line;
    memcpy(gather.bytes + gather.len, at, (size_t)len);
    gather.len += (size_t)len;
    return len;
}

static long on_control(BIO *bio, int what, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return what == BIO_CTRL_FLUSH ? 1 : 0;
}

static const BIO_METHOD *method(void)
{
    static BIO_METHOD *made;
    if (made == NULL) {
        made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "line");
        BIO_meth_set_read(made, on_read);
        BIO_meth_set_write(made, on_write);
        BIO_meth_set_ctrl(made, on_control);
    }
    return made;
}

enum err tls_line_new(struct tls_house *house, int fd, void *owner, struct tls_line **out)
{
    SSL *ssl = SSL_new(house->now.all[0].context);
    BIO *bio = BIO_new(method());
    struct tls_line *line = calloc(1, sizeof *line);
    if (ssl == NULL || bio == NULL || line == NULL) {
        SSL_free(ssl);
        BIO_free(bio);
        free(line);
        ERR_clear_error();
        return ERR_FULL;
    }
    *line = (struct tls_line){.ssl = ssl, .house = house, .owner = owner, .fd = fd};
    BIO_set_data(bio, line);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);
    SSL_set_mode(ssl, SSL_MODE_ASYNC); /* until the handshake is done */
    *out = line;
    return OK;
}

static void keep_rest(struct tls_line *line, const char *at, size_t len)
{
    line->left = malloc(len);
    if (line->left == NULL) {
        abort();
    }
    memcpy(line->left, at, len);
    line->left_at = 0;
    line->left_len = (uint32_t)len;
    all_left += len;
}

static void drop_left(struct tls_line *line)
{
    all_left -= line->left_len;
    free(line->left);
    line->left = NULL;
    line->left_len = 0;
    line->left_at = 0;
}

static bool send_left(struct tls_line *line)
{
    ssize_t n = send(line->fd, line->left + line->left_at, line->left_len, MSG_NOSIGNAL);
    if (n < 0) {
        return would_block();
    }
    if ((size_t)n == line->left_len) {
        drop_left(line);
        return true;
    }
    line->left_at += (uint32_t)n;
    line->left_len -= (uint32_t)n;
    all_left -= (uint64_t)n;
    return true;
}

static void finish_ending(struct tls_line *line)
{
    if (line->ending && line->left_len == 0) {
        line->ending = false;
        shutdown(line->fd, SHUT_WR);
    }
}

bool tls_line_flush(struct tls_line *line)
{
    bool good = true;
    if (line->left_len > 0) {
        good = send_left(line);
    } else if (gather.len > 0) {
        assert(gather.of == line);
        ssize_t n = send(line->fd, gather.bytes, gather.len, MSG_NOSIGNAL);
        good = n >= 0 || would_block();
        size_t sent = n > 0 ? (size_t)n : 0;
        if (good && sent < gather.len) {
            keep_rest(line, gather.bytes + sent, gather.len - sent);
        }
        gather.len = 0;
    }
    line->broken = line->broken || !good;
    if (good) {
        finish_ending(line);
    }
    return !line->broken; /* also when it broke in reading: what is given to send would never be taken */
}

static void say_good_bye(struct tls_line *line)
{
    if (!line->broken && line->shaken && line->left_len == 0) {
        SSL_shutdown(line->ssl);
        ERR_clear_error();
        (void)tls_line_flush(line);
    }
}

void tls_line_end(struct tls_line *line)
{
    say_good_bye(line);
    line->ending = true;
    finish_ending(line);
}

void tls_line_free(struct tls_line *line, bool abrupt)
{
    if (line == NULL) {
        return;
    }
    if (line->question == QUESTION_OUT) { /* the handshake's own stack must come to its end first */
        line->question = QUESTION_REFUSED;
        line->broken = true;
        struct tls_line *outer = tls_shaking;
        tls_shaking = line;
        (void)SSL_do_handshake(line->ssl);
        tls_shaking = outer;
    } else if (!abrupt) {
        say_good_bye(line);
    }
    if (gather.of == line) {
        gather.len = 0;
    }
    drop_left(line);
    free(line->answer);
    ERR_clear_error();
    SSL_free(line->ssl);
    free(line);
}

enum err tls_line_shake(struct tls_line *line)
{
    tls_shaking = line;
    int code = SSL_do_handshake(line->ssl);
    tls_shaking = NULL;
    int reason = code == 1 ? SSL_ERROR_NONE : SSL_get_error(line->ssl, code);
    ERR_clear_error();
    bool flushed = tls_line_flush(line); /* an alert, too */
    if (code == 1) {
        line->shaken = true;
        SSL_clear_mode(line->ssl, SSL_MODE_ASYNC);
        return flushed ? OK : ERR_IO;
    }
    bool waits = reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ||
                 reason == SSL_ERROR_WANT_ASYNC || reason == SSL_ERROR_WANT_ASYNC_JOB;
    line->broken = !waits || !flushed;
    return line->broken ? ERR_IO : ERR_AGAIN;
}

bool tls_line_asks(const struct tls_line *line)
{
    return line->question == QUESTION_OUT;
}

struct tls_question *tls_line_question(const struct tls_line *line)
{
    return line->question == QUESTION_OUT ? line->asked : NULL;
}

void tls_line_answer(struct tls_line *line, struct span answer)
{
    if (line->question != QUESTION_OUT) {
        return;
    }
    line->answer = answer.len > 0 && answer.len <= TLS_ASK_MAX ? malloc(sizeof *line->answer) : NULL;
    line->question = line->answer != NULL ? QUESTION_ANSWERED : QUESTION_REFUSED;
    if (line->answer != NULL) {
        line->answer->len = answer.len;
        memcpy(line->answer->bytes, answer.at, answer.len);
    }
}

bool tls_line_is_h2(const struct tls_line *line)
{
    const unsigned char *name = NULL;
    unsigned len = 0;
    SSL_get0_alpn_selected(line->ssl, &name, &len);
    return len == 2 && memcmp(name, "h2", 2) == 0;
}

bool tls_line_resumed(const struct tls_line *line)
{
    return SSL_session_reused(line->ssl) == 1;
}

const struct tls_hello *tls_line_hello(const struct tls_line *line)
{
    return &line->hello;
}

unsigned tls_line_version(const struct tls_line *line)
{
    return !line->shaken ? 0 : SSL_version(line->ssl) == TLS1_3_VERSION ? 13 : 12;
}

void tls_line_wake(struct tls_line *line, bool ends)
{
    line->dry = false;
    line->hung_up = line->hung_up || ends;
}

/* What a call that did not succeed means, as recv and send say it. */
static ssize_t judge(struct tls_line *line, int code)
{
    int reason = SSL_get_error(line->ssl, code);
    ERR_clear_error();
    if (reason == SSL_ERROR_ZERO_RETURN) {
        return 0;
    }
    bool waits = reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
    line->broken = line->broken || !waits;
    errno = waits ? EAGAIN : ECONNRESET;
    return -1;
}

ssize_t tls_line_receive(struct tls_line *line, char *at, size_t len)
{
    size_t got = 0;
    ssize_t last = 1;
    while (got < len && last > 0 && !line->broken) {
        size_t n = 0;
        int code = SSL_read_ex(line->ssl, at + got, len - got, &n);
        last = code == 1 ? (ssize_t)n : judge(line, code);
        got += last > 0 ? n : 0;
        /* Asked again, OpenSSL would make a buffer, find nothing to put into it and give it back. */
        last = last > 0 && line->dry && SSL_has_pending(line->ssl) == 0 ? 0 : last;
    }
    if (gather.len > 0) { /* a key update, or an alert */
        (void)tls_line_flush(line);
    }
    if (got > 0) {
        return (ssize_t)got;
    }
    if (line->broken) {
        errno = ECONNRESET;
        return -1;
    }
    return last;
}

bool tls_line_pending(const struct tls_line *line)
{
    return SSL_has_pending(line->ssl) == 1 && !line->broken;
}

ssize_t tls_line_send(struct tls_line *line, const char *at, size_t len)
{
    size_t taken = 0;
    while (taken < len && !line->broken) {
        if (line->left_len > 0 || gather.len + RECORD_MAX > GATHER_MAX) {
            break;
        }
        size_t n = 0;
        int code = SSL_write_ex(line->ssl, at + taken, len - taken, &n);
        if (code != 1) {
            (void)judge(line, code);
            break;
        }
        taken += n;
    }
    if (line->broken) {
        errno = ECONNRESET;
        return -1;
    }
    errno = EAGAIN;
    return taken > 0 ? (ssize_t)taken : -1;
}

size_t tls_line_left(const struct tls_line *line)
{
    return line->left_len;
}

uint64_t tls_lines_left(void)
{
    return all_left;
}
