/* TLS 1.2 and 1.3 for a process that holds no private key: certificates with their names, session tickets, and connections.
 * A handshake that needs a signature asks for it and waits; who owns the process passes the question on and brings the answer.
 * What is written is encrypted into one shared gathering place and leaves in few large sends. */
#ifndef TLS_HOUSE_H
#define TLS_HOUSE_H

#include "tls/hello.h"
#include "tls/secret.h"

#include <stdbool.h>
#include <sys/types.h>

struct tls_house;
struct tls_line; /* one connection; the descriptor stays the caller's */

/* What a handshake needs from who holds the key. */
struct tls_question {
    uint32_t cert;
    enum tls_ask_kind kind;
    int padding;
    struct span bytes;
    bool waits; /* the asker's: it was not asked yet */
};

/* `owner` waits for an answer from now on, whenever it is asked: until then tls_line_question has the question. False: it will not be asked,
 * and the handshake fails. */
typedef bool (*tls_ask)(void *arg, void *owner, struct tls_question *question);

struct tls_house *tls_house_new(tls_ask ask, void *arg);
/* A new set of certificates is added one by one, the first being the one for names that none has; then it takes the old
 * one's place for new connections. Several of the same name may differ in the kind of their key. */
void tls_house_begin(struct tls_house *house);
MUST_CHECK enum err tls_house_add(struct tls_house *house, uint32_t cert, struct span chain, struct why *why);
MUST_CHECK enum err tls_house_ready(struct tls_house *house, struct why *why);
bool tls_house_is_ready(const struct tls_house *house);
/* The first is used for new tickets; all are taken. */
void tls_house_tickets(struct tls_house *house, const uint8_t keys[TLS_TICKET_KEYS][TLS_TICKET_KEY]);

/* `owner` comes back with every question. */
MUST_CHECK enum err tls_line_new(struct tls_house *house, int fd, void *owner, struct tls_line **out);
/* With a good-bye unless `abrupt`. */
void tls_line_free(struct tls_line *line, bool abrupt);
/* OK: the handshake is done. ERR_AGAIN: not yet. ERR_IO: it failed. */
MUST_CHECK enum err tls_line_shake(struct tls_line *line);
bool tls_line_asks(const struct tls_line *line); /* it waits for an answer */
/* What it asks; NULL: nothing. */
struct tls_question *tls_line_question(const struct tls_line *line);
/* len 0: refused. */
void tls_line_answer(struct tls_line *line, struct span answer);
bool tls_line_is_h2(const struct tls_line *line);
bool tls_line_resumed(const struct tls_line *line);
/* What its client offered; all zero until its first message was understood. */
const struct tls_hello *tls_line_hello(const struct tls_line *line);
/* 12, 13; 0 before the handshake is done. */
unsigned tls_line_version(const struct tls_line *line);

/* The socket may have something to read (again). `ends`: it will have no more after that. */
void tls_line_wake(struct tls_line *line, bool ends);
/* As recv(2): -1 with EAGAIN, 0 at the end. Takes as many records as fit. */
ssize_t tls_line_receive(struct tls_line *line, char *at, size_t len);
/* Decrypted, or at least received, bytes for which no event will come. */
bool tls_line_pending(const struct tls_line *line);
/* Encrypts into the gathering place; how much was taken, or -1 with EAGAIN. tls_line_flush must follow before another line sends. */
ssize_t tls_line_send(struct tls_line *line, const char *at, size_t len);
/* False: the connection is broken. What the socket does not take is kept with the line. */
bool tls_line_flush(struct tls_line *line);
size_t tls_line_left(const struct tls_line *line);
/* Good-bye, and nothing more is sent; waits for what is left. */
void tls_line_end(struct tls_line *line);
/* Encrypted bytes that all lines keep. */
uint64_t tls_lines_left(void);

#endif
