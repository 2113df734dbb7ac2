/* The one place that knows libcurl. A handle's options are set anew for every request, so that nothing of one
 * request reaches the next but the connection. */
#include "client/client.h"

#include "base/date.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { STALL_BYTES_PER_S = 512 };

struct client {
    CURL *curl;
    struct client_options options;
    char error[CURL_ERROR_SIZE];
};

/* Where a body goes: a buf or a descriptor; and what went wrong on the way, first failure kept. */
struct sink {
    struct client *client;
    struct client_answer *answer;
    struct buf *out;
    int fd;
    uint64_t limit;
    enum err err;
};

enum err client_new(const struct client_options *options, struct client **out, struct why *why)
{
    static bool started;
    if (!started && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return why_set(why, ERR_IO, "client: libcurl does not start");
    }
    started = true;
    struct client *client = calloc(1, sizeof *client);
    assert(client != NULL);
    client->curl = curl_easy_init();
    assert(client->curl != NULL);
    if (options != NULL) {
        client->options = *options;
    }
    client->options.connect_ms = client->options.connect_ms > 0 ? client->options.connect_ms : 3000;
    client->options.total_ms = client->options.total_ms > 0 ? client->options.total_ms : 30000;
    client->options.stall_s = client->options.stall_s > 0 ? client->options.stall_s : 10;
    *out = client;
    return OK;
}

void client_free(struct client *client)
{
    if (client == NULL) {
        return;
    }
    curl_easy_cleanup(client->curl);
    free(client);
}

static bool write_all(int fd, const char *at, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static long status_of(struct client *client)
{
    long status = 0;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* Called for each piece of a body. Returning less than it was given makes libcurl give up. */
static size_t on_body(char *at, size_t size, size_t count, void *arg)
{
    struct sink *sink = arg;
    size_t len = size * count;
    if (status_of(sink->client) != 200) {
        /* An error page is nobody's data, but it must be bounded too. */
        sink->answer->bytes += len;
        sink->err = sink->answer->bytes > sink->limit + 65536 ? ERR_TOO_BIG : OK;
        return sink->err == OK ? len : 0;
    }
    curl_off_t announced = -1;
    curl_easy_getinfo(sink->client->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    bool beyond = announced > 0 && (uint64_t)announced > sink->limit;
    if (beyond || len > sink->limit - sink->answer->bytes) {
        sink->err = ERR_TOO_BIG;
        return 0;
    }
    if (sink->out != NULL) {
        buf_add(sink->out, at, len);
        sink->err = sink->out->err;
    } else if (!write_all(sink->fd, at, len)) {
        sink->err = errno == ENOSPC ? ERR_FULL : ERR_IO;
    }
    sink->answer->bytes += len;
    return sink->err == OK ? len : 0;
}

static void keep_field(struct span value, char *out, size_t size)
{
    /* A value that does not fit is no value: half an ETag must never be sent back. */
    (void)span_copy(span_trim(value), out, size);
}

static bool field_is(struct span line, const char *name, struct span *value)
{
    size_t len = strlen(name);
    if (line.len <= len || line.at[len] != ':' || strncasecmp(line.at, name, len) != 0) {
        return false;
    }
    *value = span_from(line, len + 1);
    return true;
}

static size_t on_field(char *at, size_t size, size_t count, void *arg)
{
    struct sink *sink = arg;
    struct span line = span_of(at, size * count), value;
    if (span_starts(line, SPAN("HTTP/"))) {
        /* A redirect's fields are not the answer's. */
        sink->answer->etag[0] = sink->answer->type[0] = '\0';
        sink->answer->date_ms = -1;
    } else if (field_is(line, "ETag", &value)) {
        keep_field(value, sink->answer->etag, sizeof sink->answer->etag);
    } else if (field_is(line, "Content-Type", &value)) {
        keep_field(value, sink->answer->type, sizeof sink->answer->type);
    } else if (field_is(line, "Date", &value)) {
        char text[64];
        if (span_copy(span_trim(value), text, sizeof text)) {
            time_t seconds = curl_getdate(text, NULL);
            sink->answer->date_ms = seconds < 0 ? -1 : (int64_t)seconds * 1000;
        }
    }
    return size * count;
}

/* "http://host:port" of a URL as libcurl understands it, with the scheme's port spelled out. */
static bool origin_of(const char *url, struct buf *out)
{
    static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
    CURLU *parsed = curl_url();
    bool ok = parsed != NULL && curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK;
    for (size_t i = 0; ok && i < sizeof parts / sizeof parts[0]; i++) {
        char *part = NULL;
        ok = curl_url_get(parsed, parts[i], &part, CURLU_DEFAULT_PORT) == CURLUE_OK;
        buf_str(out, ok ? part : "");
        buf_char(out, ' ');
        curl_free(part);
    }
    curl_url_cleanup(parsed);
    return ok &&
           (span_starts(buf_as_span(out), SPAN("http ")) || span_starts(buf_as_span(out), SPAN("https ")));
}

static void set_options(struct client *client, struct sink *sink, struct curl_slist *fields)
{
    CURL *curl = client->curl;
    const struct client_options *o = &client->options;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->error);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L); /* by hand, see client_fetch */
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* the environment does not decide whom we believe */
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)o->total_ms);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES_PER_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)o->stall_s);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "atalaya/" ATALAYA_VERSION);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, sink);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_field);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, sink);
    if (o->ca_file != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, o->ca_file);
    }
    client->error[0] = '\0';
}

