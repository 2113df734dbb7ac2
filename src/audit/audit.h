/* Auditing a published PREP database: every header figure recomputed from the rows, every acta judged by the
 * official rules, every disagreement named. Pure: bytes in, a report out; nothing depends on a file's name,
 * year or size.
 *
 * Each header figure is given twice where it differs: `computed` from the rows as they are published (their
 * own CONTABILIZADA, OBSERVACIONES, LISTA_NOMINAL), and `by_rule` as the rules would have it. */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include "audit/findings.h"
#include "base/arena.h"
#include "prepdb/dialect.h"
#include "tally/count.h"

enum { SUMMARY_MAX = 64, DATABASES_MAX = 64 };

struct value {
    bool known;
    bool percent;
    uint64_t number; /* percent: ten-thousandths */
};

struct summary_figure {
    struct span name;   /* as the file spells it */
    enum figure figure; /* FIG_UNKNOWN: listed, not judged */
    struct span text;   /* as declared */
    struct value declared, computed, by_rule;
    bool ok;
    bool alternative; /* agrees only by the formula of the last cut, or of another year's LEEME */
};

/* Everything found out about one database. Texts are valid UTF-8 without control characters and live in the
 * arena. */
struct database {
    struct span path; /* inside the archive, "" for a plain file */
    struct dialect dialect;
    struct span title, cut;
    uint64_t rows;
    uint64_t special_rows, special_counted;
    uint64_t nominal_special; /* lista nominal that special stations should not have, of counted actas */
    uint64_t nominal_captured;
    struct summary_figure summary[SUMMARY_MAX];
    unsigned n_summary;
    struct span column_names[COLUMNS_MAX]; /* vote columns, in the file's order */
    unsigned n_columns;
    struct count published; /* by the rows' own flags; nominal_counted includes nominal_special */
    struct count ruled;     /* by the rules */
    struct finding findings[AUDIT_RULES];
};

struct audit_options {
    bool last_cut;      /* participation must include special stations */
    size_t halves_from; /* files of so many bytes are read by two threads; 0: the usual */
    /* For tests: whoever is quicker and wherever memory lies, the same is done. One thread reads the second half, then the first, and
     * texts are hashed with a key that does not change. */
    bool same_each_time;
};

struct audit {
    struct arena arena;
    struct database *databases[DATABASES_MAX];
    unsigned n_databases;
};

/* A CSV file, or an archive with one or more of them (other files in it are passed over). ERR_MISSING: none
 * is a PREP database. Call audit_done in any case. */
MUST_CHECK enum err audit_check(struct audit *audit, struct span file, const struct audit_options *options,
                                struct why *why);
void audit_done(struct audit *audit);

/* True when no finding is an error. */
bool database_ok(const struct database *database);
bool audit_ok(const struct audit *audit);

void audit_print_json(const struct audit *audit, const char *file, struct buf *out);
/* For people: Spanish unless `english`; `color` uses the terminal's. */
struct print_options {
    bool english;
    bool color;
};
void audit_print_text(const struct audit *audit, const char *file, struct print_options options,
                      struct buf *out);

#endif
