/* Reads the pointer whole: every value is checked, every path must be the one its number gives. */
#include "doors/latest.h"

#include "base/codec.h"
#include "base/date.h"
#include "doors/json_node.h"

#include <stdio.h>
#include <string.h>

static enum err bad(struct why *why, const char *key, const char *rule)
{
    return why_set(why, ERR_SYNTAX, "latest.json: \"%s\" %s", key, rule);
}

static enum err get_u64(const struct json_node *object, const char *key, uint64_t *out, struct why *why)
{
    return json_node_u64(json_node_get(object, key), out) ? OK : bad(why, key, "is not a number from 0 on");
}

static enum err get_u32(const struct json_node *object, const char *key, uint32_t *out, struct why *why)
{
    uint64_t wide = 0;
    TRY(get_u64(object, key, &wide, why));
    if (wide > UINT32_MAX) {
        return bad(why, key, "is too large");
    }
    *out = (uint32_t)wide;
    return OK;
}

static enum err get_bool(const struct json_node *object, const char *key, bool *out, struct why *why)
{
    return json_node_bool(json_node_get(object, key), out) ? OK : bad(why, key, "is neither true nor false");
}

static struct span get_text(const struct json_node *object, const char *key)
{
    return json_node_text(json_node_get(object, key));
}

static enum err get_time(const struct json_node *object, const char *key, bool may_be_null, int64_t *out,
                         struct why *why)
{
    if (may_be_null && json_node_null(json_node_get(object, key))) {
        *out = -1;
        return OK;
    }
    return date_parse_iso(get_text(object, key), out) == OK ? OK : bad(why, key, "is not a moment in UTC");
}

static enum err check_path(const struct json_node *object, const char *folder, uint32_t number,
                           struct why *why)
{
    char path[32];
    snprintf(path, sizeof path, "%s/%u/", folder, number);
    return span_is(get_text(object, "path"), path) ? OK : bad(why, "path", "is not the one of its number");
}

static enum err package_parse(const struct json_node *root, struct latest *out, struct why *why)
{
    const struct json_node *package = json_node_get(root, "package");
    out->package = 0;
    out->package_ms = -1;
    if (json_node_null(package)) {
        return OK;
    }
    if (!json_node_object(package)) {
        return bad(why, "package", "is neither null nor an object");
    }
    TRY(get_u32(package, "number", &out->package, why));
    TRY(get_time(package, "time", false, &out->package_ms, why));
    return check_path(package, "package", out->package, why);
}

static enum err contest_parse(const char *id, const struct json_node *value, struct latest_contest *out,
                              struct why *why)
{
    if (strlen(id) >= sizeof out->id || strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789") != strlen(id)) {
        return bad(why, "contests", "has a name that no contest may have");
    }
    snprintf(out->id, sizeof out->id, "%s", id);
    TRY(get_u64(value, "expected", &out->expected, why));
    TRY(get_u64(value, "captured", &out->captured, why));
    TRY(get_u64(value, "counted", &out->counted, why));
    return get_u64(value, "votes", &out->votes, why);
}

static enum err contests_parse(const struct json_node *root, struct latest *out, struct why *why)
{
    const struct json_node *contests = json_node_get(root, "contests");
    if (!json_node_object(contests) || json_node_size(contests) > LATEST_CONTESTS_MAX) {
        return bad(why, "contests", "is not an object of at most 8 contests");
    }
    for (; out->n_contests < json_node_size(contests); out->n_contests++) {
        const char *id = "";
        const struct json_node *value = json_node_nth(contests, out->n_contests, &id);
        TRY(contest_parse(id, value, &out->contests[out->n_contests], why));
    }
    return OK;
}

static enum err offset_parse(const struct json_node *root, struct latest *out, struct why *why)
{
    int64_t minutes = 0;
    const struct json_node *offset = json_node_get(root, "offset_min");
    if (offset != NULL && (!json_node_i64(offset, &minutes) || minutes < -900 || minutes > 900)) {
        return bad(why, "offset_min", "is not a number of minutes from UTC");
    }
    out->offset_min = (int32_t)minutes;
    return OK;
}

static enum err root_parse(const struct json_node *root, struct latest *out, struct why *why)
{
    uint32_t format = 0;
    TRY(get_u32(root, "format", &format, why));
    if (format != 1) {
        return bad(why, "format", "is not 1");
    }
    TRY(get_u32(root, "cut", &out->cut, why));
    TRY(check_path(root, "cut", out->cut, why));
    TRY(get_time(root, "time", false, &out->time_ms, why));
    TRY(get_time(root, "next", true, &out->next_ms, why));
    TRY(get_bool(root, "last", &out->last, why));
    TRY(get_bool(root, "drill", &out->drill, why));
    TRY(offset_parse(root, out, why));
    TRY(get_u64(root, "log_size", &out->log_size, why));
    struct span sha256 = get_text(root, "manifest_sha256");
    if (hex_parse(sha256, out->manifest, sizeof out->manifest) != OK) {
        return bad(why, "manifest_sha256", "is not 64 hex digits");
    }
    TRY(package_parse(root, out, why));
    return contests_parse(root, out, why);
}

enum err latest_parse(struct span bytes, struct latest *out, struct why *why)
{
    struct json_node *root;
    struct latest latest = {0};
    if (bytes.len > LATEST_BYTES_MAX) {
        return why_set(why, ERR_TOO_BIG, "latest.json is larger than %d bytes", LATEST_BYTES_MAX);
    }
    enum err err = json_node_parse(bytes, &root, why);
    if (err != OK) {
        return why_prefix(why, err, "latest.json");
    }
    err = root_parse(root, &latest, why);
    json_node_free(root);
    if (err == OK) {
        *out = latest;
    }
    return err;
}
