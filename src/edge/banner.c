/* Enough of HTML to find where a body begins: comments, and elements whose content is text. */
#include "edge/banner.h"

#include "base/date.h"
#include "wire/text.h"

#include <inttypes.h>
#include <strings.h>

/* "<name" at the front, in any case, and nothing that makes it a longer name. */
static bool is_tag(struct span at, const char *name)
{
    size_t len = strlen(name);
    return at.len > len + 1 && at.at[0] == '<' && strncasecmp(at.at + 1, name, len) == 0 &&
           memchr(" \t\n\r\f/>", at.at[len + 1], 7) != NULL;
}

/* Behind the '>' of the tag at the front; quotes are minded. */
static struct span behind_tag(struct span at)
{
    char quote = '\0';
    for (size_t i = 1; i < at.len; i++) {
        char c = at.at[i];
        if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '>') {
            return span_from(at, i + 1);
        }
    }
    return span_from(at, at.len);
}

static struct span behind(struct span at, const char *mark)
{
    const char *found = memmem(at.at, at.len, mark, strlen(mark));
    return found == NULL ? span_from(at, at.len) : span_from(at, (size_t)(found - at.at) + strlen(mark));
}

/* Behind "</name". */
static struct span behind_end(struct span at, const char *name)
{
    size_t len = strlen(name);
    for (; at.len > len + 2; at = span_from(at, 1)) {
        if (at.at[0] == '<' && at.at[1] == '/' && strncasecmp(at.at + 2, name, len) == 0) {
            return at;
        }
    }
    return span_from(at, at.len);
}

static struct span pass_over(struct span at)
{
    static const char *const raw[] = {"script", "style", "title", "textarea", "noscript", "template"};
    if (span_starts(at, SPAN("<!--"))) {
        return behind(span_from(at, 4), "-->");
    }
    for (size_t i = 0; i < sizeof raw / sizeof *raw; i++) {
        if (is_tag(at, raw[i])) {
            return behind_end(behind_tag(at), raw[i]);
        }
    }
    return span_from(at, 1);
}

size_t banner_place(struct span page)
{
    struct span at = page;
    while (at.len > 0) {
        const char *open = memchr(at.at, '<', at.len);
        if (open == NULL) {
            break;
        }
        at = span_from(at, (size_t)(open - at.at));
        if (is_tag(at, "body")) {
            return (size_t)(behind_tag(at).at - page.at);
        }
        at = pass_over(at);
    }
    struct span start = page;
    while (start.len > 0 && memchr(" \t\n\r\f\xef\xbb\xbf", start.at[0], 8) != NULL) {
        start = span_from(start, 1);
    }
    return is_tag(start, "!doctype") ? (size_t)(behind_tag(start).at - page.at) : 0;
}

void banner_print(int64_t since_ms, int64_t sealed_ms, uint64_t version, const struct site_link *links,
                  uint32_t n_links, struct buf *out)
{
    char since[DATE_ISO_LEN + 1];
    char sealed[DATE_ISO_LEN + 1];
    date_print_iso(since, since_ms);
    date_print_iso(sealed, sealed_ms);
    buf_printf(
        out,
        "<section class=\"atalaya-baja\" role=\"status\" style=\"border:.2rem solid #7a1f3d;background:#fff;"
        "color:#000;padding:.75rem;margin:0 0 1rem\"><p><strong>Este sitio está en revisión</strong> desde el <time "
        "datetime=\"%s\">%.10s %.5s UTC</time>. Usted ve su copia sellada (versión %" PRIu64
        ", del %.10s). Los resultados preliminares están en un sitio aparte y siguen publicándose:</p>"
        "<p lang=\"en\">This site is under review; you are seeing its sealed copy. Preliminary results are on a site "
        "of their own and go on:</p>",
        since, since, since + 11, version, sealed);
    site_fill_links(SPAN("<!-- atalaya:enlaces -->"), links, n_links, out);
    buf_str(out, "</section>");
}
