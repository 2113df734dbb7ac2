/* Starting, watching and restarting programs. */
#include "os/crew.h"

#include "base/log.h"
#include "os/clock.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void crew_init(struct crew *crew, const char *log_dir)
{
    *crew = (struct crew){0};
    arena_init(&crew->arena, 0);
    snprintf(crew->log_dir, sizeof crew->log_dir, "%s", log_dir);
}

void crew_done(struct crew *crew)
{
    arena_done(&crew->arena);
    crew->n = 0;
}

static struct crew_member *add(struct crew *crew, const char *name)
{
    assert(crew->n < CREW_MAX);
    struct crew_member *member = &crew->members[crew->n++];
    *member = (struct crew_member){.name = name, .child = {.pid = -1, .pidfd = -1}};
    return member;
}

struct crew_member *crew_add_role(struct crew *crew, const char *name, role_main role, void *arg)
{
    struct crew_member *member = add(crew, name);
    member->role = role;
    member->role_arg = arg;
    return member;
}

struct crew_member *crew_add(struct crew *crew, const char *name, const char *program)
{
    struct crew_member *member = add(crew, name);
    snprintf(member->program, sizeof member->program, "%s", program);
    crew_arg(crew, member, "%s", program);
    return member;
}

void crew_arg(struct crew *crew, struct crew_member *member, const char *format, ...)
{
    assert(member->n_args < CREW_ARGS_MAX);
    char text[8192];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert(n >= 0 && (size_t)n < sizeof text);
    char *copy = arena_alloc(&crew->arena, (size_t)n + 1);
    assert(copy != NULL);
    memcpy(copy, text, (size_t)n + 1);
    member->argv[member->n_args++] = copy;
    member->argv[member->n_args] = NULL;
}

struct crew_member *crew_find(struct crew *crew, const char *name)
{
    for (uint32_t i = 0; i < crew->n; i++) {
        if (strcmp(crew->members[i].name, name) == 0) {
            return &crew->members[i];
        }
    }
    return NULL;
}

static enum err start_program(struct crew *crew, struct crew_member *member, struct why *why)
{
    char path[4096], log[4200];
    TRY(program_path(member->program, path, why));
    snprintf(log, sizeof log, "%s/%s.log", crew->log_dir, member->name);
    return program_start(path, member->argv, NULL, 0, crew->log_dir[0] == '\0' ? NULL : log, &member->child,
                         why);
}

enum err crew_start(struct crew *crew, struct crew_member *member, struct why *why)
{
    if (member->role != NULL) {
        TRY(role_start(member->name, member->role, member->role_arg, NULL, 0, &member->child, why));
    } else {
        TRY(start_program(crew, member, why));
    }
    member->state = CREW_UP;
    member->started_ms = monotonic_ms();
    log_line(LOG_INFO, "program_started", "name=%s pid=%d", member->name, (int)member->child.pid);
    return OK;
}

void crew_stop(struct crew_member *member, int grace_ms)
{
    if (member->state == CREW_UP) {
        child_stop(&member->child, grace_ms);
        log_line(LOG_INFO, "program_stopped", "name=%s", member->name);
    }
    member->state = CREW_OUT;
}

int64_t crew_pause_ms(uint32_t failures)
{
    int64_t pause = CREW_PAUSE_MIN_MS;
    for (uint32_t i = 1; i < failures && pause < CREW_PAUSE_MAX_MS; i++) {
        pause *= 2;
    }
    return pause < CREW_PAUSE_MAX_MS ? pause : CREW_PAUSE_MAX_MS;
}

static void died(struct crew_member *member, int code, int64_t now_ms)
{
    member->last_code = code;
    if (code <= 1 && member->may_end) {
        member->state = CREW_FINISHED;
        return;
    }
    bool was_well = now_ms - member->started_ms >= CREW_WELL_MS;
    member->failures = was_well ? 1 : member->failures + 1;
    member->retry_ms = now_ms + crew_pause_ms(member->failures);
    member->state = CREW_PAUSED;
    log_line(LOG_WARN, "program_died", "name=%s code=%d failures=%u pause_ms=%lld", member->name, code,
             member->failures, (long long)crew_pause_ms(member->failures));
}

static void try_again(struct crew *crew, struct crew_member *member, int64_t now_ms)
{
    struct why why = {{0}};
    if (crew_start(crew, member, &why) != OK) {
        log_line(LOG_ERROR, "program_not_started", "name=%s why=\"%s\"", member->name, why.text);
        member->failures++;
        member->retry_ms = now_ms + crew_pause_ms(member->failures);
        return;
    }
    member->restarts++;
}

void crew_watch(struct crew *crew, int64_t now_ms, crew_event event, void *arg)
{
    for (uint32_t i = 0; i < crew->n; i++) {
        struct crew_member *member = &crew->members[i];
        if (member->state == CREW_UP) {
            int ended = child_ended(&member->child);
            if (ended != 0) {
                died(member, ended - 1, now_ms);
                event(arg, member, false);
            }
        } else if (member->state == CREW_PAUSED && now_ms >= member->retry_ms) {
            try_again(crew, member, now_ms);
            if (member->state == CREW_UP) {
                event(arg, member, true);
            }
        }
    }
}
