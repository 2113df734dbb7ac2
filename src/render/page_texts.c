/* The pages of words: downloads and how to check them, and how to read the results. */
#include "render/page.h"

#include "base/date.h"

/* A block of HTML in both languages; written here, never from outside. */
struct text {
    const char *es, *en;
};

static void put_texts(struct page *page, const struct text *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put(page, "%s\n", page->lang == LANG_EN ? texts[i].en : texts[i].es);
    }
}
#define PUT_TEXTS(page, texts) put_texts(page, texts, sizeof(texts) / sizeof((texts)[0]))

static const struct text package_words[] = {
    {"<p class=\"note\">La base de datos se arma con su propia cadencia: es la del corte y la hora que aquí "
     "se dicen, y puede "
     "ser un poco anterior a las cifras de las páginas.</p>",
     "<p class=\"note\">The database has a cadence of its own: it is that of the update and hour stated "
     "here, and may be a "
     "little older than the figures on the pages.</p>"},
};

static const struct text verify_words[] = {
    {"<ol><li><b>Archivos de la base de datos.</b> En la carpeta de la descarga: <code>sha256sum -c "
     "SHA256SUMS</code></li>",
     "<ol><li><b>Files of the database.</b> In the download's folder: <code>sha256sum -c "
     "SHA256SUMS</code></li>"},
    {"<li><b>Todo el corte.</b> El archivo <code>manifest</code> lista cada página y cada dato con su "
     "SHA-256, y está firmado. "
     "Con minisign: <code>minisign -V -m manifest -p minisign.pub</code></li>",
     "<li><b>The whole update.</b> The file <code>manifest</code> lists every page and datum with its "
     "SHA-256, and is signed. "
     "With minisign: <code>minisign -V -m manifest -p minisign.pub</code></li>"},
    {"<li><b>La imagen de un acta.</b> Su nombre es su huella: <code>sha256sum</code> de la imagen debe dar "
     "el mismo código "
     "que se publica junto al acta.</li>",
     "<li><b>The image of a sheet.</b> Its name is its digest: <code>sha256sum</code> of the image must give "
     "the code "
     "published beside the sheet.</li>"},
    {"<li><b>Las sumas.</b> <code>atalaya verify</code> con la dirección de este sitio o de cualquier "
     "difusor revisa las firmas "
     "y vuelve a contar todos los totales desde el registro público, acta por acta.</li></ol>",
     "<li><b>The sums.</b> <code>atalaya verify</code> with the address of this site or of any mirror checks "
     "the signatures "
     "and counts every total again from the public ledger, sheet by sheet.</li></ol>"},
    {"<p>La llave pública se obtiene por otra vía que este sitio (la institución y los difusores la "
     "publican): una llave que "
     "llega con los datos no prueba quién los firmó.</p>",
     "<p>Get the public key by another way than this site (the institution and the mirrors publish it): a "
     "key that comes with "
     "the data does not prove who signed them.</p>"},
};

/* "20270606_2020" */
static void package_stamp(const struct page *page, char out[32])
{
    struct date date = date_at(page->facts->package_ms, page->fold->election->offset_min);
    struct buf text;
    buf_init(&text, 0);
    buf_printf(&text, "%04d%02d%02d_%02d%02d", date.year, date.month, date.day, date.hour, date.minute);
    memcpy(out, buf_cstr(&text), text.len + 1);
    buf_done(&text);
}

/* "CDMX_GUB_2027.csv", as package.md names it. */
static void put_csv(struct page *page, uint32_t contest)
{
    const struct election *election = page->fold->election;
    uint32_t year = (uint32_t)date_at(page->facts->package_ms, election->offset_min).year;
    struct span code = election->contests[contest].code;
    put(page, "<li>%h, CSV: <a href=\"%rpackage/%u/%h_%h_%u.csv\">%h_%h_%u.csv</a></li>\n",
        contest_name(page, contest), "", page->facts->package, election->package_code, code, year,
        election->package_code, code, year);
}

