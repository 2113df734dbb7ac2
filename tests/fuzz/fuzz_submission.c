/* Submissions: a body is parted without losing a byte, and a text that parses prints back the same. */
#include "formats/submission.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span body = span_of((const char *)data, size);
    struct span note;
    struct span image;
    if (submission_split(body, &note, &image, NULL) == OK) {
        assert(note.at == body.at && note.len + image.len == body.len && note.len <= SUBMISSION_NOTE_MAX);
    }
    struct submission submission;
    struct why why = {0};
    if (submission_parse(body, &submission, &why) == OK) {
        struct buf printed = {0};
        submission_print(&submission, &printed);
        assert(span_equal(body, buf_as_span(&printed)));
        buf_done(&printed);
    } else {
        assert(why.text[0] != '\0');
    }
    return 0;
}
