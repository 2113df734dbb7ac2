/* One place for the end of every examination. */
#include "answer.h"

#include <stdio.h>

int answer_examined(const char *verb, enum err err, struct buf *out, const struct why *why)
{
    bool examined = out->len > 0;
    if (examined) {
        fwrite(out->at, 1, out->len, stdout);
    } else {
        fprintf(stderr, "atalaya %s: %s\n", verb, why->text[0] != '\0' ? why->text : err_name(err));
    }
    buf_done(out);
    return !examined ? 2 : err == OK ? 0 : 1;
}