static void put_package(struct page *page)
{
    const struct election *election = page->fold->election;
    uint32_t number = page->facts->package;
    char stamp[32];
    package_stamp(page, stamp);
    put(page, "<p><b>%t %u</b> · %m</p>\n<ul class=\"files\">", T_CUT, number, page->facts->package_ms);
    put(page, "<li><a href=\"%rpackage/%u/%s_PREP_%h.zip\">%s_PREP_%h.zip</a></li>\n", "", number, stamp,
        election->package_code, stamp, election->package_code);
    for (uint32_t i = 0; i < election->n_contests; i++) {
        const struct contest *contest = &election->contests[i];
        put(page, "<li>%h: <a href=\"%rpackage/%u/%s_PREP_%h_%h.zip\">%s_PREP_%h_%h.zip</a></li>\n",
            contest_name(page, i), "", number, stamp, contest->code, election->package_code, stamp,
            contest->code, election->package_code);
    }
    for (uint32_t i = 0; i < election->n_contests; i++) {
        put_csv(page, i);
    }
    put(page, "<li>%s: <a href=\"%rpackage/%u/difusion/%s_DIFUSION.zip\">%s_DIFUSION.zip</a></li>\n",
        page->lang == LANG_EN ? "Package for media that copy" : "Paquete de difusión para medios", "", number,
        stamp, stamp);
    put(page, "<li><a href=\"%rpackage/%u/SHA256SUMS\">SHA256SUMS</a></li></ul>\n", "", number);
}

static void put_data_files(struct page *page)
{
    const struct election *election = page->fold->election;
    put(page, "<ul class=\"files\"><li><a href=\"%c\">cut.json</a></li><li><a href=\"%c\">flow.json</a></li>",
        "cut.json", "flow.json");
    for (uint32_t i = 0; i < election->n_contests; i++) {
        put(page, "<li>%h: <a href=\"%c%h/index.json\">%h/index.json</a></li>", contest_name(page, i), "",
            election->contests[i].id, election->contests[i].id);
    }
    put(page,
        "<li><a href=\"%c\">manifest</a> · <a href=\"%c\">manifest.minisig</a> · <a "
        "href=\"%r\">log/cut.vkey</a></li></ul>\n",
        "manifest", "manifest.minisig", "log/cut.vkey", "log/minisign.pub");
}

void page_downloads(struct page *page)
{
    bool en = page->lang == LANG_EN;
    page_open(page, span_str(say(page, T_DOWNLOADS)), -1);
    put(page, "<section aria-labelledby=\"base\"><h2 id=\"base\">%t</h2>\n", T_PACKAGE);
    PUT_TEXTS(page, package_words);
    if (page->facts->package_ms >= 0) {
        put_package(page);
    } else {
        put(page, "<p>%t</p>\n", T_PACKAGE_NONE);
    }
    put(page, "</section>\n<section aria-labelledby=\"datos\"><h2 id=\"datos\">%s</h2>\n",
        en ? "Data of this update" : "Datos de este corte");
    put_data_files(page);
    put(page,
        "</section>\n<section class=\"words\" aria-labelledby=\"comprobar\"><h2 id=\"comprobar\">%t</h2>\n",
        T_VERIFY);
    PUT_TEXTS(page, verify_words);
    put(page, "</section>\n");
    page_close(page);
}

