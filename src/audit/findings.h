/* What an audit can find, one row a rule, and the list of what it did find. */
#ifndef AUDIT_FINDINGS_H
#define AUDIT_FINDINGS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

/* How bad: an error breaks a rule of the publication; a warning is what an auditor would ask about; a note is
 * a fact of the actas themselves, which the rules want published as it is. Only errors make a file wrong. */
enum level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_NOTE };

enum audit_rule {
    /* the file */
    RULE_CUT_OFF,
    RULE_UNEVEN_ROW,
    RULE_NO_IDENTITY,
    RULE_SUMMARY_UNEVEN,
    RULE_DUPLICATE_COLUMN,
    RULE_NO_SUMMARY,
    RULE_NO_ROWS,
    RULE_UNKNOWN_COLUMN,
    RULE_UNKNOWN_FIGURE,
    RULE_COLUMN_NAMES,
    RULE_CUT_TIME,
    /* the header */
    RULE_HEADER,
    RULE_ROUNDED,
    RULE_PERCENT_FORM,
    RULE_SPECIALS_BY_NUMBER,
    RULE_PARTICIPATION_SPECIALS,
    /* keys */
    RULE_STATION_KEY,
    RULE_ACTA_KEY,
    RULE_REPEATED_KEY,
    RULE_STATION_NUMBER,
    RULE_STATION_TYPE,
    RULE_MODE_PLACE,
    /* figures of the rows */
    RULE_CELL,
    RULE_COMPUTED,
    RULE_COUNTED_EMPTY,
    RULE_COUNTED_EXCEEDS,
    RULE_COUNTED_NO_ACTA,
    RULE_NOT_COUNTED,
    RULE_COUNTED_VALUE,
    RULE_OBSERVATION,
    RULE_OBSERVATION_WORDS,
    RULE_NO_ACTA_DATA,
    RULE_SPECIAL_NOMINAL,
    RULE_COPIED_WRITTEN,
    RULE_COPIED_REPS,
    RULE_CONSTANT,
    /* images and times */
    RULE_IMAGE_CODE,
    RULE_IMAGE_MISSING,
    RULE_IMAGE_REPEATED,
    RULE_TIME_FORM,
    RULE_TIME_MISSING,
    RULE_CAPTURED_EARLY,
    RULE_VERIFIED_EARLY,
    RULE_TIME_AFTER_CUT,
    RULE_DOCUMENT,
    /* facts of the actas */
    NOTE_OUT_OF_CATALOGUE,
    NOTE_EXCEEDS,
    NOTE_ALL_EMPTY,
    NOTE_SOME_EMPTY,
    NOTE_NO_ACTA,
    NOTE_WRITTEN,
    NOTE_DRAWN,
    NOTE_VOTERS,
    AUDIT_RULES
};

struct rule_text {
    const char *id;
    enum level level;
    const char *es; /* a sentence for people; what was counted is put before it */
    const char *en;
};
extern const struct rule_text rule_texts[AUDIT_RULES];
/* "error", "aviso", "nota" */
const char *level_name(enum level level);

enum { EXAMPLES_MAX = 5, FACTS_MAX = 6 };

struct example {
    uint64_t row;       /* of the file, from 1; 0: not about a row */
    struct span key;    /* CLAVE_ACTA or what stands for it; figure's or column's name */
    struct span detail; /* "captura 538 min antes", "" when there is nothing to say */
};

/* A figure that goes with a finding: JSON {name: value}. */
struct fact {
    const char *name;
    int64_t value;
};

struct finding {
    uint64_t count;
    unsigned n_examples;
    struct example examples[EXAMPLES_MAX];
    unsigned n_facts;
    struct fact facts[FACTS_MAX];
    struct span es, en; /* said after the rule's sentence, with this file's figures; may be empty */
};

void finding_fact(struct finding *finding, const char *name, int64_t value);

#endif
