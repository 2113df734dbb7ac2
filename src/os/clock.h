/* The night's clock. A real night runs on the system's clock; a drill or a replay runs on a clock of its own,
 * faster, or stepped by hand. The parent writes it into a small file that every role maps; roles only ask for
 * the time.
 *
 * docs/formats/clock.md gives the 64 bytes of the file. */
#ifndef OS_CLOCK_H
#define OS_CLOCK_H

#include "base/err.h"

#include <stdint.h>

struct clock; /* NULL is the system's clock */

enum clock_mode { CLOCK_SYSTEM, CLOCK_SCALED, CLOCK_STEPPED };

/* The parent: makes the file. Scaled: night time runs `speed` times as fast from `start_ms` on. */
MUST_CHECK enum err clock_make(const char *path, enum clock_mode mode, int64_t start_ms, uint32_t speed,
                               struct clock **out, struct why *why);
/* A role: maps it for reading. */
MUST_CHECK enum err clock_open(const char *path, struct clock **out, struct why *why);
void clock_close(struct clock *clock);

/* Milliseconds since 1970, UTC, of the night. */
int64_t clock_now_ms(const struct clock *clock);
/* Stepped clocks only move forward by this. */
void clock_step(struct clock *clock, int64_t now_ms);
/* Real milliseconds until the night's clock reads `at_ms`: 0 if it has, -1 if it will not by itself
 * (stepped). */
int64_t clock_wait_ms(const struct clock *clock, int64_t at_ms);
enum clock_mode clock_mode(const struct clock *clock);

/* CLOCK_MONOTONIC in milliseconds, for timeouts. */
int64_t monotonic_ms(void);
/* Processor time of this process, milliseconds. */
int64_t process_cpu_ms(void);

#endif
