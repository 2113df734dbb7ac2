/* The answer: one sentence, then what was found where, then what runs. */
#include "zero/zeroing.h"

#include "base/date.h"
#include "wire/text.h"

#include <inttypes.h>

static const struct {
    const char *es, *en;
} place_words[PLACES] = {
    [PLACE_STORE] = {"almacén", "store"},
    [PLACE_LEDGER] = {"registro", "ledger"},
    [PLACE_LOG] = {"bitácora firmada", "signed log"},
    [PLACE_COPY] = {"copia", "copy"},
    [PLACE_IMAGES] = {"imágenes", "images"},
};

static const char *phase(const struct zeroing *zeroing)
{
    return listing_empty(&zeroing->now) ? "before" : zeroing->now.last ? "after" : "during";
}

static void put_sentence(const struct zeroing *zeroing, struct buf *out)
{
    const struct listing *now = &zeroing->now;
    char time[DATE_ISO_LEN + 1];
    if (zeroing->n_wrongs > 0) {
        buf_printf(out, "✗ ALGO NO CUADRA / SOMETHING IS WRONG: %s: %s\n", zeroing->wrongs[0].where,
                   zeroing->wrongs[0].sentence);
    } else if (listing_empty(now)) {
        buf_printf(
            out,
            "✓ En ceros: no hay un solo voto en ninguna parte. / All zeros: not one vote lies anywhere.\n");
    } else {
        date_print_iso(time, zeroing->first.time_ms);
        buf_printf(out,
                   "✓ Empezó en ceros (%s) y nada cambió desde entonces más que los votos: corte %" PRIu64
                   ", %" PRIu64 " actas, %" PRIu64
                   " votos. / It began empty and nothing but the votes has changed.\n",
                   time, now->cut, now->captured, now->votes);
    }
}

static void put_places(const struct zeroing *zeroing, struct buf *out)
{
    for (int i = 0; i < PLACES; i++) {
        const struct listed_place *place = &zeroing->now.places[i];
        buf_printf(out, "  %-10s %-18s ", place_words[i].en, place_words[i].es);
        if (!place->there) {
            buf_str(out, "no hay todavía / not there yet\n");
        } else if (i == PLACE_IMAGES) {
            buf_printf(out, "%" PRIu64 " imágenes de actas / images of actas\n", place->actas);
        } else {
            buf_printf(out, "%" PRIu64 " asientos / entries, %" PRIu64 " con votos / with votes\n",
                       place->entries, place->actas);
        }
    }
    if (zeroing->now.has_cut) {
        buf_printf(out,
                   "  cut        corte              %" PRIu64 ": %" PRIu64 " actas, %" PRIu64 " votos%s\n",
                   zeroing->now.cut, zeroing->now.captured, zeroing->now.votes,
                   zeroing->now.last ? " (último / last)" : "");
    }
    if (zeroing->now.signed_root[0] != '\0') {
        buf_printf(out, "  signer     firmante           %" PRIu64 " asientos firmados / entries signed\n",
                   zeroing->now.signed_size);
    }
}

static void put_runs(const struct zeroing *zeroing, struct buf *out)
{
    const struct listing *now = &zeroing->now;
    buf_printf(out, "  %s · %" PRIu64 " actas esperadas / expected\n", now->origin, now->actas_expected);
    buf_printf(out,
               "  %s definición / definition\n  %s reglas / rules\n  %s raíz del registro / ledger's root\n",
               now->definition, now->rules, now->root);
    for (uint32_t i = 0; i < now->n_files; i++) {
        buf_printf(out, "  %s election/%s\n", now->files[i].sha256, now->files[i].name);
    }
    for (uint32_t i = 0; i < now->n_programs; i++) {
        buf_printf(out, "  %s %s\n", now->programs[i].sha256, now->programs[i].name);
    }
}

void zero_report(const struct zeroing *zeroing, struct buf *out)
{
    char time[DATE_ISO_LEN + 1];
    put_sentence(zeroing, out);
    for (uint32_t i = 0; i < zeroing->n_wrongs; i++) {
        buf_printf(out, "  ✗ %s: %s\n", zeroing->wrongs[i].where, zeroing->wrongs[i].sentence);
    }
    put_places(zeroing, out);
    put_runs(zeroing, out);
    for (uint32_t i = 0; i < zeroing->n_notes; i++) {
        buf_printf(out, "  · %s\n", zeroing->notes[i]);
    }
    if (zeroing->n_earlier > 0) {
        date_print_iso(time, zeroing->first.time_ms);
        buf_printf(out,
                   "  · comparado con %" PRIu32
                   " listas anteriores, la primera de %s / compared with earlier listings\n",
                   zeroing->n_earlier, time);
    }
    buf_printf(out, "  · esta lista queda en / this listing stays in %s\n", zeroing->kept);
}

void zero_report_json(const struct zeroing *zeroing, struct buf *out)
{
    struct json json;
    struct buf listing = {0};
    json_init(&json, out);
    json_open(&json, '{');
    json_key(&json, "verdict");
    json_str(&json, zeroing->n_wrongs > 0 ? "wrong" : listing_empty(&zeroing->now) ? "empty" : "unchanged");
    json_key(&json, "phase");
    json_str(&json, phase(zeroing));
    json_key(&json, "earlier");
    json_u64(&json, zeroing->n_earlier);
    json_key(&json, "wrong");
    json_open(&json, '[');
    for (uint32_t i = 0; i < zeroing->n_wrongs; i++) {
        json_open(&json, '{');
        json_key(&json, "where");
        json_str(&json, zeroing->wrongs[i].where);
        json_key(&json, "sentence");
        json_str(&json, zeroing->wrongs[i].sentence);
        json_close(&json);
    }
    json_close(&json);
    json_key(&json, "kept");
    json_str(&json, zeroing->kept);
    json_key(&json, "listing");
    listing_print(&zeroing->now, &listing);
    json_raw(&json, span_trim(buf_as_span(&listing)));
    json_close(&json);
    buf_char(out, '\n');
    buf_done(&listing);
}
