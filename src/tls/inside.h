/* What the files of the module share. Private to it. */
#ifndef TLS_INSIDE_H
#define TLS_INSIDE_H

#include "tls/house.h"

#include <openssl/ssl.h>

/* Something of OpenSSL's did not work; `path` NULL: not with a file. */
MUST_CHECK enum err tls_failed(const char *what, const char *path, struct why *why);

enum { CERTS_MAX = 16 };

/* One name's certificates: an ECDSA one, an RSA one, or both. */
struct face {
    SSL_CTX *context;
    X509 *certificate; /* whose names it goes by */
    bool has_ec, has_rsa;
};

struct faces {
    struct face all[CERTS_MAX];
    int n;
};

struct tls_house {
    tls_ask ask;
    void *arg;
    struct faces now, coming;
    uint8_t tickets[TLS_TICKET_KEYS][TLS_TICKET_KEY];
    bool has_tickets;
    EVP_CIPHER *ticket_cipher;
};

enum question_state { QUESTION_NONE, QUESTION_OUT, QUESTION_ANSWERED, QUESTION_REFUSED };

struct tls_line {
    SSL *ssl;
    struct tls_house *house;
    void *owner;
    char *left; /* encrypted, not yet taken by the socket */
    uint32_t left_at, left_len;
    int fd;
    uint8_t question; /* enum question_state */
    bool dry;         /* the socket has nothing to read until an event says so */
    bool hung_up;     /* no event will come any more: read to the end */
    bool broken;
    bool shaken;
    bool ending; /* a good-bye and FIN follow what is left */
    struct answer *answer;
    struct tls_hello hello;
    struct tls_question *asked; /* on the handshake's own stack, which stands still */
};

struct answer {
    size_t len;
    uint8_t bytes[TLS_ASK_MAX];
};

/* The line whose handshake runs; NULL between. */
extern struct tls_line *tls_shaking;

/* Nobody sits before a program that serves: a key under a passphrase is refused, where OpenSSL would ask the terminal for it. */
int tls_no_passphrase(char *out, int size, int writing, void *arg);

#endif
