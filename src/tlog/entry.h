/* Ledger entries: canonical ASCII, one spelling for one meaning (docs/formats/ledger.md).
 *
 * An entry is lines "name value\n" in a fixed order, the first one its type ("prep-acta/v1"); at most 65,535
 * bytes. Numbers are decimal without leading zeros, moments "2024-06-03T02:01:02Z", digests lower-case hex,
 * nothing is "-". Parsing refuses every other spelling, so print(parse(x)) == x for every x that parses. */
#ifndef TLOG_ENTRY_H
#define TLOG_ENTRY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "tally/count.h"
#include "tally/election.h"
#include "tally/sheet.h"

enum { ENTRY_MAX = 65535, NOTICE_MAX = 2000, REASON_MAX = 200 };

#define ENTRY_NONE UINT64_MAX /* no index: "-" */

enum entry_type {
    ENTRY_OPEN,     /* prep-open/v1: election, definition's digest, programs and rules, "en ceros" */
    ENTRY_FILE,     /* prep-file/v1: a piece of one of the definition's files */
    ENTRY_ACTA,     /* prep-acta/v1: a version of an acta's record */
    ENTRY_REVIEW,   /* prep-review/v1: a record set aside, or released by a person */
    ENTRY_CUT,      /* prep-cut/v1: what a cut covers and its figures */
    ENTRY_NOTICE,   /* prep-notice/v1: words to the public */
    ENTRY_CLOSE,    /* prep-close/v1: the next cut is the last */
    ENTRY_KEY,      /* prep-key/v1: a key and what it signs */
    ENTRY_POLICY,   /* prep-policy/v1: a version of the policy, whole, with the signatures of the root keys */
    ENTRY_EVIDENCE, /* prep-evidence/v1: the hash of a file that is kept elsewhere */
    ENTRY_TYPES
};

/* prep-open/v1, index 0. */
struct entry_open {
    struct span election; /* election.id */
    struct span origin;   /* "prep.example.mx/2027" (drills: its own) */
    bool drill;
    int64_t time_ms;
    uint8_t definition[32]; /* election.digest */
    uint8_t rules[32];      /* SHA-256 of the rules' identity, rules_digest() */
    uint8_t programs[32];   /* SHA-256 over the list of programs and their SHA-256 */
    uint32_t n_files;       /* files of the definition that follow as ENTRY_FILE */
};

/* prep-file/v1: bytes [offset, offset+len) of a file, in order. `bytes` is decoded. */
struct entry_file {
    struct span name; /* "election.ini" */
    uint64_t size;    /* of the whole file */
    uint64_t offset;
    struct span bytes; /* at most FILE_PIECE, borrowed from `scratch` when parsed */
};
enum { FILE_PIECE = 45000 };

/* prep-acta/v1. */
struct entry_acta {
    char key[ACTA_KEY_MAX + 1]; /* CLAVE_ACTA; out of catalogue: "FC-" + 16 hex of the submission's SHA-256 */
    struct span stated;         /* out of catalogue: the key as written on it ([0-9A-Z]{0,20}); else empty */
    struct span contest;        /* contest.id */
    uint32_t version;           /* 1, 2, ... */
    uint64_t previous;          /* index of the version before, ENTRY_NONE for 1 */
    struct span centre;         /* who sent it: the signing key's name */
    struct span reason;         /* why it was corrected (version > 1), "[a-z0-9-]{1,40}" */
    struct sheet sheet;
    struct judgement judgement; /* as judged at intake; whoever reads judges again and compares */
    uint32_t findings;          /* bits by enum finding_rule */
};

/* prep-review/v1. */
struct entry_review {
    char key[ACTA_KEY_MAX + 1];
    uint64_t entry; /* index of the acta entry it speaks of */
    bool hold;      /* true: set aside; false: released */
    int64_t time_ms;
    struct span reason; /* "[a-z0-9-]{1,40}" */
};

