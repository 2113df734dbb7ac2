/* What the intake's roles say to each other over stream pairs: frames of a head and some bytes. Both ends are
 * one program, so a frame that is not as it should be ends the role that reads it. */
#ifndef INTAKE_FRAME_H
#define INTAKE_FRAME_H

#include "base/buf.h"
#include "base/err.h"
#include "formats/submission.h"
#include "intake/refusal.h"
#include "os/loop.h"

enum frame_kind {
    FRAME_SUBMIT, /* gate -> store: a body as it came; tag: the connection */
    FRAME_ANSWER, /* store -> gate: struct frame_answer; tag: the connection */
    FRAME_COUNTS, /* gate -> store: struct frame_counts, about once a second */
    FRAME_EVENT,  /* store -> copy: struct frame_event, entry, note; tag: the index */
    FRAME_GO,     /* store -> copy: end of a group; tag: the index after it */
    FRAME_BYE,    /* gate -> store, store -> copy: an orderly end, nothing more will come */
    FRAME_HAVE,   /* copy -> store: tag events are on disk there; SHA-256 of the last one's entry */
    FRAME_KINDS
};

enum { FRAME_BYTES_MAX = SUBMISSION_NOTE_MAX + SUBMISSION_IMAGE_MAX, FRAME_BATCH_BYTES = 32 << 20 };

struct frame {
    enum frame_kind kind;
    uint64_t tag;
    struct span bytes; /* borrowed until the next feed */
};

struct frame_answer {
    enum refusal refusal; /* REFUSED_NOT: stored */
    bool repeated;        /* it was stored before */
    uint64_t entry;
    uint32_t version; /* of the record; REFUSED_VERSION: the version there is now */
    uint32_t findings;
    char key[24];
};

struct frame_counts {
    uint64_t refused[REFUSALS];
    uint64_t connections; /* open now */
    uint64_t requests;
};

struct frame_event {
    uint32_t entry_len, note_len;
};

/* One end of a pair. */
struct link {
    struct loop *loop;
    int fd;
    struct buf in, out;
    size_t in_used, out_done;
    bool wants_write;
};
void link_init(struct link *link, struct loop *loop, int fd);
void link_done(struct link *link);
/* Reads what is there, up to FRAME_BATCH_BYTES in hand. ERR_AGAIN: nothing more now (take the frames);
 * ERR_IO: the other role is gone. */
MUST_CHECK enum err link_feed(struct link *link);
/* The next whole frame. ERR_AGAIN, or ERR_SYNTAX for one that no role of ours sends. */
MUST_CHECK enum err link_next(struct link *link, struct frame *out);
/* Queues a frame of two parts; goes out at once or when the loop says so (the owner calls link_flush on
 * LOOP_WRITE). */
void link_send(struct link *link, enum frame_kind kind, uint64_t tag, struct span first, struct span second);
MUST_CHECK enum err link_flush(struct link *link);
/* Bytes queued and not yet taken by the other side. */
size_t link_queued(const struct link *link);

#endif
