#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>

/* \*N(text): the text N times. Returns how many bytes of `text` it took. */
static size_t repeat(struct span text, struct buf *out)
{
    char *after = NULL;
    unsigned long times = strtoul(text.at + 2, &after, 10);
    struct span inner = span_from(text, (size_t)(after + 1 - text.at));
    const char *end = memchr(inner.at, ')', inner.len);
    inner.len = (size_t)(end - inner.at);
    for (unsigned long i = 0; i < times; i++) {
        vector_unescape(inner, out);
    }
    return (size_t)(end + 1 - text.at);
}

void vector_unescape(struct span text, struct buf *out)
{
    static const char from[] = "rnt\\";
    static const char to[] = "\r\n\t\\";
    while (text.len > 0) {
        size_t took = 1;
        if (text.at[0] != '\\') {
            buf_char(out, text.at[0]);
        } else if (text.at[1] == 'x') {
            char digits[3] = {text.at[2], text.at[3], 0};
            buf_char(out, (char)strtoul(digits, NULL, 16));
            took = 4;
        } else if (text.at[1] == '*') {
            took = repeat(text, out);
        } else {
            buf_char(out, to[strchr(from, text.at[1]) - from]);
            took = 2;
        }
        text = span_from(text, took);
    }
}

int vectors_each(const char *path, vector_visit each)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return 0;
    }
    int count = 0;
    char line[1024];
    while (fgets(line, sizeof line, file) != NULL) {
        struct vector vector = {0};
        int blank = 0;
        if (line[0] == '#' || sscanf(line, "%63s %127s%n", vector.name, vector.verdict, &blank) != 2) {
            continue;
        }
        struct span bytes = span_from(span_str(line), (size_t)blank);
        bytes.len -= bytes.len > 0 && bytes.at[bytes.len - 1] == '\n';
        /* The verdict is padded to a column; what a vector wants to begin with stands escaped or after it. */
        while (bytes.len > 0 && bytes.at[0] == ' ') {
            bytes = span_from(bytes, 1);
        }
        buf_init(&vector.bytes, 0);
        vector_unescape(bytes, &vector.bytes);
        each(&vector);
        buf_done(&vector.bytes);
        count++;
    }
    (void)fclose(file);
    return count;
}
