/* check-csv as a whole: whatever the file, there is a report in three forms or a sentence, and what is printed is safe
 * for a terminal. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct audit audit;
    struct why why = {""};
    struct audit_options options = {.last_cut = size % 2 == 1};
    enum err err = audit_check(&audit, span_of((const char *)data, size), &options, &why);
    if (err != OK) {
        assert(why.text[0] != '\0');
    } else {
        struct buf out;
        buf_init(&out, 0);
        audit_print_json(&audit, "file", &out);
        audit_print_text(&audit, "file", (struct print_options){.english = false}, &out);
        audit_print_text(&audit, "file", (struct print_options){.english = true}, &out);
        check_safe(&out);
        buf_done(&out);
    }
    audit_done(&audit);
    return 0;
}
