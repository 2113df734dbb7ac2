/* A script: everything that will be sent in a night, in order of time, whoever made it up: the synthetic city
 * or a published database. What a script says must be what the last cut publishes; script_expect says what
 * that is, counted here from the records, without a look at the ledger or at the code that counts it. */
#ifndef CITY_SCRIPT_H
#define CITY_SCRIPT_H

#include "base/buf.h"
#include "city/city.h"
#include "city/dice.h"
#include "tally/election.h"
#include "tally/sheet.h"

#include <stdint.h>

#define SCRIPT_NONE UINT32_MAX

/* One submission. */
struct record {
    char acta[ACTA_KEY_MAX + 1]; /* CLAVE_ACTA as read; "" when it could not be */
    uint8_t contest;
    uint16_t signer;
    uint32_t version;
    const char *reason; /* of a correction, NULL for version 1 */
    int64_t due_ms;     /* when it is sent: after it was verified */
    uint32_t before;    /* the record of the version before: must be acknowledged first; or SCRIPT_NONE */
    bool pictured;      /* an image goes with it */
    uint32_t drawn; /* the record whose sheet the image shows: its own, a later version's, another acta's */
    struct sheet sheet; /* without image */
};

struct script {
    const struct election *election; /* borrowed */
    uint64_t seed;
    struct record *records; /* by due_ms */
    uint32_t n;
};

/* The synthetic night of a city that city_make made from the same plan; `images_ppm` of the actas carry an
 * image. */
void script_make(const struct city_plan *plan, const struct election *election, uint32_t images_ppm,
                 struct script *out);
void script_done(struct script *script);
/* For makers of scripts: sorts by due_ms; `before` and `drawn` keep meaning the same records. */
void script_sort(struct script *script);

/* The image of a record, appended; nothing when it is not pictured. */
void script_picture(const struct script *script, const struct record *record, struct buf *out);

/* What the night must end with, by contest. */
struct expectation {
    uint64_t expected, captured, counted, not_counted, out_of_catalogue, no_acta, inconsistent;
    uint64_t nominal, votes, votes_special;
    uint64_t columns[COLUMNS_MAX];
};
void script_expect(const struct script *script, struct expectation by_contest[CONTESTS_MAX]);
/* As JSON: {"format":1,"records":n,"contests":{"jg":{"expected":...,"columns":{"ALBA":...}}}} */
void script_expect_print(const struct script *script, struct buf *out);

/* Parts of script_make; private to the module. */

/* Lays out what a table's acta says when nothing is wrong with it. */
void votes_fill(const struct city_plan *plan, const struct election *election, uint32_t index,
                struct sheet *out);

/* What is wrong with an acta, if anything. */
enum fault {
    FAULT_NONE,
    FAULT_PARTIAL, /* a field illegible or empty */
    FAULT_EXCEEDS, /* more votes than voters */
    FAULT_EMPTY,   /* all fields illegible or empty */
    FAULT_NO_ACTA,
    FAULT_WRITTEN,   /* the written total is not the sum */
    FAULT_VOTERS,    /* persons, representatives and ballots do not agree */
    FAULT_CORRECTED, /* typed wrong first, corrected later */
    FAULT_REPEATED,  /* carries the image of another acta */
    FAULT_EARLY,     /* captured before its acopio, by a wrong clock */
    FAULTS
};
/* How many of `captured` actas have a fault: the shares of a real drill. */
uint32_t fault_count(enum fault fault, uint32_t captured);
/* Spoils a right sheet. */
void fault_apply(enum fault fault, const struct election *election, const struct acta *acta,
                 struct dice *dice, struct sheet *sheet);

/* When the k-th of n captured actas is verified, in milliseconds after the opening: the curve of a federal
 * night. */
int64_t arrivals_curve_ms(uint64_t k, uint64_t n);
/* Sets origin, means, document, transport and the three times of a sheet that is verified at `verified_ms`.
 */
void arrivals_stamp(const struct city_plan *plan, const struct station *station, struct dice *dice,
                    int64_t verified_ms, struct sheet *sheet);
/* How many of n expected actas are captured at the end. */
uint32_t arrivals_captured(uint32_t n);

#endif
