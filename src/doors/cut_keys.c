/* The list of the cuts' keys, and a manifest against it. */
#include "doors/cut_keys.h"

#include "base/num.h"

#include <inttypes.h>
#include <string.h>

int cut_keys_find(const struct cut_keys *keys, const struct note_key *key)
{
    for (uint32_t i = 0; i < keys->n; i++) {
        if (memcmp(keys->keys[i].key.public, key->public, sizeof key->public) == 0) {
            return (int)i;
        }
    }
    return -1;
}

bool cut_keys_hold(const struct cut_keys *keys, uint32_t place, uint32_t cut)
{
    return place < keys->n && (place + 1 == keys->n || cut < keys->keys[place + 1].from);
}

enum err cut_keys_add(struct cut_keys *keys, uint32_t from, const struct note_key *key, struct why *why)
{
    if (cut_keys_find(keys, key) >= 0) {
        return why_set(why, ERR_EXISTS, "a key of the cuts that has ended does not come back");
    }
    if (keys->n > 0 && from < keys->keys[keys->n - 1].from) {
        return why_set(why, ERR_RANGE, "a key of the cuts begins before the one that it follows");
    }
    if (keys->n == CUT_KEYS_MAX) {
        return why_set(why, ERR_FULL, "more than %d keys of the cuts", CUT_KEYS_MAX);
    }
    keys->keys[keys->n++] = (struct cut_key){.from = from, .key = *key};
    return OK;
}

static enum err take_line(struct cut_keys *keys, struct span line, struct why *why)
{
    struct note_key key;
    struct span rest = line;
    uint32_t from = 0;
    if (span_starts(line, SPAN("cut "))) {
        rest = span_from(line, 4);
        if (num_parse_u32(span_cut(&rest, ' '), &from) != OK || rest.at == NULL) {
            return why_set(why, ERR_SYNTAX, "a line of the cuts' keys is \"cut 37 <verifier key>\"");
        }
    } else if (keys->n > 0) {
        return why_set(why, ERR_SYNTAX, "a verifier key alone stands on the only line");
    }
    TRY(note_key_parse(rest, &key, why));
    return cut_keys_add(keys, from, &key, why);
}

enum err cut_keys_parse(struct span text, struct cut_keys *out, struct why *why)
{
    struct cut_keys keys = {.n = 0};
    struct span rest = span_trim(text);
    for (struct span line; rest.len > 0;) {
        line = span_cut(&rest, '\n');
        TRY(take_line(&keys, line, why));
        rest = rest.at == NULL ? SPAN("") : rest;
    }
    *out = keys;
    return OK;
}

void cut_keys_print(const struct cut_keys *keys, struct buf *out)
{
    for (uint32_t i = 0; i < keys->n; i++) {
        buf_printf(out, "cut %" PRIu32 " ", keys->keys[i].from);
        note_key_print(&keys->keys[i].key, out);
        buf_char(out, '\n');
    }
}

/* The third line of a manifest: "cut 12". Whether the text is one is said by who parses it. */
static enum err number_of(struct span text, uint32_t *cut)
{
    struct span line = {NULL, 0};
    for (int i = 0; i < 3; i++) {
        if (text.at == NULL) {
            return ERR_SYNTAX;
        }
        line = span_cut(&text, '\n');
    }
    return span_starts(line, SPAN("cut ")) ? num_parse_u32(span_from(line, 4), cut) : ERR_SYNTAX;
}

/* No key that holds has signed: has one that ended? */
static enum err say_who(const struct cut_keys *keys, struct span note, uint32_t cut, struct why *why)
{
    struct span text;
    size_t by = 0;
    for (uint32_t i = 0; i + 1 < keys->n; i++) {
        if (!cut_keys_hold(keys, i, cut) &&
            note_verify(note, &keys->keys[i].key, 1, &text, &by, NULL) == OK) {
            return why_set(why, ERR_FORGED,
                           "cut %" PRIu32 " is signed by a key that signs nothing from cut %" PRIu32 " on",
                           cut, keys->keys[i + 1].from);
        }
    }
    return why_set(why, ERR_MISSING, "cut %" PRIu32 " is signed by no key that the log binds for it", cut);
}

enum err cut_keys_verify(const struct cut_keys *keys, struct span note, struct span *text, uint32_t *by,
                         struct why *why)
{
    struct note_key holding[CUT_KEYS_MAX];
    uint32_t places[CUT_KEYS_MAX];
    struct span inside;
    struct span lines;
    uint32_t cut = 0;
    size_t n = 0;
    size_t signer = 0;
    if (note_split(note, &inside, &lines) != OK) {
        return why_set(why, ERR_SYNTAX, "it is not a signed note");
    }
    if (number_of(inside, &cut) != OK) {
        return why_set(why, ERR_SYNTAX, "the third line of a manifest is its cut's number");
    }
    for (uint32_t i = 0; i < keys->n; i++) {
        if (cut_keys_hold(keys, i, cut)) {
            places[n] = i;
            holding[n++] = keys->keys[i].key;
        }
    }
    enum err err = n == 0 ? ERR_MISSING : note_verify(note, holding, n, &inside, &signer, why);
    if (err == ERR_MISSING) {
        if (why != NULL) {
            *why = (struct why){{0}};
        }
        return say_who(keys, note, cut, why);
    }
    TRY(err);
    *text = inside;
    *by = places[signer];
    return OK;
}
