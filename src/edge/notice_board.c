/* Shared memory, of which each role can write its own pages alone, and sequence locks with one writer. */
#include "edge/notice_board.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The same memory once more, of which nobody can ever make more than readable. */
static char *readable;

struct notice_board *notice_board_new(void)
{
    size_t len = sizeof(struct notice_board);
    int fd = memfd_create("edge-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ftruncate(fd, (off_t)len) != 0) {
        return NULL;
    }
    void *board = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    int sealed = fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW);
    void *seen = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (board == MAP_FAILED || seen == MAP_FAILED || sealed != 0) {
        return NULL;
    }
    readable = seen;
    return board;
}

/* Pages that can only be read take the place of those that could be written. */
static bool cover(char *board, size_t from, size_t to)
{
    return from >= to || mremap(readable + from, to - from, to - from, MREMAP_MAYMOVE | MREMAP_FIXED,
                                board + from) == board + from;
}

enum err notice_board_keep(struct notice_board *board, const void *part, size_t len, struct why *why)
{
    char *at = (char *)board;
    size_t from = part == NULL ? sizeof *board : (size_t)((const char *)part - at);
    size_t to = part == NULL ? sizeof *board : from + (len + NOTICE_PAGE - 1) / NOTICE_PAGE * NOTICE_PAGE;
    assert(from % NOTICE_PAGE == 0 && to <= sizeof *board);
    if (!cover(at, 0, from) || !cover(at, to, sizeof *board)) {
        return why_set(why, ERR_IO, "the roles' board cannot be made readable alone: %s", strerror(errno));
    }
    return OK;
}

void notice_write(struct notice_board *board, const struct loader_notice *notice)
{
    /* A loader that died while it wrote left the round odd. */
    uint32_t round = atomic_load(&board->round) | 1U;
    atomic_store(&board->round, round);
    atomic_thread_fence(memory_order_seq_cst);
    memcpy(&board->notice, notice, sizeof *notice);
    atomic_thread_fence(memory_order_seq_cst);
    atomic_store(&board->round, round + 1);
}

bool notice_read(const struct notice_board *board, struct loader_notice *out)
{
    bool whole = false;
    /* Bounded: a torn notice of a dead loader is shown rather than waited for. */
    for (int i = 0; i < 1000 && !whole; i++) {
        uint32_t before = atomic_load(&board->round);
        memcpy(out, &board->notice, sizeof *out);
        atomic_thread_fence(memory_order_seq_cst);
        whole = (before & 1U) == 0 && before == atomic_load(&board->round);
    }
    out->alarm[sizeof out->alarm - 1] = '\0';
    out->code[sizeof out->code - 1] = '\0';
    out->public_notice.len = whole ? out->public_notice.len : 0;
    return whole;
}

uint64_t notice_sum(const struct notice_board *board, enum edge_counter counter)
{
    uint64_t sum = 0;
    for (int i = 0; i < EDGE_WORKERS_MAX; i++) {
        sum += atomic_load_explicit(&board->workers[i].counts[counter], memory_order_relaxed);
    }
    return sum;
}
