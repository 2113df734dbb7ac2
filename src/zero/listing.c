/* Listings as JSON. */
#include "zero/listing.h"

#include "base/date.h"
#include "doors/json_node.h"
#include "wire/text.h"

const char *const place_ids[PLACES] = {"store", "ledger", "log", "copy", "images"};

bool listing_empty(const struct listing *listing)
{
    uint64_t votes = listing->captured + listing->votes;
    for (int i = 0; i < PLACES; i++) {
        votes += listing->places[i].actas;
    }
    return votes == 0;
}

static void put_files(struct json *json, const char *key, const struct listed_file *files, uint32_t n)
{
    json_key(json, key);
    json_open(json, '[');
    for (uint32_t i = 0; i < n; i++) {
        json_open(json, '{');
        json_key(json, "name");
        json_str(json, files[i].name);
        json_key(json, "sha256");
        json_str(json, files[i].sha256);
        json_close(json);
    }
    json_close(json);
}

static void put_places(struct json *json, const struct listing *listing)
{
    json_key(json, "places");
    json_open(json, '{');
    for (int i = 0; i < PLACES; i++) {
        const struct listed_place *place = &listing->places[i];
        json_key(json, place_ids[i]);
        if (!place->there) {
            json_null(json);
            continue;
        }
        json_open(json, '{');
        json_key(json, "entries");
        json_u64(json, place->entries);
        json_key(json, "actas");
        json_u64(json, place->actas);
        json_close(json);
    }
    json_close(json);
}

static void put_cut(struct json *json, const struct listing *listing)
{
    json_key(json, "cut");
    if (!listing->has_cut) {
        json_null(json);
        return;
    }
    json_open(json, '{');
    json_key(json, "number");
    json_u64(json, listing->cut);
    json_key(json, "captured");
    json_u64(json, listing->captured);
    json_key(json, "votes");
    json_u64(json, listing->votes);
    json_key(json, "last");
    json_bool(json, listing->last);
    json_close(json);
}

void listing_print(const struct listing *listing, struct buf *out)
{
    char time[DATE_ISO_LEN + 1];
    struct json json;
    date_print_iso(time, listing->time_ms);
    json_init(&json, out);
    json_open(&json, '{');
    json_key(&json, "format");
    json_u64(&json, 1);
    json_key(&json, "time");
    json_str(&json, time);
    json_key(&json, "previous");
    json_str(&json, listing->previous);
    json_key(&json, "origin");
    json_str(&json, listing->origin);
    json_key(&json, "empty");
    json_bool(&json, listing_empty(listing));
    put_files(&json, "programs", listing->programs, listing->n_programs);
    json_key(&json, "rules");
    json_str(&json, listing->rules);
    json_key(&json, "definition");
    json_str(&json, listing->definition);
    put_files(&json, "files", listing->files, listing->n_files);
    json_key(&json, "expected");
    json_u64(&json, listing->actas_expected);
    put_places(&json, listing);
    json_key(&json, "root");
    json_str(&json, listing->root);
    json_key(&json, "signed_size");
    json_u64(&json, listing->signed_size);
    json_key(&json, "signed_root");
    json_str(&json, listing->signed_root);
    put_cut(&json, listing);
    json_close(&json);
    buf_char(out, '\n');
}

/* Reading: what is missing or too long makes the whole listing none. */
struct reading {
    bool good;
};

static void text_of(struct reading *reading, const struct json_node *node, char *out, size_t size)
{
    reading->good = reading->good && node != NULL && span_copy(json_node_text(node), out, size);
}

static void number_of(struct reading *reading, const struct json_node *node, uint64_t *out)
{
    reading->good = reading->good && json_node_u64(node, out);
}

static void read_files(struct reading *reading, const struct json_node *list, struct listed_file *files,
                       uint32_t max, uint32_t *n)
{
    size_t size = json_node_size(list);
    reading->good = reading->good && list != NULL && size <= max;
    for (size_t i = 0; reading->good && i < size; i++) {
        const struct json_node *row = json_node_nth(list, i, NULL);
        text_of(reading, json_node_get(row, "name"), files[i].name, sizeof files[i].name);
        text_of(reading, json_node_get(row, "sha256"), files[i].sha256, sizeof files[i].sha256);
    }
    *n = (uint32_t)size;
}

static void read_places(struct reading *reading, const struct json_node *places, struct listing *out)
{
    for (int i = 0; i < PLACES; i++) {
        const struct json_node *place = json_node_get(places, place_ids[i]);
        out->places[i].there = json_node_object(place);
        reading->good = reading->good && place != NULL;
        if (out->places[i].there) {
            number_of(reading, json_node_get(place, "entries"), &out->places[i].entries);
            number_of(reading, json_node_get(place, "actas"), &out->places[i].actas);
        }
    }
}

static void read_cut(struct reading *reading, const struct json_node *cut, struct listing *out)
{
    out->has_cut = json_node_object(cut);
    if (out->has_cut) {
        number_of(reading, json_node_get(cut, "number"), &out->cut);
        number_of(reading, json_node_get(cut, "captured"), &out->captured);
        number_of(reading, json_node_get(cut, "votes"), &out->votes);
        reading->good = reading->good && json_node_bool(json_node_get(cut, "last"), &out->last);
    }
}

enum err listing_parse(struct span bytes, struct listing *out, struct why *why)
{
    struct json_node *root;
    struct reading reading = {true};
    uint64_t format = 0;
    struct listing listing = {0};
    TRY(json_node_parse(bytes, &root, why));
    number_of(&reading, json_node_get(root, "format"), &format);
    reading.good = reading.good && format == 1 &&
                   date_parse_iso(json_node_text(json_node_get(root, "time")), &listing.time_ms) == OK;
    text_of(&reading, json_node_get(root, "origin"), listing.origin, sizeof listing.origin);
    text_of(&reading, json_node_get(root, "previous"), listing.previous, sizeof listing.previous);
    text_of(&reading, json_node_get(root, "rules"), listing.rules, sizeof listing.rules);
    text_of(&reading, json_node_get(root, "definition"), listing.definition, sizeof listing.definition);
    text_of(&reading, json_node_get(root, "root"), listing.root, sizeof listing.root);
    text_of(&reading, json_node_get(root, "signed_root"), listing.signed_root, sizeof listing.signed_root);
    number_of(&reading, json_node_get(root, "expected"), &listing.actas_expected);
    number_of(&reading, json_node_get(root, "signed_size"), &listing.signed_size);
    read_files(&reading, json_node_get(root, "programs"), listing.programs, LISTING_PROGRAMS_MAX,
               &listing.n_programs);
    read_files(&reading, json_node_get(root, "files"), listing.files, LISTING_FILES_MAX, &listing.n_files);
    read_places(&reading, json_node_get(root, "places"), &listing);
    read_cut(&reading, json_node_get(root, "cut"), &listing);
    json_node_free(root);
    if (!reading.good) {
        return why_set(why, ERR_SYNTAX, "it is no listing of atalaya zero, format 1");
    }
    *out = listing;
    return OK;
}
