/* down, up, status: how the site's edge serves, said by signed notes with a serial that only grows. */
#include "guard/act.h"

#include "base/date.h"
#include "seal_secret/sign.h"

#include <inttypes.h>
#include <stdio.h>

static enum err sign_mode(struct act *act, bool down, struct span reason, struct why *why)
{
    struct secret_key key;
    struct buf what = {0};
    TRY(store_key(&act->store, act->name, &key, why));
    enum err err = store_mode(&act->store, &key, down, reason, act->now_ms, why);
    secret_key_wipe(&key);
    if (err == OK) {
        buf_printf(&what, "serial=%" PRIu64 " reason=", act->store.mode.serial);
        sealed_escape(reason, &what);
        err = store_journal(&act->store, act->verb, buf_as_span(&what), act->now_ms, why);
    }
    buf_done(&what);
    return err;
}

static enum err need_version(const struct act *act, struct why *why)
{
    return act->store.newest.version > 0
               ? OK
               : why_set(why, ERR_MISSING,
                         "no hay copia sellada que servir: selle primero / nothing to serve: seal first");
}

static enum err good_reason(struct span reason, struct why *why)
{
    return reason.len > 0 && reason.len <= SEALED_REASON_MAX
               ? OK
               : why_set(why, ERR_RANGE, "--reason: de 1 a %d bytes", SEALED_REASON_MAX);
}

enum err act_down(struct act *act, int *code, struct why *why)
{
    struct span reason = span_str(act->reason != NULL ? act->reason : "en revisión");
    *code = 0;
    TRY(need_version(act, why));
    TRY(good_reason(reason, why));
    TRY(sign_mode(act, true, reason, why));
    say_text(act, "mode", SPAN("down"));
    say_number(act, "serial", act->store.mode.serial);
    say_number(act, "version", act->store.newest.version);
    say_line(act,
             "baja: se sirve la copia sellada (versión %" PRIu64
             ") con un aviso y los enlaces a los resultados / down: the sealed copy is served",
             act->store.newest.version);
    return OK;
}

enum err act_up(struct act *act, int *code, struct why *why)
{
    struct sealed now;
    struct buf reason = {0};
    TRY(need_version(act, why));
    TRY(act_look(act, &now, why));
    act_differences(act, &now, "differences");
    act_damages(act);
    sealed_done(&now);
    bool clean = act->differences == 0 && act->damages == 0;
    *code = clean || act->force ? 0 : 1;
    say_flag(act, "clean", clean);
    if (*code != 0) {
        say_line(
            act,
            "no se sube: el sitio no está como se selló; restore, o --force / not up: the site is not as sealed");
        return OK;
    }
    if (!clean) {
        buf_printf(&reason, "forzado con %u diferencias y %u daños: ", act->differences, act->damages);
    }
    buf_str(&reason, act->reason != NULL ? act->reason : "regreso");
    enum err err = good_reason(buf_as_span(&reason), why);
    err = err == OK ? sign_mode(act, false, buf_as_span(&reason), why) : err;
    buf_done(&reason);
    if (err == OK) {
        say_text(act, "mode", SPAN("normal"));
        say_number(act, "serial", act->store.mode.serial);
        say_line(act, "arriba: se sirve la versión %" PRIu64 " sin aviso / up: served without the banner",
                 act->store.newest.version);
    }
    return err;
}

enum err act_status(struct act *act, int *code, struct why *why)
{
    const struct store *store = &act->store;
    const struct site_mode *mode = &store->mode;
    char sealed[DATE_ISO_LEN + 1] = "-";
    char since[DATE_ISO_LEN + 1] = "-";
    struct buf reason = {0};
    (void)why;
    if (store->newest.version > 0) {
        date_print_iso(sealed, store->newest.time_ms);
    }
    if (mode->serial > 0) {
        date_print_iso(since, mode->since_ms);
        say_path(&reason, mode->reason);
    }
    say_number(act, "version", store->newest.version);
    say_text(act, "sealed", span_str(sealed));
    say_number(act, "entries", store->newest.n_entries);
    say_text(act, "mode", span_str(mode->down ? "down" : "normal"));
    say_number(act, "serial", mode->serial);
    say_text(act, "since", span_str(since));
    say_text(act, "reason", mode->serial > 0 ? mode->reason : SPAN("-"));
    say_number(act, "notes_refused", store->skipped);
    say_line(act, "versión  %" PRIu64 ", sellada %s, %" PRIu32 " rutas", store->newest.version, sealed,
             store->newest.n_entries);
    say_line(act, "modo     %s (serie %" PRIu64 ") desde %s: %s", mode->down ? "down" : "normal",
             mode->serial, since, mode->serial > 0 ? buf_cstr(&reason) : "-");
    if (store->skipped > 0) {
        say_line(act, "atención %" PRIu64 " notas más nuevas no son nuestras / newer notes are not ours",
                 store->skipped);
    }
    buf_done(&reason);
    *code = store->skipped > 0 || store->newest.version == 0 ? 1 : 0;
    return OK;
}
