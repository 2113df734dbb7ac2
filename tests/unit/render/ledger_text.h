/* A ledger for tests as text: canonical entries with an empty line between them, and the small election. */
#ifndef TESTS_LEDGER_TEXT_H
#define TESTS_LEDGER_TEXT_H

#include "formats/election.h"
#include "os/file.h"
#include "render/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static inline void election_small(struct election *election)
{
    struct why why = {{0}};
    if (election_load("tests/vectors/election/small", election, &why) != OK) {
        fail_msg("%s", why.text);
    }
}

/* Applies every entry of the file; fails the test at the first that does not fit. */
static inline void ledger_text_apply(struct fold *fold, const char *path)
{
    struct buf text = {0};
    struct why why = {{0}};
    assert_int_equal(file_read(path, 1 << 22, &text, &why), OK);
    struct span rest = buf_as_span(&text);
    while (rest.len > 0) {
        const char *gap = memmem(rest.at, rest.len, "\n\n", 2);
        size_t len = gap == NULL ? rest.len : (size_t)(gap - rest.at) + 1;
        if (fold_apply(fold, fold->log_size, span_of(rest.at, len), &why) != OK) {
            fail_msg("%s", why.text);
        }
        rest = span_from(rest, len + 1);
    }
    buf_done(&text);
}

#endif
