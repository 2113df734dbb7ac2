/* How it was asked: protocol, method, class of page, reason, fingerprints. From the records, so of a sample where there is one. */
#ifndef ORIGIN_FORMS_H
#define ORIGIN_FORMS_H

#include "doors/hits.h"

enum { ORIGIN_FORMS = 6, ORIGIN_FORM_PLACES = 256, ORIGIN_FORM_TOP = 8 };

struct origin_form {
    char text[HITS_WORD_MAX + 1]; /* "-": none */
    uint64_t about;               /* requests; exact where every one has its record */
};

struct origin_forms {
    struct origin_form list[ORIGIN_FORM_PLACES];
    uint32_t n;
    uint64_t others; /* that found no place */
};

/* Of one segment, by its ids; all zero at first, and again after each merge. */
struct forms_tally {
    uint64_t by_id[ORIGIN_FORMS][HITS_IDS];
};

void forms_count(struct forms_tally *tally, const struct hits_view *view);
void forms_merge(struct origin_forms all[ORIGIN_FORMS], const struct hits_reader *reader,
                 struct forms_tally *tally);
/* Most first, and no more than ORIGIN_FORM_TOP of each: the rest are others. */
void forms_sort(struct origin_forms all[ORIGIN_FORMS]);
const char *forms_name(int form, bool spanish);

#endif
