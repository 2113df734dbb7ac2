/* The log: one line an event, `event key=value ...`, to standard error. It knows nothing of configuration;
 * the caller names the event and passes values that are safe to print. Bytes from outside are never printed
 * raw: log_safe turns everything that is not plain ASCII into '?'. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"
#include "base/span.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Set once at the start of a process: its name and the least level that is printed. */
void log_start(const char *program, enum log_level least);

/* log_line(LOG_WARN, "cut_failed", "n=%u why=\"%s\"", n, why.text); at most LOG_PER_SECOND lines a second of
 * one process are printed, the rest are counted and the count is printed when the flood ends. */
#define LOG_PER_SECOND 200
void log_line(enum log_level level, const char *event, const char *format, ...) PRINTF(3, 4);

/* A printable copy of foreign bytes: ASCII without quotes, at most size-1 of them. Returns `out`. */
const char *log_safe(struct span foreign, char *out, size_t size);

#endif
