/* Reading JSON: a document and what stands in it. The one room of the jansson library. */
#ifndef DOORS_JSON_NODE_H
#define DOORS_JSON_NODE_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct json_node; /* a value; NULL for one that is not there, and every question about it has an answer */

/* Refuses what is not one JSON value, and objects that name a key twice. Free with json_node_free. */
MUST_CHECK enum err json_node_parse(struct span bytes, struct json_node **out, struct why *why);
void json_node_free(struct json_node *root);

const struct json_node *json_node_get(const struct json_node *object, const char *key);
/* "figures.captured" */
const struct json_node *json_node_at(const struct json_node *object, const char *path);
bool json_node_u64(const struct json_node *node, uint64_t *out); /* a whole number from 0 on */
bool json_node_i64(const struct json_node *node, int64_t *out);  /* a whole number */
bool json_node_bool(const struct json_node *node, bool *out);
bool json_node_null(const struct json_node *node); /* null itself, not absence */
bool json_node_object(const struct json_node *node);
struct span json_node_text(const struct json_node *node); /* "" for what is no string */

/* Members of an object or elements of an array, in their order; NULL past the end. `key` may be NULL. */
const struct json_node *json_node_nth(const struct json_node *node, size_t at, const char **key);
size_t json_node_size(const struct json_node *node);

#endif
