/* Error sentences: formatted once, the first one kept. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum err why_set(struct why *why, enum err err, const char *format, ...)
{
    if (why == NULL || why->text[0] != '\0') {
        return err;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    return err;
}

enum err why_prefix(struct why *why, enum err err, const char *format, ...)
{
    if (why == NULL) {
        return err;
    }
    char old[sizeof why->text];
    memcpy(old, why->text, sizeof old);
    va_list args;
    va_start(args, format);
    int used = vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof why->text) {
        snprintf(why->text + used, sizeof why->text - (size_t)used, ": %s", old[0] ? old : err_name(err));
    }
    return err;
}

const char *err_name(enum err err)
{
    static const char *const names[] = {
        [OK] = "ok",
        [ERR_SYNTAX] = "syntax",
        [ERR_RANGE] = "out of range",
        [ERR_TOO_BIG] = "too big",
        [ERR_MISSING] = "missing",
        [ERR_EXISTS] = "exists already",
        [ERR_CONFLICT] = "conflict",
        [ERR_FORGED] = "signature or digest does not match",
        [ERR_REFUSED] = "refused",
        [ERR_IO] = "input/output error",
        [ERR_FULL] = "no room",
        [ERR_AGAIN] = "not yet",
    };
    size_t n = sizeof names / sizeof names[0];
    return (size_t)err < n && names[err] != NULL ? names[err] : "unknown error";
}
