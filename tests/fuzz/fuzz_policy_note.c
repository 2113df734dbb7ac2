/* Versions of the policy: the head of what parses prints back as it was read, and signatures are counted without harm. */
#include "tlog/policy_note.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy_note *note = NULL;
    struct why why = {0};
    if (policy_note_parse(span_of((const char *)data, size), &note, &why) != OK) {
        assert(note == NULL && why.text[0] != '\0');
        return 0;
    }
    struct buf head = {0};
    policy_head_print(&note->head, &head);
    assert(span_starts(note->text, buf_as_span(&head)));
    uint32_t n = 0;
    if (policy_note_signatures(note, &note->head, &n, NULL) == OK) {
        assert(n <= note->head.n_roots);
    }
    assert(policy_note_follows(note, note, NULL) != OK);
    buf_done(&head);
    policy_note_free(note);
    return 0;
}
