/* What /flow says (docs/formats/flow.md): one event, formed once by the loader and left in shared memory, where the workers find
 * it. It says all that there is to say, so the newest is enough for whoever has missed some. */
#ifndef EDGE_FLOW_NOTE_H
#define EDGE_FLOW_NOTE_H

#include "base/buf.h"
#include "base/span.h"
#include "edge/notice_board.h"
#include "edge/view.h"

/* The ingest by stage, as the cut's status file has it. */
struct flow_stages {
    bool known;
    bool fresh; /* its program writes */
    uint64_t expected, received, captured, verified;
};

struct flow_facts {
    struct view_facts cut;
    const char *mode; /* estado_mode */
    const char *code; /* "": not there yet */
    enum feed_state feed;
    int64_t notice_ms; /* of the newest notice, -1: none */
    struct flow_stages stages;
};

/* The event with its id, which is a digest of what it says: the same wherever the same is said. */
void flow_event_print(const struct flow_facts *facts, struct flow_event *out);

/* One writer. */
void flow_note_write(struct flow_note *note, const struct flow_event *event);
/* False: it is being written, or half written by a loader that died. */
bool flow_note_read(const struct flow_note *note, struct flow_event *out);

/* Reads the stages from what the status file "cut" holds; not known when it is none, or says nothing of them. */
void flow_stages_parse(struct span text, bool fresh, struct flow_stages *out);

#endif