static const struct text about_words[] = {
    {"<h2>Qué son estas cifras</h2><p>El PREP informa, desde la noche de la elección, lo que dicen las actas "
     "de las casillas conforme "
     "llegan. No cuenta votos y no tiene efectos jurídicos: los resultados definitivos son los de los "
     "cómputos oficiales.</p>",
     "<h2>What these figures are</h2><p>The PREP reports, from election night on, what the tally sheets of "
     "the polling tables say "
     "as they arrive. It counts no votes and has no legal effect: the final results are those of the "
     "official tallies.</p>"},
    {"<h2>El camino de un acta</h2><p>Se <b>acopia</b> (llega, o se fotografía en la casilla), se "
     "<b>digitaliza</b> (su imagen recibe "
     "una huella SHA-256), se <b>captura</b> y se <b>verifica</b> (dos personas, en lugares distintos, "
     "teclean lo mismo), y entra en un "
     "registro público del que nada se borra. Cada <b>corte</b> suma el registro hasta ese momento.</p>",
     "<h2>The way of a sheet</h2><p>It is <b>received</b> (it arrives, or is photographed at the table), "
     "<b>imaged</b> (its image gets a "
     "SHA-256 digest), <b>captured</b> and <b>verified</b> (two persons in different places type the same), "
     "and enters a public "
     "ledger from which nothing is erased. Each <b>update</b> adds up the ledger until that moment.</p>"},
    {"<h2>Esperadas, capturadas, contabilizadas</h2><p><b>Esperadas</b>: todas las del catálogo. "
     "<b>Capturadas</b>: las del catálogo "
     "que ya se registraron, se cuenten o no. <b>Contabilizadas</b>: aquellas cuyos votos suman. Una casilla "
     "sin noticia se muestra "
     "como «sin actas todavía», nunca como cero votos.</p>",
     "<h2>Expected, captured, counted</h2><p><b>Expected</b>: all in the catalogue. <b>Captured</b>: those "
     "of the catalogue on "
     "record, counted or not. <b>Counted</b>: those whose votes add up. A place without news is shown as “no "
     "tally sheets yet”, "
     "never as zero votes.</p>"},
    {"<h2>Qué no se contabiliza</h2><ul><li><b>Excede lista nominal</b>: hay más votos que personas en la "
     "lista más representantes "
     "(en casillas especiales, que boletas). Sus votos se muestran y no suman.</li><li><b>Todos ilegibles o "
     "sin dato</b>.</li>"
     "<li><b>Sin acta</b>: paquete no entregado, casilla no instalada o paquete sin bolsa.</li><li><b>Fuera "
     "de catálogo</b>: no se "
     "puede ligar a una casilla aprobada.</li></ul><p>Un campo ilegible o sin dato suma 0 y el acta se "
     "contabiliza con lo demás.</p>",
     "<h2>What is not counted</h2><ul><li><b>Exceeds the voters’ list</b>: more votes than voters on the "
     "list plus representatives "
     "(special tables: than ballots). Its votes are shown and do not count.</li><li><b>All illegible or "
     "blank</b>.</li>"
     "<li><b>No sheet</b>: package not delivered, table not set up, or package without its "
     "envelope.</li><li><b>Out of "
     "catalogue</b>: it cannot be tied to an approved table.</li></ul><p>An illegible or blank field adds 0 "
     "and the sheet counts "
     "with the rest.</p>"},
    {"<h2>En revisión</h2><p>Un acta cuyos datos no concuerdan con las reglas se aparta a la vista de todos, "
     "no detiene a las demás y "
     "no suma hasta que una persona la libere o se corrija. Una corrección es un asiento nuevo; el anterior "
     "queda.</p>",
     "<h2>Under review</h2><p>A sheet whose data disagree with the rules is set aside in plain sight, does "
     "not hold up the rest, and "
     "does not count until a person releases it or it is corrected. A correction is a new entry; the old one "
     "stays.</p>"},
    {"<h2>Coaliciones y candidaturas comunes</h2><p>Por <b>candidatura</b>: los votos de sus partidos más "
     "los de cada combinación "
     "marcada. Por <b>partido</b>: los votos de una combinación de coalición se reparten en partes iguales y "
     "el resto va al partido "
     "con más votos propios; los de una candidatura común, según los porcentajes de su convenio. El reparto "
     "se hace en cada "
     "distrito y después se suma.</p>",
     "<h2>Coalitions and common candidacies</h2><p>By <b>candidacy</b>: its parties’ votes plus those of "
     "each combination marked. By "
     "<b>party</b>: the votes of a coalition’s combination are shared in equal parts and the rest goes to "
     "the party with most votes "
     "of its own; those of a common candidacy, by the percentages of its agreement. Sharing is done in each "
     "district and then "
     "added up.</p>"},
    {"<h2>Porcentajes y participación</h2><p>Todo porcentaje tiene cuatro decimales y se trunca, nunca se "
     "redondea: por eso pueden no "
     "sumar exactamente 100. La participación divide los votos entre la lista nominal de las actas "
     "contabilizadas; las casillas "
     "especiales no tienen lista y entran hasta el último corte.</p>",
     "<h2>Percentages and turnout</h2><p>Every percentage has four decimals and is truncated, never rounded: "
     "they may not add up to "
     "exactly 100. Turnout divides the votes by the voters’ list of the counted sheets; special tables have "
     "no list and "
     "come in with the last update.</p>"},
    {"<h2>Si este sitio no responde</h2><p>Los difusores oficiales guardan los mismos archivos, firmados. "
     "Cada página dice su corte y su "
     "hora: la más reciente es la buena, venga de donde venga.</p>",
     "<h2>If this site does not answer</h2><p>The official mirrors keep the same signed files. Every page "
     "states its update and its "
     "hour: the newest is the good one, wherever it comes from.</p>"},
    {"<h2>Accesibilidad y privacidad</h2><p>Las páginas están completas sin JavaScript, se recorren con "
     "teclado y lector de pantalla, y "
     "toda gráfica tiene su tabla. Con JavaScript, las cifras se renuevan solas; se puede pausar. No hay "
     "cookies ni rastreo.</p>",
     "<h2>Accessibility and privacy</h2><p>The pages are complete without JavaScript, work by keyboard and "
     "screen reader, and every "
     "chart has its table. With JavaScript the figures renew themselves; this can be paused. No cookies, no "
     "tracking.</p>"},
};

void page_about(struct page *page)
{
    page_open(page, span_str(say(page, T_ABOUT)), -1);
    put(page, "<div class=\"words\">\n");
    PUT_TEXTS(page, about_words);
    put(page, "</div>\n");
    page_close(page);
}