/* prep-cut/v1. The roots are docs/formats/roots.md's. One figures line a contest. */
struct entry_cut_figures {
    struct span contest;
    uint64_t expected, captured, counted, votes;
};
struct entry_cut {
    uint32_t number; /* 1, 2, ... ; 0 is the zero cut before opening */
    int64_t time_ms;
    int64_t next_ms;    /* when the next one is due; -1 after the last */
    int64_t package_ms; /* hour of the newest package, -1 before the first */
    uint32_t package;   /* number of the cut whose package that is; 0 with package_ms -1 for none */
    uint64_t log_size;  /* covers entries [0, log_size) */
    uint64_t previous;  /* index of the previous cut's entry */
    bool last;
    uint8_t manifest[32]; /* SHA-256 of the manifest's text (unsigned part) */
    uint8_t state_root[32], totals_root[32], files_root[32];
    uint32_t n_figures;
    struct entry_cut_figures figures[CONTESTS_MAX];
};

/* prep-notice/v1: UTF-8 is base64 in the entry; here it is decoded. */
struct entry_notice {
    int64_t time_ms;
    struct span text; /* at most NOTICE_MAX bytes */
};

/* prep-close/v1. */
struct entry_close {
    int64_t time_ms;
    struct span reason; /* "[a-z0-9-]{1,40}" */
};

/* prep-key/v1. */
enum key_role { KEY_LOG, KEY_CUT, KEY_DIFUSOR, KEY_WITNESS, KEY_ROLES };
extern const char *const key_role_words[KEY_ROLES + 1]; /* as written; NULL ends them */
struct entry_key {
    uint8_t role;     /* enum key_role */
    struct span vkey; /* Ed25519; a witness's is of the cosignature's type */
    int64_t time_ms;
    uint64_t
        replaces; /* index of the prep-key/v1 of the same role that ends here, ENTRY_NONE for a first one */
};

/* prep-policy/v1: docs/formats/policy.md. The note is base64 in the entry; here it is decoded. */
enum { POLICY_NOTE_MAX = 45000 };
struct entry_policy {
    uint32_t version; /* from 1 */
    uint8_t sha256[32];
    struct span note; /* what the digest is of */
};

/* prep-evidence/v1. */
enum { EVIDENCE_TEXT_MAX = 400 };
struct entry_evidence {
    int64_t time_ms;
    struct span kind; /* "[a-z0-9-]{1,40}": "incident-report", "sealed-manifest" */
    uint8_t sha256[32];
    uint64_t bytes;   /* of the file, at least 1 */
    struct span text; /* UTF-8, one line of words for people, at most EVIDENCE_TEXT_MAX; may be empty */
};

struct entry {
    enum entry_type type;
    union {
        struct entry_open open;
        struct entry_file file;
        struct entry_acta acta;
        struct entry_review review;
        struct entry_cut cut;
        struct entry_notice notice;
        struct entry_close close;
        struct entry_key key;
        struct entry_policy policy;
        struct entry_evidence evidence;
    } as;
};

/* Appends the entry's bytes. The caller's values must be in range (asserted). */
void entry_print(const struct entry *entry, struct buf *out);
/* Spans borrow from `bytes`, decoded texts from `scratch`. ERR_SYNTAX, ERR_RANGE, ERR_TOO_BIG with a
 * sentence. */
MUST_CHECK enum err entry_parse(struct span bytes, struct entry *out, struct buf *scratch, struct why *why);

/* Only the first version of an acta that is there, as nearly all entries are: the same in one walk, with no sentence. False: it is
 * another entry, or none. What of `out` the entry does not say is not written: votes past n_votes. */
bool entry_acta_first(struct span bytes, struct entry_acta *out);

/* SHA-256 over the id of the rules this program counts by (a line a rule, docs/formats/ledger.md). */
void rules_digest(uint8_t out[32]);

#endif
