/* How it was asked: the words of the records, each with what its records stand for. Within a segment by id, then by text, because
 * each segment has a dictionary of its own. */
#include "origin/forms.h"

#include <stdlib.h>
#include <string.h>

static const enum hits_kind KINDS[ORIGIN_FORMS] = {HITS_PROTOCOL, HITS_METHOD, HITS_PATH,
                                                   HITS_REASON,   HITS_HTTP,   HITS_TLS};

static void add_form(struct origin_forms *forms, struct span text, uint64_t weight)
{
    for (uint32_t i = 0; i < forms->n; i++) {
        if (span_is(text, forms->list[i].text)) {
            forms->list[i].about += weight;
            return;
        }
    }
    if (forms->n == ORIGIN_FORM_PLACES || !span_copy(text, forms->list[forms->n].text, HITS_WORD_MAX + 1)) {
        forms->others += weight;
        return;
    }
    forms->list[forms->n++].about = weight;
}

void forms_count(struct forms_tally *tally, const struct hits_view *view)
{
    for (uint32_t i = 0; i < view->n_records; i++) {
        struct hit hit = hits_record_at(view, i);
        for (int k = 0; k < ORIGIN_FORMS; k++) {
            uint16_t id = hit.id[KINDS[k]];
            tally->by_id[k][id < HITS_IDS ? id : 0] += hit.rate;
        }
    }
}

void forms_merge(struct origin_forms all[ORIGIN_FORMS], const struct hits_reader *reader,
                 struct forms_tally *tally)
{
    for (int k = 0; k < ORIGIN_FORMS; k++) {
        for (uint32_t id = 0; id < HITS_IDS; id++) {
            if (tally->by_id[k][id] > 0) {
                add_form(&all[k], hits_name(reader, KINDS[k], (uint16_t)id), tally->by_id[k][id]);
                tally->by_id[k][id] = 0;
            }
        }
    }
}

static int by_weight(const void *a, const void *b)
{
    const struct origin_form *left = a;
    const struct origin_form *right = b;
    if (left->about != right->about) {
        return left->about < right->about ? 1 : -1;
    }
    return strcmp(left->text, right->text);
}

void forms_sort(struct origin_forms all[ORIGIN_FORMS])
{
    for (int k = 0; k < ORIGIN_FORMS; k++) {
        qsort(all[k].list, all[k].n, sizeof all[k].list[0], by_weight);
        for (; all[k].n > ORIGIN_FORM_TOP; all[k].n--) {
            all[k].others += all[k].list[all[k].n - 1].about;
        }
    }
}

const char *forms_name(int form, bool spanish)
{
    static const char *const names[ORIGIN_FORMS][2] = {
        {"protocol", "Protocolo"},   {"method", "Método"},
        {"path", "Clase de página"}, {"reason", "Motivo del fin o de la negativa"},
        {"http", "Huella de HTTP"},  {"tls", "Huella de TLS"}};
    return names[form][spanish ? 1 : 0];
}
