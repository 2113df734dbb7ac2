/* One function a rule, a table of rules: each looks at the board and may add alarms. */
#include "night/alarms.h"

#include "base/num.h"

#include <stdarg.h>
#include <stdio.h>

static void add(struct alarm_set *set, const char *name, const char *format, ...) PRINTF(3, 4);

static void add(struct alarm_set *set, const char *name, const char *format, ...)
{
    if (set->n == ALARMS_MAX) {
        return; /* a board that is this red needs no 49th line */
    }
    struct alarm *alarm = &set->alarms[set->n++];
    snprintf(alarm->name, sizeof alarm->name, "%s", name);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(alarm->sentence, sizeof alarm->sentence, format, args);
    va_end(args);
}

static void add_for(struct alarm_set *set, const char *kind, const char *program, const char *sentence)
{
    char name[ALARM_NAME_MAX];
    snprintf(name, sizeof name, "%s-%s", kind, program);
    add(set, name, "%s", sentence);
}

/* A program whose status file is not renewed is gone, whatever its last words were. One that said it stopped
 * is not. */
static void check_gone(const struct board *board, struct alarm_set *out)
{
    for (int i = 0; i < SEATS; i++) {
        const struct board_program *seat = &board->seats[i];
        if (seat->present && seat->gone && !span_is(seat->status.state, "stopped")) {
            char text[ALARM_TEXT_MAX];
            snprintf(text, sizeof text, "%s (%s) no da señales desde hace %lld s", seat->title, seat->name,
                     (long long)(seat->age_ms / 1000));
            add_for(out, "gone", seat->name, text);
        }
    }
}

/* What a program says of itself. */
static void check_own(const struct board *board, struct alarm_set *out)
{
    for (int i = 0; i < SEATS; i++) {
        const struct board_program *seat = &board->seats[i];
        if (seat->present && !seat->gone && seat->status.alarm.len > 0) {
            char text[ALARM_TEXT_MAX];
            snprintf(text, sizeof text, "%s: %.*s", seat->title, (int)seat->status.alarm.len,
                     seat->status.alarm.at);
            add_for(out, "says", seat->name, text);
        }
    }
}

static bool says_yes(const struct status *status, const char *name)
{
    struct span value = status_value(status, name);
    return span_is(value, "yes") || span_is(value, "1") || span_is(value, "true");
}

/* The next cut is late when nobody who waits for it would call it building any more: half a minute for the machine, however
 * fast the night's clock runs (a whole city's cut with its package takes some seconds, several times that on a loaded disk),
 * and a minute for the reader. A stepped clock promises nothing. */
static void check_cut_late(const struct board *board, struct alarm_set *out)
{
    int64_t next = board_time(board, SEAT_CUT, "next");
    if (board->speed == 0 || next < 0 || says_yes(board_status(board, SEAT_CUT), "last")) {
        return;
    }
    int64_t late_ms = board->now_ms - next;
    if (late_ms > ALARM_CUT_NIGHT_MS && late_ms / board->speed > ALARM_CUT_REAL_MS) {
        add(out, "cut-late", "El corte %llu debía salir hace %lld s y no ha salido",
            (unsigned long long)board_number(board, SEAT_CUT, "cut") + 1, (long long)(late_ms / 1000));
    }
}

/* Checkpoints come every second of real time, whatever clock the night has. Five without one, while entries wait, is a signer
 * that refuses, a disk that is slow, or a ledger that is not what was signed. */
static void check_checkpoint(const struct board *board, struct alarm_set *out)
{
    const struct board_program *seat = &board->seats[SEAT_LOG];
    uint64_t behind_ms = board_number(board, SEAT_LOG, "behind_ms");
    if (seat->present && !seat->gone && behind_ms > ALARM_CHECKPOINT_REAL_MS) {
        add(out, "checkpoint-late",
            "El registro no firma desde hace %llu s: el punto de control dice %llu asientos y hay %llu; firmante: %.*s",
            (unsigned long long)(behind_ms / 1000),
            (unsigned long long)board_number(board, SEAT_LOG, "checkpoint_size"),
            (unsigned long long)board_number(board, SEAT_INTAKE, "ledger_size"),
            SPAN_ARG(status_value(&seat->status, "signer")));
    }
}

