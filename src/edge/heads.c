/* Heads: tables of types, keeping rules and security fields. */
#include "edge/heads.h"

#include "base/codec.h"
#include "wire/http1.h"

#include <assert.h>

static const struct {
    const char *end;
    const char *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".csv", "text/csv; charset=utf-8"},
    {".txt", "text/plain; charset=utf-8"},
    {".md", "text/plain; charset=utf-8"},
    {".xml", "application/xml"},
    {".svg", "image/svg+xml"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".png", "image/png"},
    {".gif", "image/gif"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".woff", "font/woff"},
    {".pdf", "application/pdf"},
    {".zip", "application/zip"},
    {".gz", "application/gzip"},
    {".br", "application/octet-stream"},
    {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {".mp4", "video/mp4"},
    {".webmanifest", "application/manifest+json"},
    {".minisig", "text/plain; charset=utf-8"},
    {"/manifest", "text/plain; charset=utf-8"},
    {".vkey", "text/plain; charset=utf-8"},
    {"/checkpoint", "text/plain; charset=utf-8"},
    {"/SHA256SUMS", "text/plain; charset=utf-8"},
};

static const char *const keep_rules[KEEP_CLASSES] = {
    [KEEP_FOREVER] = "public, max-age=31536000, immutable",
    [KEEP_ENTRY] = "public, max-age=5, stale-if-error=86400",
    [KEEP_POINTER] = "public, max-age=2, stale-if-error=86400",
    [KEEP_KEY] = "public, max-age=60, stale-if-error=86400",
    [KEEP_SITE] = "public, max-age=10, stale-if-error=86400",
    [KEEP_BRIEF] = "public, max-age=5",
    [KEEP_NEVER] = "no-store",
};

/* The results' pages need nothing but their own files; nothing on them may be made to run. An institution's pages are
 * its own business, within one's own origin. */
static const char *const page_rules[] = {
    [POLICY_RESULTS] = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
                       "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    [POLICY_SITE] = "default-src 'self' data:; style-src 'self' 'unsafe-inline'; base-uri 'self'; "
                    "form-action 'self'; frame-ancestors 'self'; object-src 'none'",
};

const char *media_type(struct span path)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (span_ends(path, span_str(types[i].end))) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

bool media_is_text(const char *type)
{
    struct span span = span_str(type);
    return span_starts(span, SPAN("text/")) || span_ends(span, SPAN("json")) || span_ends(span, SPAN("xml"));
}

void etag_print(char out[ETAG_LEN + 1], const uint8_t sha256[32])
{
    out[0] = '"';
    hex_print(out + 1, sha256, 16);
    out[ETAG_LEN - 1] = '"';
    out[ETAG_LEN] = '\0';
}

/* What a script of another origin checks or fetches in pieces: data, archives, what the log publishes. Not what a page is made of. */
static bool is_data(const char *type)
{
    static const char *const of_pages[] = {"text/html", "text/css", "text/javascript", "image/", "font/"};
    for (size_t i = 0; type != NULL && i < sizeof of_pages / sizeof *of_pages; i++) {
        if (span_starts(span_str(type), span_str(of_pages[i]))) {
            return false;
        }
    }
    return type != NULL;
}

static void security_fields(const struct head_plan *plan, struct buf *out)
{
    buf_str(out, "X-Content-Type-Options: nosniff\r\n");
    if (plan->type != NULL && span_starts(span_str(plan->type), SPAN("text/html"))) {
        buf_printf(out, "Content-Security-Policy: %s\r\n",
                   plan->page_rules != NULL ? plan->page_rules : page_rules[plan->policy]);
        buf_str(out, "Referrer-Policy: strict-origin-when-cross-origin\r\n");
    }
    if (plan->policy == POLICY_RESULTS) {
        buf_str(out, "Access-Control-Allow-Origin: *\r\n");
        buf_str(out, "Cross-Origin-Resource-Policy: cross-origin\r\n");
        if (is_data(plan->type)) { /* Fetch §3.3.3: without this a script sees neither ETag nor Repr-Digest */
            buf_str(out, "Access-Control-Expose-Headers: *\r\n");
        }
    }
}

void head_print(const struct head_plan *plan, struct buf *out, uint16_t *lead, uint16_t *meta)
{
    size_t start = out->len;
    http1_status_line(out, plan->status);
    if (plan->status != 204 && !plan->endless) { /* RFC 9110 §8.6 */
        buf_printf(out, "Content-Length: %llu\r\n", (unsigned long long)plan->length);
    }
    *lead = (uint16_t)(out->len - start);
    if (plan->type != NULL) {
        buf_printf(out, "Content-Type: %s\r\n", plan->type);
    }
    if (plan->encoding != NULL) {
        buf_printf(out, "Content-Encoding: %s\r\n", plan->encoding);
    }
    *meta = (uint16_t)(out->len - start);
    if (plan->etag.len > 0) {
        buf_printf(out, "ETag: %.*s\r\n", SPAN_ARG(plan->etag));
    }
    if (plan->sha256 != NULL) { /* RFC 9530 */
        buf_str(out, "Repr-Digest: sha-256=:");
        base64_print(out, plan->sha256, 32);
        buf_str(out, ":\r\n");
    }
    if (plan->location.len > 0) {
        buf_printf(out, "Location: %.*s\r\n", SPAN_ARG(plan->location));
    }
    buf_printf(out, "Cache-Control: %s\r\n", keep_rules[plan->keep]);
    if (plan->vary) {
        buf_str(out, "Vary: Accept-Encoding\r\n");
    }
    if (plan->ranges) {
        buf_str(out, "Accept-Ranges: bytes\r\n");
    }
    security_fields(plan, out);
    assert(out->len - start <= HEAD_MAX);
}
