/* When actas come. The curve is that of the federal PREP of 2018 (share of actas captured by hour of the
 * night), which took 25 hours; its last two hours are drawn together so that a night of 24 hours ends where
 * that one did. */
#include "city/script.h"

#include "city/dice.h"

struct point {
    int16_t minutes; /* after the opening, 20:00 */
    int16_t share;   /* of the expected actas, hundredths of a percent */
};

static const struct point curve[] = {
    {12, 0},      {64, 34},     {116, 98},    {170, 215},   {200, 520},   {247, 1060},
    {293, 1738},  {353, 2461},  {368, 2610},  {408, 2927},  {472, 3459},  {532, 3876},
    {592, 4274},  {648, 4607},  {706, 4924},  {765, 5237},  {827, 5587},  {884, 5939},
    {944, 6307},  {1003, 6625}, {1069, 6991}, {1127, 7181}, {1186, 7446}, {1246, 7681},
    {1303, 7980}, {1360, 8560}, {1405, 9110}, {1430, 9380}, {1436, 9420},
};
enum { POINTS = sizeof curve / sizeof curve[0], FINAL = 9420 };

uint32_t arrivals_captured(uint32_t n)
{
    return (uint32_t)((uint64_t)n * FINAL / 10000);
}

int64_t arrivals_curve_ms(uint64_t k, uint64_t n)
{
    /* In millionths of the expected actas. */
    uint64_t share = n == 0 ? 0 : k * FINAL * 100 / n;
    int at = 0;
    while (at + 2 < POINTS && (uint64_t)curve[at + 1].share * 100 <= share) {
        at++;
    }
    int64_t from = (int64_t)curve[at].minutes * 60000, upto = (int64_t)curve[at + 1].minutes * 60000;
    int64_t low = curve[at].share * 100, high = curve[at + 1].share * 100;
    return from + (upto - from) * ((int64_t)share - low) / (high - low);
}

/* Seconds from acopio to capture and from capture to verification, as a real drill measured them: medians of
 * 11 and 5.8 minutes, one in twenty above 165 and 92. */
static const struct dice_row to_capture[] = {{0, 60},     {250, 360},  {500, 660},   {750, 1600},
                                             {900, 5200}, {950, 9900}, {1000, 24000}};
static const struct dice_row to_verification[] = {{0, 30},     {250, 170},  {500, 348},   {750, 900},
                                                  {900, 3200}, {950, 5520}, {1000, 14000}};

static uint8_t document_of(const struct station *station, struct dice *dice)
{
    uint32_t which = dice_below(dice, 1000);
    switch (station->type) {
    case 'M':
        return DOCUMENT_VRME;
    case 'A':
        return DOCUMENT_VA;
    case 'P':
        return DOCUMENT_VPPP;
    case 'U':
        return DOCUMENT_UE;
    default:
        return which < 972   ? DOCUMENT_PREP
               : which < 985 ? DOCUMENT_RPP
               : which < 996 ? DOCUMENT_CC
                             : DOCUMENT_PPC;
    }
}

static char transport_of(const struct station *station, struct dice *dice)
{
    uint32_t which = dice_below(dice, 100);
    if (station_is_mode(station)) {
        return 0;
    }
    return which < 58 ? 'F' : which < 70 ? 'D' : which < 75 ? 'I' : 0;
}

void arrivals_stamp(const struct city_plan *plan, const struct station *station, struct dice *dice,
                    int64_t verified_ms, struct sheet *sheet)
{
    sheet->transport = transport_of(station, dice);
    if (sheet->no_acta != NO_ACTA_NONE) {
        sheet->transport = 0;
        sheet->received_ms = sheet->captured_ms = sheet->verified_ms = -1;
        return;
    }
    int64_t typed = (int64_t)dice_quantile(dice, to_capture) * 1000;
    int64_t checked = (int64_t)dice_quantile(dice, to_verification) * 1000;
    /* Tables close at 18:00 and the first acta comes some 40 minutes later: early in the night all goes
     * faster. */
    int64_t room = verified_ms - (plan->opening_ms - 80 * 60000);
    if (typed + checked > room) {
        checked = room * checked / (typed + checked);
        typed = room - checked;
    }
    bool photo = dice_chance(dice, 33000) && !station_is_mode(station);
    sheet->origin = photo ? ORIGIN_CASILLA : ORIGIN_CATD;
    sheet->means = photo || dice_chance(dice, 20000) ? MEANS_MOBILE : MEANS_SCANNER;
    sheet->document = document_of(station, dice);
    sheet->verified_ms = verified_ms / 1000 * 1000;
    sheet->captured_ms = (verified_ms - checked) / 1000 * 1000;
    sheet->received_ms = (verified_ms - checked - typed) / 1000 * 1000;
    if (photo && dice_chance(dice, 120000)) {
        /* Photographed at the table, captured, then digitised again at the centre: its acopio is the later
         * one. */
        int64_t again = sheet->captured_ms + dice_between(dice, 1, 90) * 1000;
        sheet->received_ms = again < sheet->verified_ms ? again : sheet->verified_ms;
    }
}
