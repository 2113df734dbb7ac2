#include "edge/flow_source.h"

#include "doors/status.h"
#include "os/clock.h"
#include "os/file.h"

#include <string.h>
#include <sys/stat.h>

enum { GONE_MS = 10000 }; /* docs/formats/status.md: by its mtime */

bool flow_is_here(enum edge_kind kind)
{
    return kind == EDGE_RESULTS || kind == EDGE_MIRROR;
}

void flow_source_init(struct flow_source *source, struct notice_board *board, const char *folder)
{
    struct flow_event before;
    *source = (struct flow_source){.note = &board->flow, .folder = folder};
    /* What a loader before this one has said need not be said again. */
    if (flow_note_read(source->note, &before)) {
        memcpy(source->said, before.id, sizeof source->said);
    }
}

static void read_stages(const char *folder, struct flow_stages *out)
{
    char path[FILE_PATH_MAX];
    struct buf text;
    struct stat info;
    *out = (struct flow_stages){0};
    buf_init(&text, 0);
    path_join(path, folder, "cut");
    if (stat(path, &info) == 0 && file_read(path, STATUS_BYTES_MAX, &text, NULL) == OK) {
        int64_t written_ms = (int64_t)info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000;
        flow_stages_parse(buf_as_span(&text), clock_now_ms(NULL) - written_ms < GONE_MS, out);
    }
    buf_done(&text);
}

void flow_source_look(struct flow_source *source, struct flow_facts *facts)
{
    struct flow_event event;
    facts->stages = (struct flow_stages){0};
    if (source->folder != NULL) {
        read_stages(source->folder, &facts->stages);
    }
    flow_event_print(facts, &event);
    if (memcmp(event.id, source->said, sizeof source->said) != 0) {
        flow_note_write(source->note, &event);
        memcpy(source->said, event.id, sizeof source->said);
    }
}