/* A mirror whose feed is gone serves what it has, and says its age. */
static bool check_feed(const struct board_program *mirror, struct alarm_set *out)
{
    if (!span_is(status_value(&mirror->status, "feed"), "lost")) {
        return false;
    }
    char text[ALARM_TEXT_MAX];
    snprintf(text, sizeof text, "%s no alcanza la fuente desde hace %llu s; publica el corte %llu",
             mirror->title, (unsigned long long)status_number(&mirror->status, "feed_age_s"),
             (unsigned long long)status_number(&mirror->status, "cut"));
    add_for(out, "feed-lost", mirror->name, text);
    return true;
}

/* Real time since a newer cut is there and the mirror takes none: whoever takes one a while later than the other is only
 * slow, however many the night makes in that while. */
static int64_t lacks_ms(struct alarm_memory *memory, int which, uint64_t held, uint64_t newest,
                        int64_t real_ms)
{
    bool moved = !memory->mirrors[which].known || memory->mirrors[which].cut != held;
    if (newest <= held) {
        memory->mirrors[which].lack_ms = -1;
    } else if (moved || memory->mirrors[which].lack_ms < 0) {
        memory->mirrors[which].lack_ms = real_ms;
    }
    memory->mirrors[which].cut = held;
    memory->mirrors[which].known = true;
    return newest <= held ? 0 : real_ms - memory->mirrors[which].lack_ms;
}

/* A mirror is behind when it stands still for a minute while there is more, or when it moves and is two minutes and several
 * cuts late all the same. Both in real time: what a stepped or a fast clock does in that time is no fault of its. */
static void check_mirror(const struct board *board, int which, int64_t real_ms, struct alarm_memory *memory,
                         struct alarm_set *out)
{
    const struct board_program *mirror = &board->seats[which == 0 ? SEAT_MIRROR_1 : SEAT_MIRROR_2];
    if (!mirror->present || mirror->gone || check_feed(mirror, out)) {
        return;
    }
    uint64_t newest = board_number(board, SEAT_CUT, "cut");
    uint64_t held = status_number(&mirror->status, "cut");
    int64_t held_ms = status_time(&mirror->status, "cut_time");
    int64_t old_ms = held_ms < 0 || board->speed == 0 ? 0 : (board->now_ms - held_ms) / board->speed;
    bool stands = lacks_ms(memory, which, held, newest, real_ms) > ALARM_MIRROR_REAL_MS;
    bool lags = newest > held + ALARM_MIRROR_LAG_CUTS && old_ms > ALARM_MIRROR_LAG_REAL_MS;
    if (stands || lags) {
        char text[ALARM_TEXT_MAX];
        snprintf(text, sizeof text, "%s va %llu %s atrás (tiene el %llu, hay %llu)", mirror->title,
                 (unsigned long long)(newest - held), newest - held == 1 ? "corte" : "cortes",
                 (unsigned long long)held, (unsigned long long)newest);
        add_for(out, "behind", mirror->name, text);
    }
}

/* Below this the store keeps what it acknowledged, but a package and a cut more may not fit. */
static void check_disk(const struct board *board, struct alarm_set *out)
{
    uint64_t mib = board->disk_free >> 20;
    if (board->disk_free != UINT64_MAX && mib < ALARM_DISK_LOW_MIB) {
        add(out, "disk-low", "Quedan %llu MiB de disco", (unsigned long long)mib);
    }
}

/* The system's clock against the one that only runs forward: somebody set it, or it drifts. */
static void check_clock(const struct board *board, struct alarm_set *out)
{
    if (!board->seats[SEAT_NIGHT].present) {
        return;
    }
    int64_t off = 0;
    struct span value = status_value(board_status(board, SEAT_NIGHT), "clock_offset_ms");
    if (num_parse_i64(value, &off) == OK && (off > ALARM_CLOCK_OFF_MS || off < -ALARM_CLOCK_OFF_MS)) {
        add(out, "clock-off", "El reloj del sistema se movió %+lld ms durante la noche", (long long)off);
    }
}

/* It has no status file of its own: the night, which starts it, says whether it runs. */
static void check_metrics(const struct board *board, struct alarm_set *out)
{
    const struct board_program *night = &board->seats[SEAT_NIGHT];
    if (night->present && !night->gone && span_is(status_value(&night->status, "metrics"), "down")) {
        add(out, "metrics-down", "Las medidas (metrics) no corren: los monitores no ven la noche");
    }
}

static void check_review(const struct board *board, struct alarm_set *out)
{
    uint64_t n = board_number(board, SEAT_CUT, "in_review");
    if (n > 0) {
        add(out, "in-review", "%llu %s en revisión: fuera de las cuentas hasta que una persona la%s libere",
            (unsigned long long)n, n == 1 ? "acta" : "actas", n == 1 ? "" : "s");
    }
}

