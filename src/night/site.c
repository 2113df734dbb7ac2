/* The institutional site of a night: a few plain pages, both languages, each of them with the way to the results and to
 * both mirrors, so that this site being down or slow never looks like the results being down. Operators replace them by
 * their own: pages that are there are left alone. */
#include "night/night.h"

#include "os/file.h"
#include "wire/text.h"

#include <stdio.h>

static const char style[] =
    ":root{color-scheme:light dark}\n"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:0 auto;padding:0 1rem 3rem}\n"
    "header{border-bottom:.25rem solid #7a1f3d;padding:1rem 0;margin-bottom:1.5rem}\n"
    "h1{font-size:1.4rem;margin:0}h2{font-size:1.15rem}\n"
    "nav a{display:inline-block;padding:.5rem .75rem .5rem 0}\n"
    ".results{border:.125rem solid #7a1f3d;border-radius:.5rem;padding:1rem;margin:1.5rem 0}\n"
    ".results a{display:block;padding:.4rem 0;font-weight:600}\n"
    ".drill{background:#ffd23f;color:#1b1b1b;border:.125rem dashed #1b1b1b;margin:0;padding:.5rem;text-align:center}\n"
    "footer{margin-top:2rem;border-top:1px solid;padding-top:1rem;font-size:.9rem}\n"
    ":focus-visible{outline:.2rem solid #1a5fb4;outline-offset:.1rem}\n";

static const char drill_es[] =
    "<p class=\"drill\" role=\"note\"><strong>SIMULACRO</strong> Ejercicio de prueba: los votos son ficticios.</p>\n";
static const char drill_en[] =
    "<p class=\"drill\" role=\"note\"><strong>DRILL</strong> This is an exercise: the votes are invented.</p>\n";

struct page {
    const char *file, *lang, *title, *body, *other, *other_title;
};

static const struct page pages[] = {
    {"index.html", "es", "Inicio",
     "<p>Esta es la página institucional. Los resultados preliminares se publican en un sitio aparte, que no depende de "
     "esta página: si aquí algo falla, los resultados siguen en los enlaces de arriba.</p>\n"
     "<h2>Qué es el PREP</h2>\n<p>El Programa de Resultados Electorales Preliminares informa de lo que dicen las actas de "
     "las casillas conforme llegan. Es informativo y no definitivo: el cómputo oficial lo hacen los consejos "
     "distritales.</p>\n",
     "en.html", "English"},
    {"en.html", "en", "Home",
     "<p>This is the institution's own page. Preliminary results are published on a separate site that does not depend on "
     "this page: if something fails here, the results stay up at the links above.</p>\n"
     "<h2>What the PREP is</h2>\n<p>The preliminary results programme reports what the polling tables' tally sheets say "
     "as they come in. It informs and does not decide: the official count is the district councils'.</p>\n",
     "index.html", "Español"},
    {"verificar.html", "es", "Cómo comprobar los resultados",
     "<p>Cada corte va firmado. Con la clave pública que el instituto dio a conocer antes de la jornada, cualquiera "
     "comprueba la firma, los archivos y las sumas:</p>\n<pre>atalaya verify URL</pre>\n"
     "<p>Cada acta publicada lleva la huella SHA-256 de su imagen.</p>\n",
     "verify.html", "English"},
    {"verify.html", "en", "How to check the results",
     "<p>Each cut is signed. With the public key that the institute announced before election day, anybody checks "
     "signature, files and sums:</p>\n<pre>atalaya verify URL</pre>\n"
     "<p>Each published tally sheet carries the SHA-256 of its image.</p>\n",
     "verificar.html", "Español"},
    {"404.html", "es", "No está aquí",
     "<p>Esa página no existe. Los resultados están en los enlaces de arriba. / There is no such page; the results are at "
     "the links above.</p>\n",
     "en.html", "English"},
};

static void link(struct buf *out, const char *address, const char *text)
{
    char url[128];
    night_url(address, url, sizeof url);
    buf_str(out, "<a href=\"");
    html_text(out, span_str(url));
    buf_str(out, "\">");
    html_text(out, span_str(text));
    buf_str(out, "</a>\n");
}

static void print_page(const struct night *night, const struct page *page, struct buf *out)
{
    bool spanish = strcmp(page->lang, "es") == 0;
    buf_printf(
        out,
        "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>%s: %s</title>\n"
        "<link rel=\"stylesheet\" href=\"style.css\">\n</head>\n<body>\n<header>\n%s<h1>%s</h1>\n<nav>",
        page->lang, spanish ? "Instituto Electoral" : "Electoral Institute", page->title,
        !night->drill ? ""
        : spanish     ? drill_es
                      : drill_en,
        spanish ? "Instituto Electoral" : "Electoral Institute");
    buf_printf(
        out,
        "<a href=\"%s\">%s</a> <a href=\"%s\">%s</a> <a href=\"%s\" lang=\"%s\">%s</a></nav>\n</header>\n",
        spanish ? "index.html" : "en.html", spanish ? "Inicio" : "Home",
        spanish ? "verificar.html" : "verify.html", spanish ? "Cómo comprobar" : "How to check", page->other,
        spanish ? "en" : "es", page->other_title);
    buf_printf(out, "<main>\n<!-- atalaya:avisos -->\n<section class=\"results\">\n<h2>%s</h2>\n",
               spanish ? "Resultados preliminares" : "Preliminary results");
    link(out, night->settings.results, spanish ? "Sitio de resultados (PREP)" : "Results site (PREP)");
    link(out, night->settings.mirror_1, spanish ? "Difusor oficial 1" : "Official mirror 1");
    link(out, night->settings.mirror_2, spanish ? "Difusor oficial 2" : "Official mirror 2");
    buf_printf(
        out, "</section>\n<h2>%s</h2>\n%s</main>\n<footer>%s</footer>\n</body>\n</html>\n", page->title,
        page->body,
        spanish
            ? "Los difusores copian los resultados por una vía propia y los comprueban antes de publicarlos."
            : "Mirrors copy the results over a way of their own and verify them before they publish.");
}

static enum err write_missing(const struct night *night, const char *file, struct span bytes, struct why *why)
{
    char name[64], path[FILE_PATH_MAX];
    snprintf(name, sizeof name, "site/%s", file);
    path_join(path, night->dir, name);
    return file_exists(path) ? OK : file_write(path, bytes, true, why);
}

enum err night_site(const struct night *night, struct why *why)
{
    struct buf out = {0};
    enum err err = write_missing(night, "style.css", span_of(style, sizeof style - 1), why);
    for (size_t i = 0; err == OK && i < sizeof pages / sizeof *pages; i++) {
        buf_clear(&out);
        print_page(night, &pages[i], &out);
        err = write_missing(night, pages[i].file, buf_as_span(&out), why);
    }
    buf_done(&out);
    return err;
}