static enum err perform(struct client *client, const char *url, struct sink *sink, struct curl_slist *fields,
                        struct why *why)
{
    set_options(client, sink, fields);
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    CURLcode code = curl_easy_perform(client->curl);
    if (sink->err != OK) {
        return why_set(why, sink->err,
                       sink->err == ERR_TOO_BIG ? "%s: more than %llu bytes" : "%s: not written", url,
                       (unsigned long long)sink->limit);
    }
    if (code != CURLE_OK) {
        return why_set(why, ERR_IO, "%s: %s", url,
                       client->error[0] != '\0' ? client->error : curl_easy_strerror(code));
    }
    sink->answer->status = (int)status_of(client);
    return OK;
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Follows redirects by hand, because where they may lead is our rule: the same scheme, host and port. */
static enum err follow(struct client *client, const char *url, struct sink *sink, struct curl_slist *fields,
                       struct why *why)
{
    struct buf home = {0}, next = {0}, origin = {0};
    enum err err = OK;
    buf_str(&next, url);
    if (!origin_of(url, &home)) {
        err = why_set(why, ERR_REFUSED, "%.200s: not an http or https address without a user", url);
    }
    for (int hop = 0; err == OK; hop++) {
        sink->answer->bytes = 0;
        err = perform(client, buf_cstr(&next), sink, fields, why);
        char *to = NULL;
        if (err != OK || !is_redirect(sink->answer->status) ||
            curl_easy_getinfo(client->curl, CURLINFO_REDIRECT_URL, &to) != CURLE_OK || to == NULL) {
            break;
        }
        buf_clear(&origin);
        if (hop == CLIENT_REDIRECTS_MAX) {
            err = why_set(why, ERR_REFUSED, "%s: more than %d redirects", url, CLIENT_REDIRECTS_MAX);
        } else if (!origin_of(to, &origin) || !span_equal(buf_as_span(&origin), buf_as_span(&home))) {
            err = why_set(why, ERR_REFUSED, "%s: a redirect to another host is not followed", url);
        }
        buf_clear(&next);
        buf_str(&next, to);
    }
    buf_done(&home);
    buf_done(&next);
    buf_done(&origin);
    return err;
}

static struct curl_slist *request_fields(const struct client *client, const char *if_etag)
{
    struct buf line = {0};
    struct curl_slist *fields = curl_slist_append(NULL, "Accept: */*");
    if (if_etag != NULL && if_etag[0] != '\0' && strpbrk(if_etag, "\r\n") == NULL) {
        buf_printf(&line, "If-None-Match: %s", if_etag);
        fields = curl_slist_append(fields, buf_cstr(&line));
    }
    if (client->options.bearer != NULL) {
        buf_clear(&line);
        buf_printf(&line, "Authorization: Bearer %s", client->options.bearer);
        fields = curl_slist_append(fields, buf_cstr(&line));
    }
    buf_done(&line);
    return fields;
}

static enum err fetch(struct client *client, const char *url, const char *if_etag, struct sink *sink,
                      struct why *why)
{
    *sink->answer = (struct client_answer){.date_ms = -1};
    struct curl_slist *fields = request_fields(client, if_etag);
    enum err err = follow(client, url, sink, fields, why);
    curl_slist_free_all(fields);
    return err;
}

enum err client_get(struct client *client, const char *url, const char *if_etag, size_t limit,
                    struct buf *out, struct client_answer *answer, struct why *why)
{
    size_t before = out->len;
    struct sink sink = {.client = client, .answer = answer, .out = out, .fd = -1, .limit = limit};
    enum err err = fetch(client, url, if_etag, &sink, why);
    if (err != OK) {
        buf_truncate(out, before);
    }
    return err;
}

enum err client_get_file(struct client *client, const char *url, const char *if_etag, uint64_t limit,
                         const char *path, struct client_answer *answer, struct why *why)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) {
        return why_set(why, errno == EEXIST ? ERR_EXISTS : ERR_IO, "%s: cannot be made: %s", path,
                       strerror(errno));
    }
    struct sink sink = {.client = client, .answer = answer, .fd = fd, .limit = limit};
    enum err err = fetch(client, url, if_etag, &sink, why);
    if (close(fd) != 0 && err == OK) {
        err = why_set(why, ERR_IO, "%s: not written: %s", path, strerror(errno));
    }
    if (err != OK || answer->status != 200) {
        (void)unlink(path);
    }
    return err;
}
