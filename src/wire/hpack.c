/* Integers, strings, the dynamic table; then fields. */
#include "wire/hpack.h"

#include "wire/hpack_tables.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRY_MORE = 32, TRAILER = 4, CAP_FIRST = 256, INTEGER_MAX = 1 << 20 };

void hpack_init(struct hpack_table *table)
{
    *table = (struct hpack_table){.limit = HPACK_TABLE_MAX};
}

void hpack_done(struct hpack_table *table)
{
    free(table->bytes);
    *table = (struct hpack_table){0};
}

/* The entry that ends at `end`. */
static struct hpack_field entry_at(const struct hpack_table *table, uint32_t end)
{
    uint16_t lengths[2];
    memcpy(lengths, table->bytes + end - TRAILER, TRAILER);
    const char *name = table->bytes + end - TRAILER - lengths[1] - lengths[0];
    return (struct hpack_field){.name = span_of(name, lengths[0]),
                                .value = span_of(name + lengths[0], lengths[1])};
}

static uint32_t bytes_of(const struct hpack_field *field)
{
    return (uint32_t)(field->name.len + field->value.len) + TRAILER;
}

/* Entries are found from the newest; the oldest go when room is needed. */
static void evict(struct hpack_table *table, uint32_t room)
{
    uint32_t kept = 0;
    uint32_t size = 0;
    uint32_t end = table->used;
    while (kept < table->n) {
        struct hpack_field field = entry_at(table, end);
        uint32_t more = (uint32_t)(field.name.len + field.value.len) + ENTRY_MORE;
        if (size + more + room > table->limit) {
            break;
        }
        size += more;
        end -= bytes_of(&field);
        kept++;
    }
    if (kept < table->n) {
        memmove(table->bytes, table->bytes + end, table->used - end);
        table->used -= end;
        table->n = kept;
        table->size = size;
    }
}

static void insert(struct hpack_table *table, struct span name, struct span value)
{
    uint64_t size = (uint64_t)name.len + value.len + ENTRY_MORE;
    if (size > table->limit) { /* empties the table, and is no error (§4.4) */
        table->used = 0;
        table->n = 0;
        table->size = 0;
        return;
    }
    if (table->size + size > table->limit) {
        evict(table, (uint32_t)size);
    }
    uint32_t need = table->used + (uint32_t)(name.len + value.len) + TRAILER;
    if (need > table->cap) {
        uint32_t cap = table->cap == 0 ? CAP_FIRST : table->cap;
        while (cap < need) {
            cap *= 2;
        }
        char *moved = realloc(table->bytes, cap);
        if (moved == NULL) {
            abort();
        }
        table->bytes = moved;
        table->cap = cap;
    }
    uint16_t lengths[2] = {(uint16_t)name.len, (uint16_t)value.len};
    char *at = table->bytes + table->used;
    memcpy(at, name.at, name.len);
    memcpy(at + name.len, value.at, value.len);
    memcpy(at + name.len + value.len, lengths, TRAILER);
    table->used = need;
    table->size += (uint32_t)size;
    table->n++;
}

struct cursor {
    const uint8_t *at, *end;
};

static enum err integer(struct cursor *in, unsigned prefix, uint32_t *out)
{
    uint32_t most = (1U << prefix) - 1;
    uint32_t value = *in->at++ & most;
    if (value == most) {
        unsigned shift = 0;
        uint8_t byte = 0x80;
        while ((byte & 0x80) != 0) {
            if (in->at == in->end || shift > 21) {
                return ERR_SYNTAX;
            }
            byte = *in->at++;
            value += (uint32_t)(byte & 0x7f) << shift;
            shift += 7;
        }
        if (value > INTEGER_MAX) {
            return ERR_SYNTAX;
        }
    }
    *out = value;
    return OK;
}

/* Decoded text goes into the list; what finds no room there is dropped, and the list says so. */
static enum err string(struct cursor *in, struct hpack_list *out, struct span *text)
{
    uint32_t len = 0;
    if (in->at == in->end) {
        return ERR_SYNTAX;
    }
    bool coded = (*in->at & 0x80) != 0;
    TRY(integer(in, 7, &len));
    if (len > (size_t)(in->end - in->at)) {
        return ERR_SYNTAX;
    }
    struct span raw = span_of((const char *)in->at, len);
    in->at += len;
    *text = raw;
    if (!coded) {
        return OK;
    }
    size_t got = 0;
    enum err err = hpack_huffman(raw, out->text + out->text_len, HPACK_TEXT_MAX - out->text_len, &got);
    *text = span_of(out->text + out->text_len, got);
    out->text_len += (uint32_t)got;
    return err;
}

static enum err by_index(const struct hpack_table *table, uint32_t index, struct hpack_field *out)
{
    if (index == 0 || index > HPACK_STATIC + table->n) {
        return ERR_SYNTAX;
    }
    if (index <= HPACK_STATIC) {
        *out = hpack_static[index - 1];
        return OK;
    }
    uint32_t end = table->used;
    *out = entry_at(table, end);
    for (uint32_t i = index - HPACK_STATIC - 1; i > 0; i--) {
        end -= bytes_of(out);
        *out = entry_at(table, end);
    }
    return OK;
}

