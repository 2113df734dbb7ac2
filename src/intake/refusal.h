/* Why a submission is refused: one row a rule gives the HTTP status, the words and the counter. */
#ifndef INTAKE_REFUSAL_H
#define INTAKE_REFUSAL_H

enum refusal {
    REFUSED_NOT, /* it is not */
    REFUSED_HTTP,
    REFUSED_PATH,
    REFUSED_METHOD,
    REFUSED_LENGTH,
    REFUSED_TYPE,
    REFUSED_MALFORMED,
    REFUSED_ELECTION,
    REFUSED_CONTEST,
    REFUSED_VOTES,
    REFUSED_UNSIGNED,
    REFUSED_FORGED,
    REFUSED_CENTRE,
    REFUSED_SLOW,
    REFUSED_VERSION,
    REFUSED_TOO_BIG,
    REFUSED_NO_IMAGE_FILE, /* not an image */
    REFUSED_IMAGE_DIGEST,
    REFUSED_IMAGE_MISSING,
    REFUSED_IMAGE_UNPROMISED,
    REFUSED_FULL,
    REFUSED_SILENT,
    REFUSED_BUSY,
    REFUSALS
};

struct refusal_text {
    int status;
    const char *rule; /* "not-an-image": answers, and as refused_not_an_image in the status file */
    const char *es;
    const char *en;
};
extern const struct refusal_text refusal_texts[REFUSALS];

#endif
