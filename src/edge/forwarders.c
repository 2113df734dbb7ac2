/* Networks as prefixes of 128 bits. */
#include "edge/forwarders.h"

#include "base/num.h"
#include "wire/forwarded.h"

#include <arpa/inet.h>
#include <strings.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool address_parse(struct span text, uint8_t out[16])
{
    char room[64];
    if (!span_copy(text, room, sizeof room)) {
        return false;
    }
    if (inet_pton(AF_INET, room, out + 12) == 1) {
        memcpy(out, mapped, sizeof mapped);
        return true;
    }
    return inet_pton(AF_INET6, room, out) == 1;
}

static enum err one(struct span text, struct forwarders *out, struct why *why)
{
    struct span bits = text;
    struct span address = span_cut(&bits, '/');
    uint8_t net[16];
    uint32_t n = 128;
    if (out->n == FORWARDERS_MAX) {
        return why_set(why, ERR_TOO_BIG, "more than %d forwarders", FORWARDERS_MAX);
    }
    bool ok = address_parse(address, net);
    bool is4 = ok && memcmp(net, mapped, sizeof mapped) == 0;
    if (ok && bits.at != NULL) {
        ok = num_parse_u32(bits, &n) == OK && n <= (is4 ? 32U : 128U);
        n += is4 ? 96 : 0;
    }
    if (!ok) {
        return why_set(why, ERR_SYNTAX,
                       "\"%.*s\" is no address and no network: write 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32",
                       SPAN_ARG(text));
    }
    memcpy(out->rows[out->n].net, net, sizeof net);
    out->rows[out->n++].bits = (uint8_t)n;
    return OK;
}

enum err forwarders_parse(struct span text, struct forwarders *out, struct why *why)
{
    while (text.at != NULL) {
        TRY(one(span_trim(span_cut(&text, ',')), out, why));
    }
    return OK;
}

static bool begins(const uint8_t address[16], const uint8_t net[16], unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned mask = 0xff00U >> (bits % 8) & 0xff;
    return memcmp(address, net, whole) == 0 && (bits % 8 == 0 || ((address[whole] ^ net[whole]) & mask) == 0);
}

bool forwarders_have(const struct forwarders *forwarders, const uint8_t address[16])
{
    for (uint32_t i = 0; i < forwarders->n; i++) {
        if (begins(address, forwarders->rows[i].net, forwarders->rows[i].bits)) {
            return true;
        }
    }
    return false;
}

static struct span last_of(struct span *list)
{
    size_t from = list->len;
    while (from > 0 && list->at[from - 1] != ',') {
        from--;
    }
    struct span item = span_trim(span_from(*list, from));
    list->len = from > 0 ? from - 1 : 0;
    return item;
}

enum found { FOUND_NOBODY, FOUND_CLIENT, FOUND_END };

/* Of one field, from its end. */
static enum found in_list(const struct forwarders *forwarders, struct span rest, uint8_t client[16])
{
    while (rest.len > 0) {
        uint8_t address[16];
        if (!address_parse(last_of(&rest), address)) {
            return FOUND_END;
        }
        if (!forwarders_have(forwarders, address)) {
            memcpy(client, address, sizeof address);
            return FOUND_CLIENT;
        }
    }
    return FOUND_NOBODY;
}

static enum found in_forwarded(const struct forwarders *forwarders, struct span value, uint8_t client[16])
{
    struct forwarded_node nodes[FORWARDED_MAX];
    uint32_t n = 0;
    if (forwarded_parse(value, nodes, &n, NULL) != OK) {
        return FOUND_END;
    }
    for (; n > 0; n--) {
        if (!nodes[n - 1].has_address) {
            return FOUND_END;
        }
        if (!forwarders_have(forwarders, nodes[n - 1].address)) {
            memcpy(client, nodes[n - 1].address, sizeof nodes->address);
            return FOUND_CLIENT;
        }
    }
    return FOUND_NOBODY;
}

bool forwarders_client(const struct forwarders *forwarders, const struct http1_request *request,
                       uint8_t client[16])
{
    bool by_rfc = forwarders->how == FORWARDED_RFC7239;
    struct span name = by_rfc ? SPAN("forwarded") : SPAN("x-forwarded-for");
    enum found found = FOUND_NOBODY;
    for (uint32_t i = request->n_fields; i > 0 && found == FOUND_NOBODY; i--) {
        const struct http1_field *field = &request->fields[i - 1];
        if (field->name.len == name.len && strncasecmp(field->name.at, name.at, name.len) == 0) {
            found = (by_rfc ? in_forwarded : in_list)(forwarders, field->value, client);
        }
    }
    return found == FOUND_CLIENT;
}
