/* A threshold over a slow mean, with two runs of seconds as hysteresis. */
#include "sketch/change.h"

enum { FRACTION = 8 };

uint64_t change_threshold(const struct change *change, const struct change_rule *rule)
{
    uint64_t times = (change->custom >> FRACTION) * rule->times;
    return times > rule->least ? times : rule->least;
}

/* (count - custom) / 2^bits nearer, whichever side it is on. */
static void learn(struct change *change, const struct change_rule *rule, uint64_t count)
{
    uint64_t now = count > UINT64_MAX >> (FRACTION + 1) ? UINT64_MAX >> 1 : count << FRACTION;
    if (now >= change->custom) {
        change->custom += (now - change->custom) >> rule->custom_bits;
    } else {
        change->custom -= (change->custom - now) >> rule->custom_bits;
    }
}

enum change_event change_second(struct change *change, const struct change_rule *rule, uint64_t count)
{
    uint64_t threshold = change_threshold(change, rule);
    if (!change->on) {
        change->above = count >= threshold ? change->above + 1 : 0;
        if (change->above < rule->begin_s) {
            if (change->above == 0) {
                learn(change, rule, count);
            }
            return CHANGE_NONE;
        }
        *change = (struct change){.custom = change->custom, .on = true};
        return CHANGE_BEGAN;
    }
    change->below = count < threshold / 2 ? change->below + 1 : 0;
    if (change->below < rule->end_s) {
        return CHANGE_NONE;
    }
    *change = (struct change){.custom = change->custom};
    return CHANGE_ENDED;
}
