/* The night's clock: 64 mapped bytes, one writer, many readers (docs/formats/clock.md). */
#include "os/clock.h"

#include "os/file.h"
#include "os/said.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct face {
    char magic[8];
    uint32_t mode;
    uint32_t speed;
    int64_t real_ms; /* CLOCK_BOOTTIME at which the night's clock read start_ms */
    int64_t start_ms;
    _Atomic int64_t now_ms; /* stepped */
    char zero[24];
};
_Static_assert(sizeof(struct face) == 64, "the format has 64 bytes");

struct clock {
    struct face *face;
};

/* Bounds within which a moment of the night never overflows: 139 years up, a million times as fast, the year 9999. */
#define UP_MAX_MS     (INT64_C(1) << 42)
#define MOMENT_MAX_MS INT64_C(253402300799999)
enum { FAST_MAX = 1 << 20 };

static int64_t read_ms(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t monotonic_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

static bool face_sound(const struct face *face)
{
    int64_t now_ms = atomic_load(&face->now_ms);
    return memcmp(face->magic, "PREPCLK1", 8) == 0 && face->mode <= CLOCK_STEPPED &&
           (face->mode != CLOCK_SCALED || (face->speed > 0 && face->speed <= FAST_MAX)) &&
           face->real_ms >= 0 && face->real_ms <= UP_MAX_MS && face->start_ms >= 0 &&
           face->start_ms <= MOMENT_MAX_MS && now_ms >= 0 && now_ms <= MOMENT_MAX_MS;
}

static enum err map_face(const char *path, int flags, int protection, struct clock **out, struct why *why)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0) {
        return said(why, errno == ENOENT ? ERR_MISSING : ERR_IO, "open", path, errno);
    }
    off_t size = lseek(fd, 0, SEEK_END);
    void *at = size == (off_t)sizeof(struct face)
                   ? mmap(NULL, sizeof(struct face), protection, MAP_SHARED, fd, 0)
                   : MAP_FAILED;
    close(fd);
    if (at == MAP_FAILED) {
        return why_set(why, ERR_SYNTAX, "clock %s: not a clock of 64 bytes", path);
    }
    struct face *face = at;
    if (!face_sound(face)) {
        munmap(at, sizeof *face);
        return why_set(why, ERR_SYNTAX, "clock %s: not the format PREPCLK1", path);
    }
    struct clock *clock = malloc(sizeof *clock);
    if (clock == NULL) {
        abort();
    }
    clock->face = face;
    *out = clock;
    return OK;
}

enum err clock_make(const char *path, enum clock_mode mode, int64_t start_ms, uint32_t speed,
                    struct clock **out, struct why *why)
{
    struct face face = {.magic = "PREPCLK1",
                        .mode = mode,
                        .speed = speed == 0 ? 1 : speed,
                        .real_ms = read_ms(CLOCK_BOOTTIME),
                        .start_ms = start_ms,
                        .now_ms = start_ms};
    TRY(file_write(path, span_of((const char *)&face, sizeof face), false, why));
    return map_face(path, O_RDWR, PROT_READ | PROT_WRITE, out, why);
}

enum err clock_open(const char *path, struct clock **out, struct why *why)
{
    return map_face(path, O_RDONLY, PROT_READ, out, why);
}

void clock_close(struct clock *clock)
{
    if (clock != NULL) {
        munmap(clock->face, sizeof *clock->face);
        free(clock);
    }
}

enum clock_mode clock_mode(const struct clock *clock)
{
    return clock == NULL ? CLOCK_SYSTEM : (enum clock_mode)clock->face->mode;
}

int64_t clock_now_ms(const struct clock *clock)
{
    const struct face *face = clock == NULL ? NULL : clock->face;
    switch (clock_mode(clock)) {
    case CLOCK_SCALED:
        return face->start_ms + (read_ms(CLOCK_BOOTTIME) - face->real_ms) * (int64_t)face->speed;
    case CLOCK_STEPPED:
        return atomic_load(&face->now_ms);
    case CLOCK_SYSTEM:
        break;
    }
    return read_ms(CLOCK_REALTIME);
}

void clock_step(struct clock *clock, int64_t now_ms)
{
    assert(clock_mode(clock) == CLOCK_STEPPED);
    assert(now_ms >= atomic_load(&clock->face->now_ms));
    atomic_store(&clock->face->now_ms, now_ms);
}

int64_t clock_wait_ms(const struct clock *clock, int64_t at_ms)
{
    int64_t left = at_ms - clock_now_ms(clock);
    if (left <= 0) {
        return 0;
    }
    switch (clock_mode(clock)) {
    case CLOCK_STEPPED:
        return -1;
    case CLOCK_SCALED:
        return (left + clock->face->speed - 1) / clock->face->speed;
    case CLOCK_SYSTEM:
        break;
    }
    return left;
}

int64_t process_cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
