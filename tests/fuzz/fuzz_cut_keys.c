/* The list of the cuts' keys, and a manifest's note against it. The input is both, with a zero byte between: a list that parses prints as
 * one that parses to the same, and a note is verified by a key that holds for its number, or by none. */
#include "doors/cut_keys.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_again(const struct cut_keys *keys)
{
    struct cut_keys again;
    struct buf text = {0};
    cut_keys_print(keys, &text);
    enum err err = cut_keys_parse(buf_as_span(&text), &again, NULL);
    assert(err == OK && again.n == keys->n);
    for (uint32_t i = 0; i < keys->n; i++) {
        assert(again.keys[i].from == keys->keys[i].from &&
               cut_keys_find(&again, &keys->keys[i].key) == (int)i);
    }
    buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = span_of((const char *)data, size);
    struct span list = span_cut(&rest, '\0');
    struct span note = rest.at == NULL ? SPAN("") : rest;
    struct cut_keys keys;
    struct span text;
    uint32_t by = 0;
    struct why why = {{0}};
    if (cut_keys_parse(list, &keys, &why) != OK) {
        assert(why.text[0] != '\0');
        return 0;
    }
    same_again(&keys);
    why = (struct why){{0}};
    if (cut_keys_verify(&keys, note, &text, &by, &why) == OK) {
        assert(by < keys.n && span_starts(note, text));
    } else {
        assert(why.text[0] != '\0');
    }
    return 0;
}