/* Texts of the table move when an entry comes: they are copied. */
static struct span steady(struct hpack_list *out, struct span text, uint32_t index)
{
    if (index <= HPACK_STATIC) {
        return text;
    }
    if (text.len > HPACK_TEXT_MAX - out->text_len) {
        out->too_big = true;
        return SPAN("");
    }
    char *at = out->text + out->text_len;
    memcpy(at, text.at, text.len);
    out->text_len += (uint32_t)text.len;
    return span_of(at, text.len);
}

static void add(struct hpack_list *out, const struct hpack_field *field)
{
    out->size += (uint32_t)(field->name.len + field->value.len) + ENTRY_MORE;
    if (out->n == HPACK_FIELDS_MAX) {
        out->too_big = true;
        return;
    }
    out->fields[out->n++] = *field;
}

static enum err literal(struct hpack_table *table, struct cursor *in, unsigned prefix, bool enters,
                        struct hpack_list *out)
{
    struct hpack_field field;
    uint32_t index = 0;
    TRY(integer(in, prefix, &index));
    if (index > 0) {
        TRY(by_index(table, index, &field));
        field.name = steady(out, field.name, index);
    } else {
        TRY(string(in, out, &field.name));
    }
    TRY(string(in, out, &field.value));
    if (enters) {
        insert(table, field.name, field.value);
    }
    add(out, &field);
    return OK;
}

static enum err one(struct hpack_table *table, struct cursor *in, struct hpack_list *out)
{
    uint8_t byte = *in->at;
    if ((byte & 0x80) != 0) {
        struct hpack_field field;
        uint32_t index = 0;
        TRY(integer(in, 7, &index));
        TRY(by_index(table, index, &field));
        field.name = steady(out, field.name, index);
        field.value = steady(out, field.value, index);
        add(out, &field);
        return OK;
    }
    if ((byte & 0x40) != 0) {
        return literal(table, in, 6, true, out);
    }
    if ((byte & 0x20) != 0) {
        uint32_t limit = 0;
        TRY(integer(in, 5, &limit));
        if (limit > HPACK_TABLE_MAX || out->n > 0) {
            return ERR_SYNTAX; /* only at the start of a block (§4.2) */
        }
        table->limit = limit;
        evict(table, 0);
        return OK;
    }
    return literal(table, in, 4, false, out);
}

enum err hpack_decode(struct hpack_table *table, struct span block, struct hpack_list *out)
{
    struct cursor in = {.at = (const uint8_t *)block.at, .end = (const uint8_t *)span_end(block)};
    out->n = 0;
    out->size = 0;
    out->text_len = 0;
    out->too_big = false;
    while (in.at < in.end) {
        enum err err = one(table, &in, out);
        if (err != OK) {
            return ERR_SYNTAX; /* text past all bounds is one, too: the table could not be kept in step */
        }
    }
    return OK;
}

static void put_integer(struct buf *out, unsigned first, unsigned prefix, size_t value)
{
    size_t most = (1U << prefix) - 1;
    if (value < most) {
        buf_char(out, (char)(first | value));
        return;
    }
    buf_char(out, (char)(first | most));
    for (value -= most; value >= 128; value >>= 7) {
        buf_char(out, (char)(value & 0x7f) | (char)0x80);
    }
    buf_char(out, (char)value);
}

/* Huffman-coded where that is shorter. */
static void put_string(struct buf *out, struct span text)
{
    size_t coded = hpack_huffman_len(text);
    if (coded < text.len) {
        put_integer(out, 0x80, 7, coded);
        hpack_huffman_put(out, text);
    } else {
        put_integer(out, 0, 7, text.len);
        buf_span(out, text);
    }
}

void hpack_put(struct buf *out, struct span name, struct span value)
{
    uint32_t index = 0;
    for (uint32_t i = 0; i < HPACK_STATIC && index == 0; i++) {
        index = span_equal(name, hpack_static[i].name) ? i + 1 : 0;
    }
    put_integer(out, 0, 4, index);
    if (index == 0) {
        put_string(out, name);
    }
    put_string(out, value);
}

void hpack_put_raw(struct buf *out, enum hpack_name name, struct span value)
{
    put_integer(out, 0, 4, name);
    put_integer(out, 0, 7, value.len);
    buf_span(out, value);
}

void hpack_put_status(struct buf *out, int status)
{
    static const int known[] = {200, 204, 206, 304, 400, 404, 500};
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i] == status) {
            buf_char(out, (char)(0x80 | (8 + i)));
            return;
        }
    }
    char digits[3] = {(char)('0' + status / 100), (char)('0' + status / 10 % 10), (char)('0' + status % 10)};
    buf_char(out, 8);
    buf_char(out, 3);
    buf_add(out, digits, 3);
}
