/* atalaya keys policy: writes a version, ready to be signed. */
#include "base/date.h"
#include "ceremony/parts.h"
#include "os/options.h"

#include <stdio.h>

struct wish {
    struct policy_wish policy;
    struct option_many logs, roots, witnesses, groups;
    const char *after, *time, *out;
};

static enum err write_version(struct wish *wish, struct why *why)
{
    struct buf text = {0}, told = {0};
    struct policy_note *made = NULL;
    struct policy_wish *policy = &wish->policy;
    policy->logs = wish->logs.values, policy->n_logs = wish->logs.n;
    policy->roots = wish->roots.values, policy->n_roots = wish->roots.n;
    policy->witnesses = wish->witnesses.values, policy->n_witnesses = wish->witnesses.n;
    policy->groups = wish->groups.values, policy->n_groups = wish->groups.n;
    enum err err = wish->time == NULL ? ceremony_now(NULL, &policy->time_ms, why)
                                      : date_parse_iso(span_str(wish->time), &policy->time_ms);
    err = err == OK ? OK : why_set(why, err, "--time 2027-05-01T18:00:00Z");
    err = err != OK || wish->after == NULL ? err : read_policy_note(wish->after, &policy->after, why);
    err = err != OK ? err : policy_compose(policy, &text, why);
    if (err == OK && file_exists(wish->out)) {
        err = why_set(why, ERR_EXISTS, "%s ya existe / exists already", wish->out);
    }
    err = err != OK ? err : file_write(wish->out, buf_as_span(&text), true, why);
    err = err != OK ? err : policy_text_parse(buf_as_span(&text), &made, why);
    if (err == OK) {
        policy_tell(made, false, &told);
        printf("%s\nEscrita en %s. Fírmenla: atalaya keys sign %s --key CLAVE-RAIZ / written; sign it\n",
               buf_cstr(&told), wish->out, wish->out);
    }
    policy_note_free(made);
    policy_note_free(policy->after);
    buf_done(&text);
    buf_done(&told);
    return err;
}

int ceremony_policy(int argc, char *argv[])
{
    static struct wish wish;
    struct why why = {{0}};
    const struct option_row rows[] = {
        {"origin", "ORIGEN", OPTION_TEXT, &wish.policy.origin, 0, 0, false,
         "el de election.ini (primera versión)", "that of election.ini (first version)"},
        {"after", "NOTA", OPTION_TEXT, &wish.after, 0, 0, false,
         "la versión anterior: lo que no se diga queda como en ella",
         "the version before: what is not said stays"},
        {"log", "PUB[=URL]", OPTION_MANY, &wish.logs, 0, 0, false, "clave pública del registro",
         "the log's verifier key"},
        {"root", "PUB", OPTION_MANY, &wish.roots, 0, 0, false,
         "clave pública de una raíz, una vez por cada una", "a root's verifier key, once for each"},
        {"threshold", "N", OPTION_NUMBER, &wish.policy.threshold, 1, POLICY_ROOTS, false,
         "cuántas raíces bastan", "how many roots are enough"},
        {"witness", "NOMBRE=PUB[=URL]", OPTION_MANY, &wish.witnesses, 0, 0, false, "un testigo", "a witness"},
        {"group", "\"NOMBRE all|any|K MIEMBRO...\"", OPTION_MANY, &wish.groups, 0, 0, false,
         "un grupo de testigos", "a group of witnesses"},
        {"quorum", "NOMBRE", OPTION_TEXT, &wish.policy.quorum, 0, 0, false,
         "qué grupo o testigo debe cofirmar (none)", "which group or witness must cosign"},
        {"continues", "PUNTO", OPTION_TEXT, &wish.policy.continues, 0, 0, false,
         "tras un robo: el último punto de control bueno del registro anterior",
         "after a theft: the old log's last good checkpoint"},
        {"time", "HORA", OPTION_TEXT, &wish.time, 0, 0, false, "2027-05-01T18:00:00Z (ahora)", "(now)"},
        {"out", "ARCHIVO", OPTION_TEXT, &wish.out, 0, 0, true, "dónde queda, p. ej. policy.1",
         "where it goes"},
    };
    const struct command command = {
        .program = "atalaya-keys policy",
        .usage =
            "--origin prep.ieejemplo.mx/2027 --log log.key.pub --root raiz-1.key.pub ... --threshold 3 --out policy.1",
        .es =
            "Escribe una versión de la política: qué registro vale, qué testigos, y qué claves raíz la pueden cambiar. No firma.",
        .en =
            "Writes a version of the policy: which log counts, which witnesses, and which root keys may change it. It signs nothing.",
        .rows = rows,
        .n_rows = sizeof rows / sizeof *rows,
    };
    int code = command_parse(&command, argc, argv, NULL, NULL);
    if (code >= 0) {
        return code;
    }
    enum err err = write_version(&wish, &why);
    return err == OK ? 0 : ceremony_failed("policy", err, &why);
}
