/* The few rules of the text format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
#include "gauges/exposition.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>

static const char *const kinds[] = {"counter", "gauge", "untyped"};

static bool is_name(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (!((*at >= 'a' && *at <= 'z') || *at == '_' || (at != text && *at >= '0' && *at <= '9'))) {
            return false;
        }
    }
    return *text != '\0';
}

void exposition_family(struct exposition *to, const char *prefix, struct span name, const char *suffix,
                       enum exposition_kind kind, const char *help)
{
    int len = snprintf(to->name, sizeof to->name, "%s%.*s%s", prefix, (int)name.len,
                       name.at == NULL ? "" : name.at, suffix);
    assert(len > 0 && (size_t)len < sizeof to->name && is_name(to->name));
    buf_printf(to->out, "# HELP %s %s\n# TYPE %s %s\n", to->name, help, to->name, kinds[kind]);
}

static void add_quoted(struct buf *out, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\n') {
            buf_str(out, "\\n");
        } else {
            if (text.at[i] == '"' || text.at[i] == '\\') {
                buf_char(out, '\\');
            }
            buf_char(out, text.at[i]);
        }
    }
}

static void begin_sample(struct exposition *to, const struct exposition_label *labels)
{
    buf_str(to->out, to->name);
    for (const struct exposition_label *label = labels; label->name != NULL; label++) {
        assert(is_name(label->name));
        buf_printf(to->out, "%s%s=\"", label == labels ? "{" : ",", label->name);
        add_quoted(to->out, label->value);
        buf_char(to->out, '"');
    }
    buf_str(to->out, labels->name != NULL ? "} " : " ");
}

void exposition_u64(struct exposition *to, const struct exposition_label *labels, uint64_t value)
{
    begin_sample(to, labels);
    buf_u64(to->out, value);
    buf_char(to->out, '\n');
}

void exposition_ms(struct exposition *to, const struct exposition_label *labels, int64_t ms)
{
    uint64_t size = ms < 0 ? (uint64_t)0 - (uint64_t)ms : (uint64_t)ms;
    begin_sample(to, labels);
    buf_printf(to->out, "%s%llu.%03u\n", ms < 0 ? "-" : "", (unsigned long long)(size / 1000),
               (unsigned)(size % 1000));
}

void exposition_gauge(struct exposition *to, const char *name, const char *help, uint64_t value)
{
    exposition_family(to, name, SPAN(""), "", EXPOSITION_GAUGE, help);
    exposition_u64(to, EXPOSITION_NONE, value);
}
