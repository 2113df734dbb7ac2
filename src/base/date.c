/* Days from civil and back after Howard Hinnant's public-domain algorithms; no zone tables, no locale. */
#include "base/date.h"

#include <stdio.h>

static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

struct date date_at(int64_t ms, int offset_min)
{
    int64_t seconds = floor_div(ms, 1000) + (int64_t)offset_min * 60;
    int64_t days = floor_div(seconds, 86400);
    int64_t second_of_day = seconds - days * 86400;
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    int month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    return (struct date){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = month,
        .day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1),
        .hour = (int)(second_of_day / 3600),
        .minute = (int)(second_of_day / 60 % 60),
        .second = (int)(second_of_day % 60),
    };
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool in(int value, int low, int high)
{
    return value >= low && value <= high;
}

enum err date_to_ms(struct date date, int offset_min, int64_t *ms)
{
    if (!in(date.year, 1970, 9999) || !in(date.month, 1, 12) ||
        !in(date.day, 1, days_in_month(date.year, date.month)) || !in(date.hour, 0, 23) ||
        !in(date.minute, 0, 59) || !in(date.second, 0, 59)) {
        return ERR_RANGE;
    }
    int64_t days = days_from_civil(date.year, date.month, date.day);
    int64_t seconds = days * 86400 + date.hour * 3600 + date.minute * 60 + date.second;
    *ms = (seconds - (int64_t)offset_min * 60) * 1000;
    return OK;
}

void date_print_iso(char out[DATE_ISO_LEN + 1], int64_t ms)
{
    struct date d = date_at(ms, 0);
    char text[96]; /* room for any int: the compiler cannot know the year has four digits */
    int n = snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", d.year, d.month, d.day, d.hour,
                     d.minute, d.second);
    memcpy(out, text, DATE_ISO_LEN);
    out[DATE_ISO_LEN] = '\0';
    (void)n;
}

static int two_digits(const char *at, bool *digits)
{
    unsigned tens = (unsigned)(unsigned char)at[0] - '0';
    unsigned ones = (unsigned)(unsigned char)at[1] - '0';
    *digits = *digits && tens <= 9 && ones <= 9;
    return (int)(tens * 10 + ones);
}

enum err date_parse_iso(struct span text, int64_t *ms)
{
    const char *at = text.at;
    if (text.len != DATE_ISO_LEN || at[4] != '-' || at[7] != '-' || at[10] != 'T' || at[13] != ':' ||
        at[16] != ':' || at[19] != 'Z') {
        return ERR_SYNTAX;
    }
    bool digits = true;
    int century = two_digits(at, &digits);
    int year = two_digits(at + 2, &digits);
    struct date date = {century * 100 + year,         two_digits(at + 5, &digits),
                        two_digits(at + 8, &digits),  two_digits(at + 11, &digits),
                        two_digits(at + 14, &digits), two_digits(at + 17, &digits)};
    return digits ? date_to_ms(date, 0, ms) : ERR_SYNTAX;
}
