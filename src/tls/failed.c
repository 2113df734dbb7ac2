/* The first failure that OpenSSL noted, as a sentence; its queue is empty afterwards. */
#include "tls/inside.h"

#include <openssl/err.h>

enum err tls_failed(const char *what, const char *path, struct why *why)
{
    char text[160] = "no reason given";
    unsigned long code = ERR_get_error();
    if (code != 0) {
        ERR_error_string_n(code, text, sizeof text);
    }
    ERR_clear_error();
    return why_set(why, ERR_SYNTAX, "TLS: %s%s%s: %s", what, path == NULL ? "" : " ",
                   path == NULL ? "" : path, text);
}
