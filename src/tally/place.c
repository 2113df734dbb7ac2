/* Station keys taken apart, and the most votes that a table can hold. */
#include "tally/place.h"

#include "base/num.h"

uint32_t station_bound(const struct station *station)
{
    uint32_t list = station_is_special(station) ? station->ballots : station->nominal;
    /* Representatives vote where they are accredited: the tables of a mode have none ("N/A" in the LEEME). */
    uint32_t reps = station_is_mode(station) ? 0 : station->reps;
    uint32_t bound = 0;
    return __builtin_add_overflow(list, reps, &bound) ? UINT32_MAX : bound;
}

/* `digits` decimal digits of the key at *at, which moves on. */
static enum err take_number(const char **at, size_t digits, uint32_t *out)
{
    TRY(num_parse_padded(span_of(*at, digits), out));
    *at += digits;
    return OK;
}

enum err station_parse_key(struct span key, struct station *out, uint16_t *entity)
{
    if (key.len != STATION_KEY_LEN) {
        return ERR_SYNTAX;
    }
    const char *at = key.at;
    uint32_t state = 0;
    uint32_t section = 0;
    uint32_t number = 0;
    uint32_t extension = 0;
    TRY(take_number(&at, 2, &state));
    TRY(take_number(&at, 4, &section));
    char type = *at++;
    if (type == '\0' || strchr(STATION_TYPES, type) == NULL) {
        return ERR_SYNTAX;
    }
    TRY(take_number(&at, 2, &number));
    TRY(take_number(&at, 2, &extension));
    memcpy(out->key, key.at, STATION_KEY_LEN);
    out->key[STATION_KEY_LEN] = '\0';
    out->type = type;
    out->section = (uint16_t)section;
    out->number = (uint8_t)number;
    out->extension = (uint8_t)extension;
    *entity = (uint16_t)state;
    return OK;
}
