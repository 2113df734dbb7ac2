/* Where the signed tables of the cut say that an acta stands: the list of chunks of each contest, then the chunks that may hold it.
 * Every page is the one that the manifest lists. */
#include "base/num.h"
#include "proof/proving.h"
#include "seal/digest.h"

#include <inttypes.h>
#include <stdio.h>

/* A page of the cut, its bytes those of the manifest. */
static enum err get_page(struct proving *proving, const char *path, struct buf *out, struct why *why)
{
    const struct manifest_file *file = manifest_find(&proving->manifest, span_str(path));
    uint8_t sha256[32];
    struct why said = {{0}};
    if (file == NULL) {
        return prove_wrong(why, "the cut's manifest does not list %s", path);
    }
    enum err err = prove_get(proving, path, PROVE_FILE_MAX, out, &said);
    if (err != OK) {
        return err == ERR_MISSING ? prove_wrong(why, "%s", said.text) : why_set(why, err, "%s", said.text);
    }
    digest_of(buf_as_span(out), sha256);
    return memcmp(sha256, file->sha256, sizeof sha256) == 0
               ? OK
               : prove_wrong(why, "%s is not the page that the cut's manifest lists", path);
}

/* The section in a CLAVE_CASILLA; 0 for tables of a mode and actas out of the catalogue. */
static uint32_t section_of(struct span key)
{
    uint32_t section = 0;
    bool known = key.len > 6 && num_parse_padded(span_of(key.at + 2, 4), &section) == OK;
    return known ? section : 0;
}

/* "…chunk/{64 hex}.html">1–57</a>": does the label speak of that section? Labels that speak of none may hold anything. */
static bool may_hold(struct span label, uint32_t section)
{
    static const char dash[] = "\xe2\x80\x93";
    uint32_t least = 0;
    uint32_t most = 0;
    struct span end = span_cut(&label, '<');
    const char *at = memmem(end.at, end.len, dash, sizeof dash - 1);
    if (at == NULL || section == 0) {
        return true;
    }
    struct span first = span_of(end.at, (size_t)(at - end.at));
    struct span last = span_from(end, first.len + sizeof dash - 1);
    if (num_parse_u32(first, &least) != OK || num_parse_u32(last, &most) != OK) {
        return true;
    }
    return section >= least && section <= most;
}

/* The next link to a chunk: its hash and its label. */
static bool next_chunk(struct span *rest, struct span *hash, struct span *label)
{
    static const char mark[] = "chunk/";
    for (;;) {
        const char *at = rest->len == 0 ? NULL : memmem(rest->at, rest->len, mark, sizeof mark - 1);
        if (at == NULL) {
            return false;
        }
        *rest = span_from(*rest, (size_t)(at - rest->at) + sizeof mark - 1);
        struct span after = span_from(*rest, 64);
        if (rest->len > 80 && span_starts(after, SPAN(".html\">"))) {
            *hash = span_of(rest->at, 64);
            *label = span_from(after, 7);
            *rest = after;
            return true;
        }
    }
}

/* The row of the acta: pending, or the entry in its last cell with its version. */
static enum err read_row(struct proving *proving, struct span row, struct why *why)
{
    static const char cell[] = "<td>";
    struct span rest = row;
    struct span last = {NULL, 0};
    struct span head = span_cut(&rest, '>');
    proving->claimed = ENTRY_NONE;
    if (memmem(head.at, head.len, "class=\"none\"", 12) != NULL) {
        proving->standing = PENDING;
        return OK;
    }
    for (const char *at = NULL;
         rest.len > 0 && (at = memmem(rest.at, rest.len, cell, sizeof cell - 1)) != NULL;) {
        rest = span_from(rest, (size_t)(at - rest.at) + sizeof cell - 1);
        last = rest;
    }
    struct span words = span_cut(&last, '<');
    struct span small = span_starts(last, SPAN("small>v")) ? span_from(last, 7) : SPAN("");
    proving->claimed_version = 1;
    if (num_parse_u64(span_trim(words), &proving->claimed) != OK ||
        (small.len > 0 && num_parse_u32(span_cut(&small, '<'), &proving->claimed_version) != OK)) {
        return prove_wrong(why, "the row of %s in the table of the cut names no entry",
                           proving->options->acta);
    }
    proving->standing = STANDS;
    return OK;
}

/* True: the chunk holds the acta (or something is wrong, *err). */
static bool look_in(struct proving *proving, struct span hash, enum err *err, struct why *why)
{
    char path[PROVE_PATH_MAX];
    char mark[64];
    struct buf page = {0};
    snprintf(path, sizeof path, "chunk/%.*s.html", SPAN_ARG(hash));
    snprintf(mark, sizeof mark, "<tr id=\"%s\"", proving->options->acta);
    *err = get_page(proving, path, &page, why);
    bool found = *err != OK;
    const char *at = found ? NULL : memmem(page.at, page.len, mark, strlen(mark));
    if (at != NULL) {
        struct span row = span_from(buf_as_span(&page), (size_t)(at - page.at));
        const char *end = memmem(row.at, row.len, "</tr>", 5);
        row.len = end == NULL ? row.len : (size_t)(end - row.at);
        *err = read_row(proving, row, why);
        found = true;
    }
    buf_done(&page);
    return found;
}

static bool look_in_contest(struct proving *proving, const char *contest, enum err *err, struct why *why)
{
    char path[PROVE_PATH_MAX];
    struct buf list = {0};
    struct span hash;
    struct span label;
    uint32_t section = section_of(span_str(proving->options->acta));
    snprintf(path, sizeof path, "cut/%" PRIu32 "/%s/actas.html", proving->latest.cut, contest);
    *err = get_page(proving, path, &list, why);
    bool found = *err != OK;
    struct span rest = buf_as_span(&list);
    while (!found && next_chunk(&rest, &hash, &label)) {
        found = may_hold(label, section) && look_in(proving, hash, err, why);
    }
    buf_done(&list);
    return found;
}

enum err prove_by_table(struct proving *proving, struct why *why)
{
    enum err err = OK;
    for (uint32_t i = 0; i < proving->latest.n_contests; i++) {
        if (look_in_contest(proving, proving->latest.contests[i].id, &err, why)) {
            proving->ground = GROUND_TABLE;
            return err;
        }
    }
    return why_set(why, ERR_MISSING,
                   "no hay acta %s en el catálogo ni en las tablas del corte %" PRIu32
                   " / there is no such acta in the catalogue nor in the tables of the cut",
                   proving->options->acta, proving->latest.cut);
}
