/* Heads, chunked bodies and paths. Beside not crashing: a head in two pieces has the verdict of the whole, what is
 * accepted has one meaning, and no accepted path leaves the root. */
#include "wire/http1.h"
#include "wire/uri.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(struct span target)
{
    char room[URI_PATH_MAX];
    struct span path;
    if (uri_path(target, room, &path, NULL) != OK) {
        return;
    }
    assert(path.len > 0 && path.at[0] == '/' && memchr(path.at, 0, path.len) == NULL);
    for (struct span rest = path; rest.at != NULL;) {
        struct span segment = span_cut(&rest, '/');
        assert(!span_is(segment, ".") && !span_is(segment, ".."));
    }
}

static void check_request(struct span bytes, size_t split)
{
    static struct http1_request whole;
    static struct http1_request part;
    int status = 0;
    int part_status = 0;
    struct why why = {0};
    enum err err = http1_parse_request(bytes, &whole, &status, &why);
    enum err early = http1_parse_request(span_of(bytes.at, split), &part, &part_status, NULL);
    assert(early == ERR_AGAIN || (early == err && part_status == status));
    if (err == OK) {
        assert(whole.head_len <= bytes.len && whole.head_len <= HTTP1_HEAD_MAX);
        assert(whole.minor == 0 || http1_field(whole.fields, whole.n_fields, "host").at != NULL);
        check_path(whole.target);
    } else {
        assert(err == ERR_AGAIN || (status >= 400 && status <= 505 && why.text[0] != 0));
    }
}

static void check_response(struct span bytes, size_t split)
{
    static struct http1_response whole;
    static struct http1_response part;
    enum err err = http1_parse_response(bytes, &whole, NULL);
    enum err early = http1_parse_response(span_of(bytes.at, split), &part, NULL);
    assert(early == ERR_AGAIN || early == err);
    assert(err != OK || (whole.head_len <= bytes.len && whole.status >= 100));
}

static void check_chunked(struct span bytes, size_t split)
{
    struct http1_chunked one = {0};
    struct http1_chunked two = {0};
    struct buf body;
    struct buf pieces;
    buf_init(&body, 4096);
    buf_init(&pieces, 4096);
    size_t used = 0;
    size_t first = 0;
    size_t second = 0;
    enum err err = http1_chunked_feed(&one, bytes, &used, &body);
    enum err again = http1_chunked_feed(&two, span_of(bytes.at, split), &first, &pieces);
    if (again == ERR_AGAIN) {
        again = http1_chunked_feed(&two, span_from(bytes, split), &second, &pieces);
    }
    assert(again == err && first + second == used && used <= bytes.len);
    assert(err != OK || span_equal(buf_as_span(&body), buf_as_span(&pieces)));
    buf_done(&body);
    buf_done(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct span bytes = span_of((const char *)data + 1, size - 1);
    size_t split = bytes.len * data[0] / 256;
    check_request(bytes, split);
    check_response(bytes, split);
    check_chunked(bytes, split);
    check_path(bytes);
    return 0;
}
