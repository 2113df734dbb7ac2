/* What the sign role remembers between cuts, and what it refuses. */
#include "cut/signer.h"

#include "base/codec.h"
#include "base/num.h"
#include "seal/digest.h"

#include <inttypes.h>

enum err signer_state_parse(struct span bytes, struct signer_state *out)
{
    struct signer_state state = {.any = true};
    struct span line = span_cut(&bytes, '\n');
    if (bytes.at == NULL || bytes.len != 0 || !span_starts(line, SPAN("cut "))) {
        return ERR_SYNTAX;
    }
    line = span_from(line, 4);
    TRY(num_parse_u32(span_cut(&line, ' '), &state.cut));
    TRY(hex_parse(line, state.text, sizeof state.text));
    *out = state;
    return OK;
}

void signer_state_print(const struct signer_state *state, struct buf *out)
{
    char hex[65];
    hex_print(hex, state->text, sizeof state->text);
    buf_printf(out, "cut %" PRIu32 " %s\n", state->cut, hex);
}

static enum err number_read(struct span text, const char *origin, uint32_t *number, struct why *why)
{
    struct span rest = text;
    struct span first = span_cut(&rest, '\n');
    struct span second = rest.at == NULL ? SPAN("") : span_cut(&rest, '\n');
    struct span third = rest.at == NULL ? SPAN("") : span_cut(&rest, '\n');
    if (!span_is(first, "prep-manifest/v1") || text.at[text.len - 1] != '\n') {
        return why_set(why, ERR_SYNTAX, "sign: this is not a manifest");
    }
    if (!span_starts(second, SPAN("origin ")) || !span_is(span_from(second, 7), origin)) {
        return why_set(why, ERR_REFUSED, "sign: the manifest's origin is not the key's name, %s", origin);
    }
    if (!span_starts(third, SPAN("cut ")) || num_parse_u32(span_from(third, 4), number) != OK) {
        return why_set(why, ERR_SYNTAX, "sign: the third line does not give the cut's number");
    }
    return OK;
}

enum err signer_allows(const struct signer_state *state, struct span text, const char *origin,
                       struct signer_state *next, struct why *why)
{
    struct signer_state asked = {.any = true};
    if (text.len == 0) {
        return why_set(why, ERR_SYNTAX, "sign: an empty text");
    }
    TRY(number_read(text, origin, &asked.cut, why));
    digest_of(text, asked.text);
    if (state->any && asked.cut < state->cut) {
        return why_set(why, ERR_REFUSED, "sign: cut %" PRIu32 " after cut %" PRIu32 " was signed", asked.cut,
                       state->cut);
    }
    if (state->any && asked.cut == state->cut && memcmp(asked.text, state->text, sizeof asked.text) != 0) {
        return why_set(why, ERR_REFUSED, "sign: another text of cut %" PRIu32 " was signed", asked.cut);
    }
    *next = asked;
    return OK;
}
