/* Invented people: common given names and surnames, put together by chance. */
#ifndef CITY_PEOPLE_H
#define CITY_PEOPLE_H

#include "base/arena.h"
#include "city/dice.h"

/* "MARÍA ELENA TORRES VEGA", UTF-8, in the arena. */
struct span people_name(struct dice *dice, struct arena *arena);

#endif
