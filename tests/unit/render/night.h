/* Invented votes, repeatable, for tests of what is rendered: entries printed, parsed and folded like real ones. */
#ifndef TEST_RENDER_NIGHT_H
#define TEST_RENDER_NIGHT_H

#include "render/fold.h"

/* The opening entry; the fold must be new. */
void night_open(struct fold *fold);
/* A first version of an acta at that time. `key` is the acta's own, or "FC-..." for one out of the catalogue; `wrong` writes a
 * judgement that is not the rules', so that the record is set aside. */
void night_acta(struct fold *fold, uint32_t acta, const char *key, int64_t now_ms, bool wrong);
/* A notice with markup in its text. */
void night_notice(struct fold *fold, int64_t now_ms);
/* The next actas in a scattered order, until `until` of the catalogue have come; district 2 stays silent through the first
 * half, some are set aside, and three out of the catalogue come in the second half. */
void night_arrive(struct fold *fold, uint32_t *came, uint32_t until, int64_t now_ms, bool half);

#endif
