/* Two small pages, Spanish first. */
#include "edge/own_pages.h"

#include "seal/digest.h"

static const char not_found_page[] =
    "<!doctype html><html lang=\"es\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
    "content=\"width=device-width\"><title>No existe / Not found</title></head><body><h1>Esa página no existe</h1>"
    "<p><a href=\"/\">Ir a los resultados</a></p><p lang=\"en\">There is no such page. "
    "<a href=\"/\">Go to the results</a></p></body></html>\n";

static const char site_page[] =
    "<!doctype html><html lang=\"es\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
    "content=\"width=device-width\"><title>Resultados preliminares</title></head><body>"
    "<h1>Los resultados preliminares están aquí</h1><!-- atalaya:enlaces -->"
    "<p lang=\"en\">Preliminary results are published at the addresses above.</p></body></html>\n";

enum err own_page_hold(struct vault *vault, enum own_page page, const struct site *site, struct body **out)
{
    struct buf text;
    uint8_t digest[32];
    buf_init(&text, 0);
    site_fill_links(span_str(page == OWN_SITE ? site_page : not_found_page), site->links, site->n_links,
                    &text);
    digest_of(buf_as_span(&text), digest);
    enum err err = vault_put(vault, digest, buf_as_span(&text), out);
    buf_done(&text);
    return err;
}
