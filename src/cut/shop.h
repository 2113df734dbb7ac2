/* The workshop of the role `cut`: the fold in memory, what is published, what is being made. One cut after
 * the other; every step either completes or leaves the last cut up. */
#ifndef CUT_SHOP_H
#define CUT_SHOP_H

#include "cut/cut.h"
#include "cut/images.h"
#include "cut/keep.h"
#include "cut/schedule.h"
#include "cut/tree.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/proc.h"
#include "tlog/ledger.h"

enum { SHOP_PATH_MAX = 256 };

struct shop {
    const struct cut_options *options;
    char public_dir[SHOP_PATH_MAX], ledger_dir[SHOP_PATH_MAX];
    char intake_sock[SHOP_PATH_MAX];
    int signer;
    struct buf vkey, minisign; /* of the key that the sign role holds */
    struct clock *clock;       /* NULL: the system's */
    struct election election;
    struct schedule schedule;
    struct ledger_reader *reader; /* NULL: the ledger is not there yet */
    struct fold *fold;            /* of all entries read so far */
    uint64_t written; /* the ledger's size after the newest entry of our own, as the sequencer said */
    struct chunk_plan *plan;
    struct roots *roots;
    struct pressroom room;
    struct shelf shelf;
    struct tree tree;
    struct keep keep;
    void (*during)(void *arg); /* called while a long piece of work goes on; NULL */
    void *during_arg;
    struct images images;
    struct buf broken;       /* why the ledger cannot be followed; empty: it can */
    int64_t broken_until_ms; /* monotonic: then it is read anew */
    bool learned;         /* what lies in the published tree is known, and the remains of a crash are gone */
    int64_t published;    /* number of the newest cut in place, -1: none */
    bool published_last;  /* it is the declared last */
    int64_t published_ms; /* its time */
    int64_t next_ms;      /* as it says */
    uint64_t log_size;    /* as it covers */
    int64_t given_up;     /* a cut whose entry this program cannot rebuild; -1 */

    int64_t package;     /* number of the newest package in place, -1: none */
    int64_t package_ms;  /* its cut's time */
    bool package_failed; /* the last try */
    bool package_wanted; /* the next cut makes one */
    struct child packer; /* builds one in the background */
    int64_t packing, packing_ms, packing_since_ms;

    struct buf alarm; /* one sentence of what is wrong, empty: nothing */
    int64_t shown_ms,
        shown_cpu_ms;  /* when the newest cut's pointer was in place, by the clock that only counts */
    bool without_copy; /* the newest cut was shown before the copy had it */
    uint64_t build_ms, cpu_ms, sync_ms, copy_ms,
        package_took_ms; /* of the newest cut, until it was shown, and package */
    uint32_t chunks_rendered;
};

MUST_CHECK enum err shop_open(struct shop *shop, const struct cut_options *options, int signer,
                              struct why *why);
void shop_close(struct shop *shop);

/* Reads new entries; finishes a cut whose entry is in the ledger and that is not in place (after a crash).
 * ERR_AGAIN: there is no ledger yet, or it does not yet hold the definition. */
MUST_CHECK enum err shop_follow(struct shop *shop, struct why *why);
/* Makes the cut of that moment (before the opening: the zero cut) and publishes it. */
MUST_CHECK enum err shop_cut(struct shop *shop, int64_t time_ms, struct why *why);

/* Another fold was or will be rendered: nothing that is kept from cut to cut is known to be right. */
void shop_forget(struct shop *shop);

/* shop_follow.c */
/* A ledger that contradicts itself is not passed over: nothing more is published from it, the last cut stays up, and now and
 * then it is read anew. */
MUST_CHECK enum err shop_read_entries(struct shop *shop, struct why *why);
/* shop.c: retention by the options. */
void shop_keep_open(struct shop *shop);

/* shop_publish.c */
/* A fold of the entries [0, size), size not past the ledger's end. With `until_acta` it ends before the first
 * acta. */
MUST_CHECK enum err shop_fold(struct shop *shop, uint64_t size, bool until_acta, struct fold **out,
                              struct why *why);
MUST_CHECK enum err shop_recover(struct shop *shop, struct why *why);
/* Makes the files of a cut and of the package it names from its entry and the fold of what it covers, up to the manifest's text
 * and the roots; nothing is put in place. */
MUST_CHECK enum err shop_remake(struct shop *shop, const struct fold *fold, const struct entry_cut *cut,
                                struct why *why);
/* Reads the ledger up to that size into the fold, and nothing of the published tree. */
MUST_CHECK enum err shop_read(struct shop *shop, uint64_t size, struct why *why);
/* Of the cut that is being made. */
const struct manifest *shop_manifest(const struct shop *shop);
/* The facts of a cut as its entry states them. */
struct cut_facts facts_of(const struct entry_cut *cut);
/* Puts the package that the cut is the first to name on its list; makes the last cut's own. */
MUST_CHECK enum err shop_list_package(struct shop *shop, struct why *why);
/* Signs and puts in place the tree that was built; `entry` is the index of the cut's. */
MUST_CHECK enum err shop_publish(struct shop *shop, uint64_t entry, struct why *why);

/* shop_key.c */
/* The sign role holds the newest key that the ledger binds to the cuts; if not, it is told to read its file again. ERR_REFUSED:
 * that one holds another key. */
MUST_CHECK enum err shop_key(struct shop *shop, struct why *why);
/* "log/cut.vkey" and "log/minisign.pub": of the key that signs the cut that is being put in place. */
MUST_CHECK enum err shop_key_show(const struct shop *shop, struct why *why);

/* shop_package.c */
/* Is a package due with the cut of that moment? */
bool package_due(const struct shop *shop, int64_t time_ms, bool last);
/* Starts building the package of the cut just published, in a child of its own. */
MUST_CHECK enum err package_start(struct shop *shop, struct why *why);
/* Takes the child's result; with `wait` until it ends. */
void package_collect(struct shop *shop, bool wait);
/* Takes away the finished package that no cut has named: the last cut names its own, and nothing stays that no manifest lists. */
MUST_CHECK enum err package_drop_unnamed(struct shop *shop, struct why *why);

/* shop_append.c: entries of our own, through the sequencer. */
MUST_CHECK enum err append_entry(struct shop *shop, const struct entry *entry, uint64_t *index,
                                 struct why *why);
MUST_CHECK enum err append_cut_entry(struct shop *shop, uint64_t *index, struct why *why);
/* Sets a record aside, or releases it. */
MUST_CHECK enum err append_review(struct shop *shop, const char *key, const struct record *record, bool hold,
                                  struct span reason, uint64_t *index, struct why *why);

/* shop_copy.c */
/* Waits until the copy has the entry of the cut that is being made, for as long as a cut may wait. */
void shop_wait_for_copy(struct shop *shop, uint64_t entry);

/* From now on `call` is called now and then, from wherever a cut takes long. NULL: nobody. */
void shop_during(struct shop *shop, void (*call)(void *arg), void *arg);
void shop_goes_on(const struct shop *shop);
/* A step of a cut is behind us: said to who watches. For tests: ends the process there. */
void step_done(const struct shop *shop, const char *step);

#endif
