/* Shared memory and a sequence lock with one writer. */
#include "edge/notice_board.h"

#include <string.h>
#include <sys/mman.h>

struct notice_board *notice_board_new(void)
{
    void *page =
        mmap(NULL, sizeof(struct notice_board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? NULL : page;
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
