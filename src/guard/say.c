/* What an act says: lines in Spanish and English, or one JSON object. */
#include "guard/act.h"

#include "base/date.h"
#include "tlog/lines.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    unsigned bit;
    const char *es, *en;
} words[] = {
    {DIFFERS_CONTENT, "contenido", "content"},
    {DIFFERS_MODE, "permisos", "mode"},
    {DIFFERS_KIND, "clase", "kind"},
    {DIFFERS_TARGET, "destino", "target"},
    {DIFFERS_TIME, "hora", "time"},
    {DIFFERS_UNREAD, "ilegible", "unreadable"},
};

void say_line(struct act *act, const char *format, ...)
{
    char line[FILE_PATH_MAX * 4];
    va_list args;
    if (act->as_json) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    buf_str(&act->out, line);
    buf_char(&act->out, '\n');
}

void say_text(struct act *act, const char *key, struct span text)
{
    if (act->as_json) {
        json_key(&act->json, key);
        json_span(&act->json, text);
    }
}

void say_number(struct act *act, const char *key, uint64_t number)
{
    if (act->as_json) {
        json_key(&act->json, key);
        json_u64(&act->json, number);
    }
}

void say_flag(struct act *act, const char *key, bool value)
{
    if (act->as_json) {
        json_key(&act->json, key);
        json_bool(&act->json, value);
    }
}

void say_time(struct act *act, const char *key, int64_t ms)
{
    char text[DATE_ISO_LEN + 1];
    date_print_iso(text, ms);
    say_text(act, key, span_str(text));
}

static bool plain(struct span path)
{
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.at[i];
        if (c < 0x20 || c == 0x7f || c == 0xe2 ||
            c == '%') { /* e2: marks that turn the direction of text begin so */
            return false;
        }
    }
    return text_is_utf8(path);
}

void say_path(struct buf *out, struct span path)
{
    if (plain(path)) {
        buf_span(out, path);
    } else {
        sealed_escape(path, out);
    }
}

void say_differs(struct buf *out, unsigned differs)
{
    for (int english = 0; english < 2; english++) {
        const char *between = english ? " / " : "";
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            if ((differs & words[i].bit) != 0) {
                buf_str(out, between);
                buf_str(out, english ? words[i].en : words[i].es);
                between = ", ";
            }
        }
    }
}

static const char *const kinds_es[SEALED_KINDS] = {"carpeta", "archivo", "enlace", "tubo, aparato o zócalo"};
static const char *const kinds_en[SEALED_KINDS] = {"folder", "file", "link", "pipe, device or socket"};

static void json_difference(struct act *act, const struct sealed_entry *was, const struct sealed_entry *is,
                            unsigned differs)
{
    struct json *json = &act->json;
    const struct sealed_entry *one = was != NULL ? was : is;
    const char *state = differs & DIFFERS_MISSING   ? "missing"
                        : differs & DIFFERS_FOREIGN ? "foreign"
                                                    : "changed";
    json_open(json, '{');
    json_key(json, "path");
    json_span(json, one->path);
    json_key(json, "state");
    json_str(json, state);
    json_key(json, "kind");
    json_str(json, kinds_en[is != NULL ? is->kind : was->kind]);
    json_key(json, "differs");
    json_open(json, '[');
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if ((differs & words[i].bit) != 0) {
            json_str(json, words[i].en);
        }
    }
    json_close(json);
    json_close(json);
}

static enum err difference(void *arg, const struct sealed_entry *was, const struct sealed_entry *is,
                           unsigned differs)
{
    struct act *act = arg;
    act->differences++;
    if (act->as_json) {
        json_difference(act, was, is, differs);
        return OK;
    }
    const struct sealed_entry *one = was != NULL ? was : is;
    enum sealed_kind kind = is != NULL ? is->kind : one->kind;
    const char *state = differs & DIFFERS_MISSING   ? "falta/missing    "
                        : differs & DIFFERS_FOREIGN ? "ajeno/foreign    "
                                                    : "cambiado/changed ";
    buf_str(&act->out, state);
    say_path(&act->out, one->path);
    buf_str(&act->out, ": ");
    if (differs & (DIFFERS_MISSING | DIFFERS_FOREIGN)) {
        buf_printf(&act->out, "%s / %s", kinds_es[kind], kinds_en[kind]);
    } else {
        say_differs(&act->out, differs);
    }
    buf_char(&act->out, '\n');
    return OK;
}

void act_differences(struct act *act, const struct sealed *now, const char *key)
{
    act->differences = 0;
    if (act->as_json) {
        json_key(&act->json, key);
        json_open(&act->json, '[');
    }
    enum err err = sealed_compare(&act->store.newest, now, difference, act);
    (void)err; /* `difference` never fails */
    if (act->as_json) {
        json_close(&act->json);
    }
}
