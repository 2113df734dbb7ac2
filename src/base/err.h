/* Error codes and the sentence that goes with them.
 *
 * Two kinds of failure exist in this house. Bad input gets an `enum err` and, where a person will read it, a
 * sentence in a `struct why` that names the place and the rule. Our own broken state is an assert, on in
 * release. Outputs are untouched when a function fails. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err {
    OK = 0,
    ERR_SYNTAX,   /* the bytes do not follow their format */
    ERR_RANGE,    /* a value is outside what the format allows */
    ERR_TOO_BIG,  /* larger than a stated limit */
    ERR_MISSING,  /* something that was promised or needed is not there */
    ERR_EXISTS,   /* it is there already */
    ERR_CONFLICT, /* it contradicts what is already recorded */
    ERR_FORGED,   /* a signature or digest does not match */
    ERR_REFUSED,  /* understood, and not allowed */
    ERR_IO,       /* the operating system said no: disk, network, file */
    ERR_FULL,     /* no room: disk, budget, table */
    ERR_AGAIN     /* not yet: more bytes or more time are needed */
};

#define MUST_CHECK                  __attribute__((warn_unused_result))
#define PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))

/* Returns the error of an expression at once; the plain way through a function is success. */
#define TRY(expression)                                                                                      \
    do {                                                                                                     \
        enum err try_err_ = (expression);                                                                    \
        if (try_err_ != OK) {                                                                                \
            return try_err_;                                                                                 \
        }                                                                                                    \
    } while (0)

/* Why something failed, for a person: where it happened and what the rule is. The first failure is kept. */
struct why {
    char text[512];
};

/* Sets the sentence if none is set yet and returns `err`. `why` may be NULL. */
enum err why_set(struct why *why, enum err err, const char *format, ...) PRINTF(3, 4);

/* Puts "prefix: " before the sentence, as the callers on the way up learn more about the place. */
enum err why_prefix(struct why *why, enum err err, const char *format, ...) PRINTF(3, 4);

/* A short English name of a code ("syntax", "too big", ...), never NULL. */
const char *err_name(enum err err);

#endif
