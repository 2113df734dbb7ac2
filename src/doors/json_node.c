/* jansson behind a few questions. */
#include "doors/json_node.h"

#include <jansson.h>

static const json_t *in(const struct json_node *node)
{
    return (const json_t *)(const void *)node;
}

static const struct json_node *out_of(const json_t *value)
{
    return (const struct json_node *)(const void *)value;
}

enum err json_node_parse(struct span bytes, struct json_node **out, struct why *why)
{
    json_error_t error;
    json_t *root = json_loadb(bytes.at, bytes.len, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        return why_set(why, ERR_SYNTAX, "line %d is not JSON", error.line);
    }
    *out = (struct json_node *)(void *)root;
    return OK;
}

void json_node_free(struct json_node *root)
{
    json_decref((json_t *)(void *)root);
}

const struct json_node *json_node_get(const struct json_node *object, const char *key)
{
    return out_of(json_object_get(in(object), key));
}

const struct json_node *json_node_at(const struct json_node *object, const char *path)
{
    char key[64];
    struct span rest = span_str(path);
    while (object != NULL && rest.at != NULL) {
        if (!span_copy(span_cut(&rest, '.'), key, sizeof key)) {
            return NULL;
        }
        object = json_node_get(object, key);
    }
    return object;
}

bool json_node_u64(const struct json_node *node, uint64_t *out)
{
    if (!json_is_integer(in(node)) || json_integer_value(in(node)) < 0) {
        return false;
    }
    *out = (uint64_t)json_integer_value(in(node));
    return true;
}

bool json_node_i64(const struct json_node *node, int64_t *out)
{
    if (!json_is_integer(in(node))) {
        return false;
    }
    *out = json_integer_value(in(node));
    return true;
}

bool json_node_bool(const struct json_node *node, bool *out)
{
    *out = json_is_true(in(node));
    return json_is_boolean(in(node));
}

bool json_node_null(const struct json_node *node)
{
    return json_is_null(in(node));
}

bool json_node_object(const struct json_node *node)
{
    return json_is_object(in(node));
}

struct span json_node_text(const struct json_node *node)
{
    return json_is_string(in(node)) ? span_of(json_string_value(in(node)), json_string_length(in(node)))
                                    : SPAN("");
}

size_t json_node_size(const struct json_node *node)
{
    return json_is_array(in(node)) ? json_array_size(in(node)) : json_object_size(in(node));
}

const struct json_node *json_node_nth(const struct json_node *node, size_t at, const char **key)
{
    if (json_is_array(in(node))) {
        return out_of(json_array_get(in(node), at));
    }
    json_t *object = (json_t *)(uintptr_t)in(node);
    void *member = json_object_iter(object);
    for (size_t i = 0; i < at && member != NULL; i++) {
        member = json_object_iter_next(object, member);
    }
    if (member != NULL && key != NULL) {
        *key = json_object_iter_key(member);
    }
    return member == NULL ? NULL : out_of(json_object_iter_value(member));
}
