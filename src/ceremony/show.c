/* atalaya keys show: a key or a policy in words. */
#include "base/date.h"
#include "ceremony/parts.h"
#include "os/options.h"
#include "seal/digest.h"

#include <stdio.h>

static void tell_node(const struct policy *policy, const struct policy_node *node, struct buf *out)
{
    if (!node->is_group) {
        buf_printf(out, "  testigo / witness  %-18.*s %s\n", SPAN_ARG(node->name),
                   policy->witnesses[node->witness].key.name);
        return;
    }
    buf_printf(out, "  grupo / group      %-18.*s %u de / of %u:", SPAN_ARG(node->name), node->threshold,
               node->members);
    uint16_t self = (uint16_t)(node - policy->nodes);
    for (uint16_t i = 0; i < self; i++) {
        if (policy->nodes[i].parent == self) {
            buf_printf(out, " %.*s", SPAN_ARG(policy->nodes[i].name));
        }
    }
    buf_char(out, '\n');
}

static void tell_roots(const struct policy_note *note, bool has_signatures, struct buf *out)
{
    const struct policy_head *head = &note->head;
    buf_printf(out, "  raíces / roots     %u, bastan / enough: %u\n", head->n_roots, head->threshold);
    for (uint32_t i = 0; i < head->n_roots; i++) {
        struct span text;
        size_t by = 0;
        enum err err =
            has_signatures ? note_verify(note->note, &head->roots[i], 1, &text, &by, NULL) : ERR_MISSING;
        const char *says = err == OK            ? "firmó / signed"
                           : err == ERR_MISSING ? "no ha firmado / has not"
                                                : "FIRMA FALSA / FORGED";
        buf_printf(out, "                     %-32s %s\n", head->roots[i].name, says);
    }
}

void policy_tell(const struct policy_note *note, bool has_signatures, struct buf *out)
{
    const struct policy_head *head = &note->head;
    const struct policy *policy = note->policy;
    char time[DATE_ISO_LEN + 1], hex[DIGEST_HEX + 1];
    date_print_iso(time, head->time_ms);
    digest_hex(note->text, hex);
    buf_printf(out, "Política, versión %u de %.*s%s / policy, version %u\n", head->version,
               SPAN_ARG(head->origin), head->drill ? " (SIMULACRO / DRILL)" : "", head->version);
    buf_printf(out, "  hora / time        %s\n  SHA-256 del texto  %s\n", time, hex);
    tell_roots(note, has_signatures, out);
    for (uint16_t i = 0; i < policy->n_logs; i++) {
        buf_str(out, "  registro / log     ");
        note_key_print(&policy->logs[i].key, out);
        buf_char(out, '\n');
    }
    for (uint16_t i = 0; i < policy->n_nodes; i++) {
        tell_node(policy, &policy->nodes[i], out);
    }
    struct span quorum =
        policy->quorum == POLICY_NONE ? SPAN("ninguno / none") : policy->nodes[policy->quorum].name;
    buf_printf(out, "  quórum / quorum    %.*s\n", SPAN_ARG(quorum));
    if (head->continues.len > 0) {
        buf_printf(out, "  continúa el registro que terminó así / continues the log that ended so:\n%.*s",
                   SPAN_ARG(head->continues));
    }
}

/* A key file tells its public half; a secret is never printed. */
static enum err tell_key(const char *path, struct buf *out, struct why *why)
{
    char public_path[FILE_PATH_MAX];
    struct buf vkey = {0};
    struct note_vkey split;
    struct buf raw = {0};
    snprintf(public_path, sizeof public_path, "%.4000s%s", path,
             span_ends(span_str(path), SPAN(".pub")) ? "" : ".pub");
    enum err err = read_vkey(public_path, &vkey, why);
    err = err != OK ? err : note_vkey_split(buf_as_span(&vkey), &split, &raw, why);
    if (err == OK) {
        buf_printf(out, "%s\n  nombre / name      %.*s\n  tipo / type        %s\n", buf_cstr(&vkey),
                   SPAN_ARG(split.name),
                   split.type == NOTE_ED25519       ? "Ed25519"
                   : split.type == NOTE_COSIGNATURE ? "Ed25519, cofirma de testigo / a witness's cosignature"
                                                    : "otro / other");
    }
    buf_done(&vkey);
    buf_done(&raw);
    return err;
}

static enum err show(const char *path, struct buf *out, struct why *why)
{
    struct policy_note *note = NULL;
    struct buf bytes = {0};
    enum err err = read_text(path, &bytes, why);
    bool is_policy = err == OK && span_starts(buf_as_span(&bytes), SPAN("# prep-policy/"));
    buf_done(&bytes);
    TRY(err);
    if (!is_policy) {
        return tell_key(path, out, why);
    }
    TRY(read_policy(path, &note, why));
    policy_tell(note, note->note.len > note->text.len, out);
    policy_note_free(note);
    return OK;
}

int ceremony_show(int argc, char *argv[])
{
    struct why why = {{0}};
    const char *words[16];
    size_t n = 0;
    const struct command command = {
        .program = "atalaya-keys show",
        .usage = "ARCHIVO...",
        .es =
            "Dice en palabras qué es una clave (su mitad pública) o una versión de la política, y quién la ha firmado.",
        .en = "Tells what a key is (its public half) or a version of the policy, and who has signed it.",
        .min_words = 1,
        .max_words = 16,
    };
    int code = command_parse(&command, argc, argv, words, &n);
    struct buf out = {0};
    enum err err = OK;
    for (size_t i = 0; code < 0 && err == OK && i < n; i++) {
        err = show(words[i], &out, &why);
    }
    if (code < 0) {
        printf("%s", buf_cstr(&out));
        code = err == OK ? 0 : ceremony_failed("show", err, &why);
    }
    buf_done(&out);
    return code;
}
