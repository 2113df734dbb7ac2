/* check-csv as a whole: whatever the file, there is a report in three forms or a sentence, what is printed is safe for a
 * terminal, and two halves say what the whole says. They are read in turn: two threads at once would not cover the same each time. */
#include "audit/audit.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_safe(const struct buf *out)
{
    for (size_t i = 0; i < out->len; i++) {
        unsigned char c = (unsigned char)out->at[i];
        assert(c >= 0x20 || c == '\n');
        assert(c != 0x7f);
    }
}

/* The report in all forms, or the sentence. */
static enum err report(struct span file, const struct audit_options *options, struct buf *out)
{
    struct audit audit;
    struct why why = {""};
    enum err err = audit_check(&audit, file, options, &why);
    if (err != OK) {
        assert(why.text[0] != '\0');
        buf_str(out, why.text);
    } else {
        audit_print_json(&audit, "file", out);
        audit_print_text(&audit, "file", (struct print_options){.english = false}, out);
        audit_print_text(&audit, "file", (struct print_options){.english = true}, out);
        check_safe(out);
    }
    audit_done(&audit);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span file = span_of((const char *)data, size);
    struct audit_options one = {.last_cut = size % 2 == 1, .halves_from = SIZE_MAX, .same_each_time = true};
    struct audit_options two = {.last_cut = size % 2 == 1, .halves_from = 1, .same_each_time = true};
    struct buf whole;
    struct buf halves;
    buf_init(&whole, 0);
    buf_init(&halves, 0);
    enum err err = report(file, &one, &whole);
    if (size % 4 == 0) { /* twice the work, and mostly the same lines */
        assert(report(file, &two, &halves) == err);
        assert(span_equal(buf_as_span(&whole), buf_as_span(&halves)));
    }
    buf_done(&whole);
    buf_done(&halves);
    return 0;
}
