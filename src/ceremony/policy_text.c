/* The text of a version: head, then logs, witnesses, groups and quorum; what was not asked for stays as it was before. */
#include "ceremony/parts.h"
#include "seal/digest.h"
#include "tally/election.h"

/* "FILE.pub=URL": the key of the file, a blank, the URL. */
static enum err add_key(struct span wish, struct buf *out, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf vkey = {0};
    struct span url = wish;
    struct span file = span_cut(&url, '=');
    if (!span_copy(file, path, sizeof path)) {
        return why_set(why, ERR_TOO_BIG, "ruta demasiado larga / path too long");
    }
    enum err err = read_vkey(path, &vkey, why);
    buf_span(out, buf_as_span(&vkey));
    if (url.at != NULL) {
        buf_char(out, ' ');
        buf_span(out, url);
    }
    buf_char(out, '\n');
    buf_done(&vkey);
    return err;
}

/* The lines of the version before that begin with `word`. */
static void keep(const struct policy_note *after, const char *word, struct buf *out)
{
    struct span rest = after == NULL ? SPAN("") : after->text;
    struct span line;
    while (span_line(&rest, &line)) {
        struct span first = line;
        first = span_cut(&first, ' ');
        if (span_is(first, word)) {
            buf_span(out, line);
            buf_char(out, '\n');
        }
    }
}

static enum err add_logs(const struct policy_wish *wish, struct buf *out, struct why *why)
{
    for (size_t i = 0; i < wish->n_logs; i++) {
        buf_str(out, "log ");
        TRY(add_key(span_str(wish->logs[i]), out, why));
    }
    if (wish->n_logs == 0) {
        keep(wish->after, "log", out);
    }
    return OK;
}

/* Groups name witnesses and the quorum names either: the three are said anew together, or stay together. */
static enum err add_witnesses(const struct policy_wish *wish, struct buf *out, struct why *why)
{
    if (wish->n_witnesses + wish->n_groups == 0 && wish->quorum == NULL && wish->after != NULL) {
        keep(wish->after, "witness", out);
        keep(wish->after, "group", out);
        keep(wish->after, "quorum", out);
        return OK;
    }
    for (size_t i = 0; i < wish->n_witnesses; i++) {
        struct span key = span_str(wish->witnesses[i]);
        struct span name = span_cut(&key, '=');
        if (key.at == NULL) {
            return why_set(why, ERR_SYNTAX, "--witness NOMBRE=ARCHIVO.pub[=URL]");
        }
        buf_printf(out, "witness %.*s ", SPAN_ARG(name));
        TRY(add_key(key, out, why));
    }
    for (size_t i = 0; i < wish->n_groups; i++) {
        buf_printf(out, "group %s\n", wish->groups[i]);
    }
    buf_printf(out, "quorum %s\n", wish->quorum == NULL ? "none" : wish->quorum);
    return OK;
}

static enum err fill_roots(const struct policy_wish *wish, struct policy_head *head, struct why *why)
{
    if (wish->n_roots > POLICY_ROOTS) {
        return why_set(why, ERR_TOO_BIG, "a lo más %d raíces / at most %d roots", POLICY_ROOTS, POLICY_ROOTS);
    }
    for (size_t i = 0; i < wish->n_roots; i++) {
        struct buf vkey = {0};
        enum err err = read_vkey(wish->roots[i], &vkey, why);
        err = err != OK ? err : note_key_parse(buf_as_span(&vkey), &head->roots[i], why);
        buf_done(&vkey);
        TRY(err == OK ? OK : why_prefix(why, err, "%s", wish->roots[i]));
    }
    head->n_roots = wish->n_roots == 0 ? head->n_roots : (uint32_t)wish->n_roots;
    head->threshold = wish->threshold == 0 ? head->threshold : (uint32_t)wish->threshold;
    return head->n_roots > 0 && head->threshold > 0 && head->threshold <= head->n_roots
               ? OK
               : why_set(why, ERR_RANGE,
                         "--root y --threshold: de 1 al número de raíces / from 1 to the number of roots");
}

static enum err fill_head(const struct policy_wish *wish, struct policy_head *head, struct why *why)
{
    if (wish->after != NULL) {
        *head = wish->after->head;
        head->version++;
        head->has_previous = true;
        head->continues = SPAN("");
        digest_of(wish->after->text, head->previous);
        if (wish->origin != NULL && !span_is(head->origin, wish->origin)) {
            return why_set(why, ERR_CONFLICT, "la versión anterior es de %.*s / the version before is of it",
                           SPAN_ARG(head->origin));
        }
    } else if (wish->origin == NULL) {
        return why_set(why, ERR_MISSING,
                       "falta --origin, o --after con la versión anterior / needs one of them");
    } else {
        *head = (struct policy_head){.origin = span_str(wish->origin), .version = 1};
        head->drill = origin_is_drill(head->origin);
    }
    head->time_ms = wish->time_ms;
    return fill_roots(wish, head, why);
}

enum err policy_compose(const struct policy_wish *wish, struct buf *out, struct why *why)
{
    static struct policy_head head;
    struct buf continues = {0};
    TRY(fill_head(wish, &head, why));
    enum err err =
        wish->continues == NULL ? OK : file_read(wish->continues, CHECKPOINT_MAX / 2, &continues, why);
    head.continues = buf_as_span(&continues);
    if (err == OK) {
        policy_head_print(&head, out);
        err = add_logs(wish, out, why);
        err = err != OK ? err : add_witnesses(wish, out, why);
    }
    buf_done(&continues);
    struct policy_note *made = NULL;
    err = err != OK ? err : policy_text_parse(buf_as_span(out), &made, why);
    policy_note_free(made);
    return err;
}
