/* A team: threads that take work off one caller's hands, for roles that compute and do not serve. Work is handed over piece by
 * piece and runs on whatever thread is free, the caller's too; nothing about the result may depend on which. */
#ifndef OS_TEAM_H
#define OS_TEAM_H

#include "base/err.h"

/* Members, the caller among them. */
enum { TEAM_MAX = 4 };

struct team;

/* One piece. `member` is below TEAM_MAX and 0 for the caller: two pieces that run at once have different ones, so that each
 * member can have tools of its own. */
typedef void (*team_work)(void *arg, void *piece, unsigned member);

/* As many members as this process may use processors, at most TEAM_MAX and at most `most`; a team of one has no threads and
 * does everything in team_give. Threads block all signals. */
MUST_CHECK enum err team_new(unsigned most, struct team **out, struct why *why);
/* From now on `call` is called now and then on the caller's thread, in team_give and in team_finish, so that somebody who computes
 * for long can say that it lives. While it only waits it is called about once a second, and no more when for a minute no piece
 * came to its end: for what hangs nobody speaks. NULL: nobody is called. */
void team_meanwhile(struct team *team, void (*call)(void *arg), void *arg);
/* Only when nothing is at work. NULL is fine. */
void team_free(struct team *team);
unsigned team_members(const struct team *team);

/* Hands a piece over; when enough are waiting already the caller does one itself first. NULL is a team of one. */
void team_give(struct team *team, team_work work, void *arg, void *piece);
/* Works on what waits and returns when all that was given is done; what the others wrote is seen by the caller. */
void team_finish(struct team *team);
/* The same, and takes no piece itself: for one that waits long for something else while the caller is to be able to speak. */
void team_wait(struct team *team);

#endif
