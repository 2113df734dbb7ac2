/* Reads the status files of a night. */
#include "night/board.h"

#include "os/file.h"

#include <assert.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

static const struct {
    const char *name, *title;
    enum board_kind kind;
} seats[SEATS] = {
    [SEAT_INTAKE] = {"intake", "Acopio", BOARD_INTAKE},
    [SEAT_CUT] = {"cut", "Cortes", BOARD_CUT},
    [SEAT_LOG] = {"log", "Registro", BOARD_LOG},
    [SEAT_RESULTS] = {"results", "Sitio de resultados", BOARD_EDGE},
    [SEAT_FEED] = {"feed", "Fuente de difusores", BOARD_EDGE},
    [SEAT_MIRROR_1] = {"mirror-1", "Difusor 1", BOARD_MIRROR},
    [SEAT_MIRROR_1_EDGE] = {"mirror-1-edge", "Difusor 1, sitio", BOARD_EDGE},
    [SEAT_MIRROR_2] = {"mirror-2", "Difusor 2", BOARD_MIRROR},
    [SEAT_MIRROR_2_EDGE] = {"mirror-2-edge", "Difusor 2, sitio", BOARD_EDGE},
    [SEAT_SITE] = {"site", "Sitio institucional", BOARD_EDGE},
    [SEAT_NIGHT] = {"night", "La noche", BOARD_NIGHT},
    [SEAT_FEEDER] = {"feeder", "Centros de captura", BOARD_FEEDER},
};

void board_init(struct board *board)
{
    *board = (struct board){.disk_free = UINT64_MAX};
    for (int i = 0; i < SEATS; i++) {
        board->seats[i].name = seats[i].name;
        board->seats[i].title = seats[i].title;
        board->seats[i].kind = seats[i].kind;
        buf_init(&board->seats[i].bytes, 0);
    }
}

void board_done(struct board *board)
{
    for (int i = 0; i < SEATS; i++) {
        buf_done(&board->seats[i].bytes);
    }
}

/* Real milliseconds since the file was written; a file from the future (a stepped clock) is new. */
static int64_t file_age_ms(const char *path)
{
    struct stat st;
    struct timespec now;
    if (stat(path, &st) != 0 || clock_gettime(CLOCK_REALTIME, &now) != 0) {
        return 0;
    }
    int64_t ms =
        (int64_t)(now.tv_sec - st.st_mtim.tv_sec) * 1000 + (now.tv_nsec - st.st_mtim.tv_nsec) / 1000000;
    return ms < 0 ? 0 : ms;
}

enum { CODES_BACK = 3 }; /* cuts without a code yet */

static void seat_read(struct board_program *seat, const char *dir)
{
    char path[FILE_PATH_MAX], name[64];
    snprintf(name, sizeof name, "run/status/%s", seat->name);
    path_join(path, dir, name);
    buf_clear(&seat->bytes);
    seat->status = (struct status){0};
    seat->present = file_read(path, STATUS_BYTES_MAX, &seat->bytes, NULL) == OK &&
                    status_parse(buf_as_span(&seat->bytes), &seat->status, NULL) == OK;
    seat->age_ms = seat->present ? file_age_ms(path) : 0;
    seat->gone = seat->age_ms > STATUS_OLD_MS;
}

void board_code(const char *dir, uint32_t cut, char out[CUT_CODE_LEN + 1])
{
    char path[FILE_PATH_MAX];
    char name[CUT_PROOF_PATH_MAX + 8] = "public/";
    struct buf proof = {0};
    out[0] = '\0';
    cut_proof_path(cut, name + strlen(name));
    if (file_read(path_join(path, dir, name), CUT_PROOF_BYTES_MAX, &proof, NULL) == OK && proof.len > 0) {
        cut_code_print(buf_as_span(&proof), out);
    }
    buf_done(&proof);
}

void board_read(struct board *board, const char *dir, int64_t now_ms, uint32_t speed)
{
    board->now_ms = now_ms;
    board->speed = speed;
    board->disk_free = UINT64_MAX;
    for (int i = 0; i < SEATS; i++) {
        struct board_program *seat = &board->seats[i];
        seat_read(seat, dir);
        bool says = seat->present && status_value(&seat->status, "disk_free_bytes").len > 0;
        uint64_t free_bytes = says ? status_number(&seat->status, "disk_free_bytes") : UINT64_MAX;
        if (free_bytes < board->disk_free) {
            board->disk_free = free_bytes;
        }
    }
    board->code[0] = '\0';
    if (board_time(board, SEAT_CUT, "cut_time") >= 0) {
        /* The proof of a cut comes a second of real time after it, which is long when the night's clock runs fast. */
        uint32_t cut = (uint32_t)board_number(board, SEAT_CUT, "cut");
        for (uint32_t back = 0; back <= CODES_BACK && back <= cut && board->code[0] == '\0'; back++) {
            board->code_cut = cut - back;
            board_code(dir, board->code_cut, board->code);
        }
    }
}

uint64_t board_number(const struct board *board, enum board_seat seat, const char *name)
{
    assert(seat < SEATS);
    return board->seats[seat].present ? status_number(&board->seats[seat].status, name) : 0;
}

int64_t board_time(const struct board *board, enum board_seat seat, const char *name)
{
    assert(seat < SEATS);
    return board->seats[seat].present ? status_time(&board->seats[seat].status, name) : -1;
}

bool board_alive(const struct board *board, enum board_seat seat)
{
    const struct board_program *program = &board->seats[seat];
    return program->present && !program->gone &&
           (span_is(program->status.state, "running") || span_is(program->status.state, "degraded"));
}
