/* Orders to a running night: stopping and starting one program, for drills and for an operator's hands. */
#include "night/night.h"

enum { STOP_MS = 5000 };

static void refuse(struct buf *answer, const char *sentence)
{
    buf_str(answer, "error ");
    buf_str(answer, sentence);
}

static void start(struct night *night, struct crew_member *member, struct buf *answer)
{
    struct why why = {{0}};
    if (member->state == CREW_UP) {
        refuse(answer, "it runs already");
    } else if (crew_start(&night->crew, member, &why) != OK) {
        refuse(answer, why.text);
    } else {
        member->failures = 0;
        buf_str(answer, "ok");
    }
}

void night_order(void *arg, struct span request, struct buf *answer)
{
    struct night *night = arg;
    char name[64];
    struct span rest = request;
    struct span verb = span_cut(&rest, ' ');
    struct crew_member *member =
        rest.at != NULL && span_copy(rest, name, sizeof name) ? crew_find(&night->crew, name) : NULL;
    if (night->phase == NIGHT_STARTING) {
        refuse(answer, "the night is starting");
    } else if (member == NULL) {
        refuse(answer, "no such program");
    } else if (span_is(verb, "stop")) {
        crew_stop(member, STOP_MS);
        buf_str(answer, "ok");
    } else if (span_is(verb, "start")) {
        start(night, member, answer);
    } else {
        refuse(answer, "stop or start, and a program");
    }
}
