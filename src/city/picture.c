/* The image of a record: the form of its acta, filled in as its sheet says. */
#include "city/script.h"

#include "base/map.h"
#include "image/image.h"

#include <stdio.h>

static struct image_box box_of(struct span label, struct cell cell)
{
    static const uint8_t marks[] = {[CELL_NUMBER] = IMAGE_NUMBER,
                                    [CELL_ILLEGIBLE] = IMAGE_SCRIBBLE,
                                    [CELL_BLANK] = IMAGE_EMPTY,
                                    [CELL_NO_ACTA] = IMAGE_EMPTY,
                                    [CELL_NA] = IMAGE_STRUCK};
    return (struct image_box){label, cell.value, marks[cell.state]};
}

struct captions {
    char title[120];
    char lines[IMAGE_LINES][64];
};

static const struct area *area_at(const struct election *election, uint16_t index)
{
    return index == AREA_NONE ? NULL : &election->areas[index];
}

static void write_captions(const struct election *election, const struct record *record, struct captions *out)
{
    struct span name = election->contests[record->contest].name;
    snprintf(out->title, sizeof out->title, "ACTA DE CASILLA - %.*s", (int)(name.len < 60 ? name.len : 60),
             name.at);
    snprintf(out->lines[0], sizeof out->lines[0], "ENTIDAD %02u %.*s", election->entity,
             SPAN_ARG(election->entity_name));
    uint32_t index = election_acta(election, span_str(record->acta));
    if (index == UINT32_MAX) {
        snprintf(out->lines[1], sizeof out->lines[1], "CLAVE %s", record->acta);
        return;
    }
    const struct station *station = &election->stations[election->actas[index].station];
    const struct area *district = area_at(election, station->district),
                      *borough = area_at(election, station->borough);
    snprintf(out->lines[1], sizeof out->lines[1], "DEMARCACION %.*s", borough ? (int)borough->name.len : 3,
             borough ? borough->name.at : "N/A");
    snprintf(out->lines[2], sizeof out->lines[2], "%.*s   SECCION %04u",
             district ? (int)district->name.len : 12, district ? district->name.at : "DISTRITO N/A",
             station->section);
    snprintf(out->lines[3], sizeof out->lines[3], "CASILLA %c%02u %02u   LISTA NOMINAL %u", station->type,
             station->number, station->extension, station->nominal);
    snprintf(out->lines[4], sizeof out->lines[4], "CLAVE %s", record->acta);
}

void script_picture(const struct script *script, const struct record *record, struct buf *out)
{
    static const char *const field_labels[SHEET_FIELDS] = {
        "BOLETAS SOBRANTES", "PERSONAS QUE VOTARON", "REPRESENTANTES", "VOTOS SACADOS", "TOTAL ASENTADO"};
    if (!record->pictured) {
        return;
    }
    const struct record *drawn = &script->records[record->drawn];
    const struct contest *contest = &script->election->contests[drawn->contest];
    struct image_acta acta = {.drill = script->election->drill};
    struct captions captions = {0};
    write_captions(script->election, drawn, &captions);
    acta.title = span_str(captions.title);
    for (int i = 0; i < IMAGE_LINES; i++) {
        acta.lines[i] = span_str(captions.lines[i]);
    }
    for (int i = 0; i < SHEET_FIELDS; i++) {
        acta.fields[i] = box_of(span_str(field_labels[i]), drawn->sheet.fields[i]);
    }
    for (unsigned i = 0; i < drawn->sheet.n_votes && i < IMAGE_ROWS_MAX; i++) {
        acta.votes[acta.n_votes++] = box_of(contest->columns[i].code, drawn->sheet.votes[i]);
    }
    image_draw(&acta, siphash(script->seed, record->drawn, drawn->acta, strlen(drawn->acta)), out);
}