/* Two things that cannot be: a cut of more entries than the ledger has, two mirrors with different manifests
 * of one cut. */
static void check_totals(const struct board *board, struct alarm_set *out)
{
    uint64_t ledger = board_number(board, SEAT_INTAKE, "ledger_size");
    uint64_t covered = board_number(board, SEAT_CUT, "log_size");
    bool said_later = board->seats[SEAT_INTAKE].age_ms < board->seats[SEAT_CUT].age_ms;
    if (ledger > 0 && covered > ledger && said_later) {
        add(out, "totals-mismatch", "El corte dice cubrir %llu asientos y el libro tiene %llu",
            (unsigned long long)covered, (unsigned long long)ledger);
        return;
    }
    struct span one = status_value(board_status(board, SEAT_MIRROR_1), "manifest");
    struct span two = status_value(board_status(board, SEAT_MIRROR_2), "manifest");
    uint64_t cut = board_number(board, SEAT_MIRROR_1, "cut");
    bool same_cut = cut > 0 && cut == board_number(board, SEAT_MIRROR_2, "cut");
    if (same_cut && one.len > 0 && two.len > 0 && !span_equal(one, two)) {
        add(out, "totals-mismatch", "Los difusores tienen dos versiones distintas del corte %llu",
            (unsigned long long)cut);
    }
}

typedef void (*alarm_rule)(const struct board *board, struct alarm_set *out);
static const alarm_rule rules[] = {
    check_gone,  check_own,    check_cut_late, check_checkpoint, check_disk,
    check_clock, check_review, check_totals,   check_metrics,
};

/* Refusals of the last minute: many, and more than a few of every hundred submissions. A replay that is sent
 * twice, or one centre with a wrong key, shows here first. */
static void check_refused(const struct board *board, int64_t real_ms, struct alarm_memory *memory,
                          struct alarm_set *out)
{
    if (!board->seats[SEAT_INTAKE].present) {
        return;
    }
    uint64_t refused = board_number(board, SEAT_INTAKE, "actas_refused");
    uint64_t acknowledged = board_number(board, SEAT_INTAKE, "actas_acknowledged");
    uint32_t newest = (memory->next + REFUSED_SLOTS - 1) % REFUSED_SLOTS;
    bool restarted = memory->n > 0 && (refused < memory->slots[newest].refused ||
                                       acknowledged < memory->slots[newest].acknowledged);
    if (restarted) {
        memory->n = 0; /* counters begin again with their program */
    }
    if (memory->n == 0 || real_ms - memory->slots[newest].real_ms >= 1000) {
        memory->slots[memory->next].real_ms = real_ms;
        memory->slots[memory->next].refused = refused;
        memory->slots[memory->next].acknowledged = acknowledged;
        memory->next = (memory->next + 1) % REFUSED_SLOTS;
        memory->n += memory->n < REFUSED_SLOTS;
    }
    uint32_t oldest = (memory->next + REFUSED_SLOTS - memory->n) % REFUSED_SLOTS;
    uint64_t more = refused - memory->slots[oldest].refused;
    uint64_t all = more + (acknowledged - memory->slots[oldest].acknowledged);
    if (more >= ALARM_REFUSED_MIN && more * 100 >= all * ALARM_REFUSED_PERCENT) {
        add(out, "refused", "%llu envíos rechazados en el último minuto, de %llu", (unsigned long long)more,
            (unsigned long long)all);
    }
}

void alarms_check(const struct board *board, int64_t real_ms, struct alarm_memory *memory,
                  struct alarm_set *out)
{
    out->n = 0;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        rules[i](board, out);
    }
    for (int i = 0; i < MIRRORS; i++) {
        check_mirror(board, i, real_ms, memory, out);
    }
    check_refused(board, real_ms, memory, out);
}

const struct alarm *alarms_find(const struct alarm_set *set, const char *name)
{
    for (uint32_t i = 0; i < set->n; i++) {
        if (strcmp(set->alarms[i].name, name) == 0) {
            return &set->alarms[i];
        }
    }
    return NULL;
}

void alarms_compare(const struct alarm_set *before, const struct alarm_set *now, alarm_event event, void *arg)
{
    for (uint32_t i = 0; i < now->n; i++) {
        if (alarms_find(before, now->alarms[i].name) == NULL) {
            event(arg, true, &now->alarms[i]);
        }
    }
    for (uint32_t i = 0; i < before->n; i++) {
        if (alarms_find(now, before->alarms[i].name) == NULL) {
            event(arg, false, &before->alarms[i]);
        }
    }
}
