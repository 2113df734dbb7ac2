/* The loader's part of /flow: looks every second at what there is to say, and says it when it is another thing. */
#ifndef EDGE_FLOW_SOURCE_H
#define EDGE_FLOW_SOURCE_H

#include "edge/edge.h"
#include "edge/flow_note.h"

struct flow_source {
    struct flow_note *note;
    const char *folder; /* of the status files, or NULL */
    char said[FLOW_ID_LEN];
};

/* True where there is a /flow: on the results and on mirrors. */
bool flow_is_here(enum edge_kind kind);

void flow_source_init(struct flow_source *source, struct notice_board *board, const char *folder);
/* `facts` without its stages, which are read here. To be called once a second at most. */
void flow_source_look(struct flow_source *source, struct flow_facts *facts);

#endif
