/* One ring of pieces under one lock. */
#include "os/team.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WAITING_MAX = 64, STACK_BYTES = 1 << 20, MEANWHILE_S = 1, SPOKEN_FOR_S = 60 };

struct piece {
    team_work work;
    void *arg, *piece;
};

struct member {
    struct team *team;
    pthread_t thread;
    unsigned number;
};

struct team {
    pthread_mutex_t lock;
    pthread_cond_t given, done;
    struct piece waiting[WAITING_MAX];
    unsigned first, n; /* of the ring */
    unsigned idle;     /* threads that wait for a piece */
    unsigned at_work;  /* pieces that run on threads */
    unsigned n_members;
    bool ending;
    void (*meanwhile)(void *arg); /* NULL: nobody */
    void *meanwhile_arg;
    unsigned silent_s;               /* for so long the caller has waited and nothing came to its end */
    struct member members[TEAM_MAX]; /* [0] is the caller */
};

static struct piece take(struct team *team)
{
    struct piece piece = team->waiting[team->first];
    team->first = (team->first + 1) % WAITING_MAX;
    team->n--;
    return piece;
}

static void *thread_main(void *arg)
{
    const struct member *member = arg;
    struct team *team = member->team;
    pthread_mutex_lock(&team->lock);
    for (;;) {
        while (team->n == 0 && !team->ending) {
            team->idle++;
            pthread_cond_wait(&team->given, &team->lock);
            team->idle--;
        }
        if (team->n == 0) {
            break;
        }
        struct piece piece = take(team);
        team->at_work++;
        pthread_mutex_unlock(&team->lock);
        piece.work(piece.arg, piece.piece, member->number);
        pthread_mutex_lock(&team->lock);
        team->silent_s = 0;
        if (--team->at_work == 0 && team->n == 0) {
            pthread_cond_signal(&team->done);
        }
    }
    pthread_mutex_unlock(&team->lock);
    return NULL;
}

static unsigned processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/* Signals are for the role's own loop. */
static int thread_start(struct member *member)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all);
    int failed = pthread_attr_init(&attributes);
    if (failed != 0) {
        return failed;
    }
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&member->thread, &attributes, thread_main, member);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failed;
}

/* A wait is measured by the clock that nobody sets. */
static int done_init(pthread_cond_t *done)
{
    pthread_condattr_t attributes;
    int failed = pthread_condattr_init(&attributes);
    assert(failed == 0);
    failed = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    failed = failed != 0 ? failed : pthread_cond_init(done, &attributes);
    pthread_condattr_destroy(&attributes);
    return failed;
}

enum err team_new(unsigned most, struct team **out, struct why *why)
{
    struct team *team = calloc(1, sizeof *team);
    assert(team != NULL && most > 0);
    unsigned n = processors();
    n = n < most ? n : most;
    n = n < TEAM_MAX ? n : TEAM_MAX;
    int failed = pthread_mutex_init(&team->lock, NULL);
    failed = failed != 0 ? failed : pthread_cond_init(&team->given, NULL);
    failed = failed != 0 ? failed : done_init(&team->done);
    assert(failed == 0);
    team->n_members = 1;
    while (team->n_members < n && failed == 0) {
        struct member *member = &team->members[team->n_members];
        *member = (struct member){.team = team, .number = team->n_members};
        failed = thread_start(member);
        team->n_members += failed == 0;
    }
    if (failed != 0) {
        team_free(team);
        return why_set(why, ERR_FULL, "a thread cannot be started: %s", strerror(failed));
    }
    *out = team;
    return OK;
}

void team_free(struct team *team)
{
    if (team == NULL) {
        return;
    }
    pthread_mutex_lock(&team->lock);
    assert(team->n == 0 && team->at_work == 0);
    team->ending = true;
    pthread_cond_broadcast(&team->given);
    pthread_mutex_unlock(&team->lock);
    for (unsigned i = 1; i < team->n_members; i++) {
        pthread_join(team->members[i].thread, NULL);
    }
    pthread_cond_destroy(&team->given);
    pthread_cond_destroy(&team->done);
    pthread_mutex_destroy(&team->lock);
    free(team);
}

unsigned team_members(const struct team *team)
{
    return team == NULL ? 1 : team->n_members;
}

void team_meanwhile(struct team *team, void (*call)(void *arg), void *arg)
{
    team->meanwhile = call;
    team->meanwhile_arg = arg;
}

/* Without the lock: who is called may take its time. */
static void meanwhile(struct team *team)
{
    if (team != NULL && team->meanwhile != NULL) {
        team->meanwhile(team->meanwhile_arg);
    }
}

void team_give(struct team *team, team_work work, void *arg, void *piece)
{
    meanwhile(team);
    if (team_members(team) == 1) {
        work(arg, piece, 0);
        return;
    }
    pthread_mutex_lock(&team->lock);
    struct piece own = {0};
    if (team->n == WAITING_MAX) {
        own = take(team);
    }
    team->waiting[(team->first + team->n++) % WAITING_MAX] = (struct piece){work, arg, piece};
    bool wake = team->idle > 0;
    pthread_mutex_unlock(&team->lock);
    if (wake) {
        pthread_cond_signal(&team->given);
    }
    if (own.work != NULL) {
        own.work(own.arg, own.piece, 0);
    }
}

/* Until the others are done, or until it is time to say that we wait. Called and left with the lock held. */
static void wait_a_while(struct team *team)
{
    struct timespec until;
    if (team->meanwhile == NULL || team->silent_s >= SPOKEN_FOR_S) {
        pthread_cond_wait(&team->done, &team->lock);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += MEANWHILE_S;
    if (pthread_cond_timedwait(&team->done, &team->lock, &until) == ETIMEDOUT) {
        team->silent_s += MEANWHILE_S;
        pthread_mutex_unlock(&team->lock);
        meanwhile(team);
        pthread_mutex_lock(&team->lock);
    }
}

static void finish(struct team *team, bool helping)
{
    if (team_members(team) == 1) {
        return;
    }
    pthread_mutex_lock(&team->lock);
    team->silent_s = 0;
    while (team->n > 0 || team->at_work > 0) {
        if (team->n == 0 || !helping) {
            wait_a_while(team);
            continue;
        }
        struct piece own = take(team);
        pthread_mutex_unlock(&team->lock);
        own.work(own.arg, own.piece, 0);
        meanwhile(team);
        pthread_mutex_lock(&team->lock);
    }
    pthread_mutex_unlock(&team->lock);
}

void team_finish(struct team *team)
{
    finish(team, true);
}

void team_wait(struct team *team)
{
    finish(team, false);
}
