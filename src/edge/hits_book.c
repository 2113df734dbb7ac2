/* Rows go from addresses to networks to eighths of the world as room runs out, and never refuse a count. */
#include "edge/hits_book.h"

#include "base/map.h"

#include <stdlib.h>

enum { WIDTHS = 4 };

/* Bits of a row, and how many rows there may be before a new one of that width is no longer made. */
static const struct {
    uint8_t v4, v6;
    uint32_t room;
} widths[WIDTHS] = {{128, 64, 4096}, {120, 48, 7680}, {104, 16, BOOK_ROWS - 1}, {0, 0, BOOK_ROWS}};

enum err book_init(struct hits_book *book, uint32_t max_records, const uint64_t key[2])
{
    memset(book, 0, sizeof *book);
    book->max_records = max_records < 2 ? 2 : max_records;
    book->rate = 1;
    book->key[0] = key[0];
    book->key[1] = key[1];
    book->records = calloc(book->max_records, sizeof *book->records);
    return book->records == NULL ? ERR_FULL : OK;
}

void book_done(struct hits_book *book)
{
    free(book->records);
    book->records = NULL;
}

void book_clear(struct hits_book *book)
{
    book->totals = (struct hits_totals){0};
    memset(book->slots, 0, sizeof book->slots);
    book->n_rows = 0;
    book->last = NULL;
    book->n_records = 0;
    book->rate = 1;
}

static void mask(uint8_t out[17], const uint8_t address[16], uint8_t bits)
{
    memset(out, 0, 17);
    memcpy(out, address, bits / 8U);
    out[16] = bits;
}

/* The row of that network; NULL when there is none and no room for one. All widths are whole bytes. */
static struct hits_row *row_of(struct hits_book *book, const uint8_t address[16], uint8_t bits, uint32_t room)
{
    uint8_t net[17];
    mask(net, address, bits);
    uint32_t at = (uint32_t)siphash(book->key[0], book->key[1], net, sizeof net) % BOOK_SLOTS;
    while (book->slots[at] != 0) {
        struct hits_row *row = &book->rows[book->slots[at] - 1];
        if (row->bits == bits && memcmp(row->net, net, 16) == 0) {
            return row;
        }
        at = (at + 1) % BOOK_SLOTS;
    }
    if (book->n_rows >= room) {
        return NULL;
    }
    struct hits_row *row = &book->rows[book->n_rows++];
    *row = (struct hits_row){.bits = bits};
    memcpy(row->net, net, 16);
    book->slots[at] = (uint16_t)book->n_rows;
    return row;
}

static struct hits_row *find_row(struct hits_book *book, const uint8_t address[16])
{
    static const uint8_t v4[12] = {[10] = 0xff, [11] = 0xff};
    bool is_v4 = memcmp(address, v4, sizeof v4) == 0;
    struct hits_row *row = NULL;
    for (size_t i = 0; i < WIDTHS && row == NULL; i++) {
        row = row_of(book, address, is_v4 ? widths[i].v4 : widths[i].v6, widths[i].room);
    }
    return row;
}

/* Whoever floods comes many times in a row. */
static struct hits_row *row_again(struct hits_book *book, const uint8_t address[16])
{
    if (book->last == NULL || memcmp(book->last_address, address, sizeof book->last_address) != 0) {
        book->last = find_row(book, address);
        memcpy(book->last_address, address, sizeof book->last_address);
    }
    return book->last;
}

/* The rate is a power of two. */
static bool is_sampled(const struct hits_book *book)
{
    return ((book->totals.seen - 1) & (book->rate - 1)) == 0;
}

static void sample(struct hits_book *book, const struct hit *hit)
{
    if (!is_sampled(book)) {
        return;
    }
    if (book->n_records == book->max_records) {
        for (uint32_t i = 0; 2 * i < book->n_records; i++) {
            book->records[i] = book->records[2 * i];
        }
        book->n_records = (book->n_records + 1) / 2;
        book->rate *= 2;
        if (!is_sampled(book)) {
            return;
        }
    }
    book->records[book->n_records++] = *hit;
}

void book_add(struct hits_book *book, const struct hit *hit, bool refused)
{
    struct hits_totals *totals = &book->totals;
    struct hits_row *row = row_again(book, hit->source);
    totals->seen++;
    totals->cost_ns += hit->cost_ns;
    totals->bytes += hit->bytes;
    totals->by_decision[hit->id[HITS_DECISION]]++;
    totals->by_status[hits_status_class(hit->status)]++;
    totals->by_cost[hits_cost_class(hit->cost_ns)]++;
    row->requests++;
    row->refused += refused;
    row->cost_ns += hit->cost_ns;
    row->bytes += hit->bytes;
    sample(book, hit);
}

static int by_net(const void *a, const void *b)
{
    const struct hits_row *left = a;
    const struct hits_row *right = b;
    int order = memcmp(left->net, right->net, 16);
    return order != 0 ? order : (int)left->bits - (int)right->bits;
}

void book_block(struct hits_book *book, struct hits_block *out)
{
    book->last = NULL; /* rows change their places */
    qsort(book->rows, book->n_rows, sizeof *book->rows, by_net);
    for (uint32_t i = 0; i < book->n_records; i++) {
        book->records[i].rate = book->rate;
    }
    out->totals = book->totals;
    out->rows = book->rows;
    out->n_rows = book->n_rows;
    out->records = book->records;
    out->n_records = book->n_records;
    out->rate = book->rate;
}
