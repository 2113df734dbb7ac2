/* The table of places. */
#include "mirror/place.h"

#include "base/num.h"
#include "doors/manifest.h"

#include <stdio.h>

/* Without ".gz" or ".br". */
static struct span plain_path(struct span path)
{
    return manifest_path_twin(path) ? span_of(path.at, path.len - 3) : path;
}

static bool is_entry_page(struct span path)
{
    struct span plain = plain_path(path);
    if (span_is(plain, "index.html")) {
        return true;
    }
    struct span rest = plain;
    struct span contest = span_cut(&rest, '/');
    if (!span_is(rest, "index.html") || contest.len == 0 || contest.len > 8) {
        return false;
    }
    static const struct span reserved[] = {{"cut", 3}, {"chunk", 5},   {"a", 1},
                                           {"log", 3}, {"package", 7}, {"acta", 4}};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        if (span_equal(contest, reserved[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < contest.len; i++) {
        char c = contest.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
            return false;
        }
    }
    return true;
}

static bool below_number(struct span path, const char *folder, uint32_t number)
{
    char prefix[32];
    snprintf(prefix, sizeof prefix, "%s/%u/", folder, number);
    return span_starts(path, span_str(prefix));
}

static bool of_package(struct span path, uint32_t cut)
{
    struct span rest = span_from(path, sizeof "package/" - 1);
    uint32_t number = 0;
    return num_parse_u32(span_cut(&rest, '/'), &number) == OK && number <= cut && rest.len > 0;
}

bool place_in_package(struct span path, uint32_t package)
{
    return below_number(path, "package", package);
}

enum place place_of(struct span path, uint32_t cut)
{
    if (!manifest_path_good(path)) {
        return PLACE_FOREIGN;
    }
    if (span_starts(path, SPAN("chunk/")) || span_starts(path, SPAN("a/"))) {
        return PLACE_SHARED;
    }
    if (below_number(path, "cut", cut)) {
        return PLACE_CUT;
    }
    if (span_starts(path, SPAN("package/"))) {
        return of_package(path, cut) ? PLACE_PACKAGE : PLACE_FOREIGN;
    }
    if (span_is(path, "latest.json")) {
        return PLACE_POINTER;
    }
    return is_entry_page(path) ? PLACE_ENTRY : PLACE_FOREIGN;
}
