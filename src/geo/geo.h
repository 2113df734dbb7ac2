/* Countries of registration by address, from the text tables that Tor ships (Debian's tor-geoipdb: "lo,hi,CC", numbers for
 * IPv4, addresses for IPv6, sorted; IPFire location database, CC BY-SA 4.0). It says where a network is registered, not
 * where a person is. Two sorted arrays and a binary search: about 160 ns a look. */
#ifndef GEO_GEO_H
#define GEO_GEO_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define GEO_FILE_4 "/usr/share/tor/geoip"
#define GEO_FILE_6 "/usr/share/tor/geoip6"
/* What a page that shows these countries must say. */
#define GEO_ATTRIBUTION                                                                                      \
    "Países de registro: IPFire Location Database (CC BY-SA 4.0, https://location.ipfire.org/), "           \
    "por Debian tor-geoipdb"

struct geo_range4 {
    uint32_t lo, hi;
    char country[2];
};
struct geo_range6 {
    uint8_t lo[16], hi[16];
    char country[2];
};

struct geo {
    struct geo_range4 *v4;
    struct geo_range6 *v6;
    uint32_t n4, n6;
};

/* Reads both tables; a NULL path is not read. A missing file is ERR_MISSING; an unsorted or wrong line names itself. On
 * failure nothing is loaded and everything is unknown. */
MUST_CHECK enum err geo_load(struct geo *geo, const char *v4_path, const char *v6_path, struct why *why);
MUST_CHECK enum err geo_add_v4(struct geo *geo, struct span text, struct why *why);
MUST_CHECK enum err geo_add_v6(struct geo *geo, struct span text, struct why *why);
void geo_done(struct geo *geo);

/* Two capital letters, or "??" when no table says. The address is of 16 bytes, IPv4 as ::ffff:a.b.c.d. */
struct geo_country {
    char code[3];
};
struct geo_country geo_find(const struct geo *geo, const uint8_t address[16]);

#endif
