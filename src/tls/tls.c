/* OpenSSL's server side. Partial writes and moving buffers are on, so that callers own their buffers as with
 * plain sockets; renegotiation and compression are off. */
#include "tls/tls.h"

#include "os/loop.h"
#include "tls/inside.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

struct tls_server {
    SSL_CTX *context;
};

struct tls_conn {
    SSL *ssl;
    unsigned wants;
    int broken; /* after a fatal error SSL_shutdown must not be called */
};

static int choose_http1(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                        unsigned in_len, void *arg)
{
    static const unsigned char offered[] = "\x08http/1.1";
    unsigned char *chosen = NULL;
    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&chosen, out_len, offered, sizeof offered - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static enum err load(SSL_CTX *context, const char *cert, const char *key, struct why *why)
{
    if (SSL_CTX_use_certificate_chain_file(context, cert) != 1) {
        return tls_failed("certificate", cert, why);
    }
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        return tls_failed("key", key, why);
    }
    if (SSL_CTX_check_private_key(context) != 1) {
        return tls_failed("the key does not belong to the certificate", key, why);
    }
    return OK;
}

enum err tls_server_open(const char *cert, const char *key, struct tls_server **out, struct why *why)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    struct tls_server *server = calloc(1, sizeof *server);
    if (context == NULL || server == NULL) {
        abort();
    }
    server->context = context;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context,
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(context, choose_http1, NULL);
    SSL_CTX_set_default_passwd_cb(context, tls_no_passphrase);
    enum err err = load(context, cert, key, why);
    if (err != OK) {
        tls_server_close(server);
        return err;
    }
    *out = server;
    return OK;
}

void tls_server_close(struct tls_server *server)
{
    if (server != NULL) {
        SSL_CTX_free(server->context);
        free(server);
    }
}

enum err tls_conn_new(struct tls_server *server, int fd, struct tls_conn **out)
{
    SSL *ssl = SSL_new(server->context);
    struct tls_conn *conn = calloc(1, sizeof *conn);
    if (ssl == NULL || conn == NULL || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        free(conn);
        ERR_clear_error();
        return ERR_FULL;
    }
    SSL_set_accept_state(ssl);
    *conn = (struct tls_conn){.ssl = ssl, .wants = LOOP_READ};
    *out = conn;
    return OK;
}

void tls_conn_free(struct tls_conn *conn)
{
    if (conn != NULL) {
        if (!conn->broken && SSL_is_init_finished(conn->ssl)) {
            SSL_shutdown(conn->ssl);
        }
        ERR_clear_error();
        SSL_free(conn->ssl);
        free(conn);
    }
}

/* What a call that did not succeed means. */
static enum err judge(struct tls_conn *conn, int code, size_t *n)
{
    int reason = SSL_get_error(conn->ssl, code);
    ERR_clear_error();
    switch (reason) {
    case SSL_ERROR_WANT_READ:
        conn->wants = LOOP_READ;
        return ERR_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        conn->wants = LOOP_WRITE;
        return ERR_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        *n = 0;
        return OK;
    default:
        conn->broken = 1;
        return ERR_IO;
    }
}

enum err tls_read(struct tls_conn *conn, void *bytes, size_t max, size_t *n)
{
    if (conn->broken) {
        return ERR_IO;
    }
    int code = SSL_read_ex(conn->ssl, bytes, max, n);
    return code == 1 ? OK : judge(conn, code, n);
}

enum err tls_write(struct tls_conn *conn, const void *bytes, size_t len, size_t *n)
{
    if (conn->broken) {
        return ERR_IO;
    }
    int code = SSL_write_ex(conn->ssl, bytes, len, n);
    enum err err = code == 1 ? OK : judge(conn, code, n);
    return err == OK && code != 1 ? ERR_IO : err; /* closed by the other side */
}

unsigned tls_wants(const struct tls_conn *conn)
{
    return conn->wants;
}

size_t tls_pending(const struct tls_conn *conn)
{
    return (size_t)SSL_pending(conn->ssl);
}
