/* The role `cut`: a loop that follows the ledger, makes cuts when they are due, and answers DIR/run/cut.sock. */
#include "cut/role.h"

#include "base/date.h"
#include "base/log.h"
#include "cut/shop.h"
#include "cut/signer.h"
#include "cut/state.h"
#include "os/append.h"
#include "os/control.h"
#include "os/jail.h"
#include "os/loop.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum { TURN_MAX_MS = 1000, RETRY_MS = 1000 };

struct role {
    struct shop shop;
    struct loop *loop;
    struct control_server *server;
    struct state state;
    bool failing; /* the last step failed; `shop.alarm` says why */
    bool ready;   /* the ledger holds its beginning */
    int64_t reported_ms;
};

static void report(struct role *role)
{
    state_write(&role->state, &role->shop, role->failing, role->ready);
    role->reported_ms = monotonic_ms();
}

/* In the midst of a cut, and while a slow disk takes what is old: we are alive, and say so. Of the last cut it is said when all of it
 * is done, because then the night is checked. */
static void during(void *arg)
{
    struct role *role = arg;
    if (!role->shop.published_last && monotonic_ms() - role->reported_ms >= TURN_MAX_MS) {
        report(role);
    }
}

static enum err failed(struct role *role, enum err err, const struct why *why)
{
    if (!role->failing || role->shop.alarm.len != strlen(why->text) ||
        memcmp(role->shop.alarm.at, why->text, role->shop.alarm.len) != 0) {
        log_line(LOG_ERROR, "cut_failed", "err=\"%s\" why=\"%s\"", err_name(err), why->text);
    }
    buf_clear(&role->shop.alarm);
    buf_str(&role->shop.alarm, why->text);
    role->failing = true;
    return err;
}

static enum err follow(struct role *role)
{
    struct why why = {{0}};
    enum err err = shop_follow(&role->shop, &why);
    if (err == ERR_AGAIN) {
        return err;
    }
    role->ready = true;
    return err == OK ? OK : failed(role, err, &why);
}

static enum err cut_now(struct role *role, int64_t time_ms, struct why *why)
{
    struct shop *shop = &role->shop;
    enum err err = shop_cut(shop, time_ms, why);
    if (err != OK) {
        return failed(role, err, why);
    }
    role->failing = false;
    buf_clear(&shop->alarm);
    log_line(LOG_INFO, "cut", "n=%" PRId64 " log_size=%" PRIu64 " ms=%" PRIu64 " chunks=%u", shop->published,
             shop->log_size, shop->build_ms, shop->chunks_rendered);
    report(role);
    return OK;
}

/* The time of the newest numbered cut. */
static int64_t last_time(const struct fold *fold)
{
    return fold->last_cut_entry == ENTRY_NONE || fold->last_cut.number == 0 ? INT64_MIN
                                                                            : fold->last_cut.time_ms;
}

static void step(struct role *role)
{
    struct shop *shop = &role->shop;
    struct why why = {{0}};
    if (follow(role) != OK) {
        return;
    }
    int64_t now_ms = clock_now_ms(shop->clock);
    bool stepped = clock_mode(shop->clock) == CLOCK_STEPPED;
    package_collect(shop, false);
    if (shop->fold->last_cut_entry == ENTRY_NONE && now_ms < shop->election.opening_ms) {
        (void)!cut_now(role, now_ms, &why);
        return;
    }
    int64_t due =
        stepped || shop->published_last ? -1 : schedule_due(&shop->schedule, last_time(shop->fold), now_ms);
    if (due >= 0) {
        (void)!cut_now(role, due, &why);
    } else if (role->failing && shop->fold->last_cut_entry != ENTRY_NONE &&
               shop->published == (int64_t)shop->fold->last_cut.number) {
        role->failing = false; /* what failed was made good by recovering it */
        buf_clear(&shop->alarm);
    }
}

static void on_turn(void *arg)
{
    struct role *role = arg;
    struct shop *shop = &role->shop;
    step(role);
    report(role);
    int64_t wait = TURN_MAX_MS;
    if (role->ready && !role->failing && shop->published >= 0) {
        int64_t until = clock_wait_ms(shop->clock, schedule_next(&shop->schedule, clock_now_ms(shop->clock)));
        wait = until >= 0 && until < wait ? until : wait;
    }
    if (role->ready && images_name_ahead(&shop->images)) {
        wait = 0;
    }
    loop_after(role->loop, wait < 5 ? 5 : wait, on_turn, role);
}

/* The control socket's requests. */
static bool reason_good(struct span reason)
{
    for (size_t i = 0; i < reason.len; i++) {
        char c = reason.at[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') {
            return false;
        }
    }
    return reason.len > 0 && reason.len <= 40;
}

static enum err ask_cut(struct role *role, struct span rest, struct buf *answer, struct why *why)
{
    struct shop *shop = &role->shop;
    int64_t time_ms;
    if (date_parse_iso(rest, &time_ms) != OK) {
        return why_set(why, ERR_SYNTAX, "a moment is written 2027-06-07T02:20:00Z");
    }
    if (clock_mode(shop->clock) != CLOCK_STEPPED) {
        return why_set(why, ERR_REFUSED, "this night's clock runs by itself, and so do its cuts");
    }
    enum err err = shop_follow(shop, why);
    if (err == ERR_AGAIN) {
        return why_set(why, ERR_AGAIN, "the ledger has not begun");
    }
    TRY(err);
    if (shop->published_last) {
        return why_set(why, ERR_REFUSED, "the last cut is made");
    }
    if (time_ms < shop->election.opening_ms ? shop->fold->last_cut_entry != ENTRY_NONE
                                            : time_ms <= last_time(shop->fold)) {
        return why_set(why, ERR_REFUSED, "a cut of that moment or a later one is made");
    }
    TRY(cut_now(role, time_ms, why));
    buf_printf(answer, "ok %" PRId64 " %" PRIu64, shop->published, shop->log_size);
    return OK;
}

static enum err ask_close(struct role *role, struct span rest, struct buf *answer, struct why *why)
{
    int64_t now_ms = clock_now_ms(role->shop.clock);
    uint64_t index;
    if (!reason_good(rest)) {
        return why_set(why, ERR_SYNTAX, "a reason is 1 to 40 of a-z, 0-9 and -");
    }
    const struct entry entry = {.type = ENTRY_CLOSE,
                                .as.close = {.time_ms = now_ms - now_ms % 1000, .reason = rest}};
    TRY(append_entry(&role->shop, &entry, &index, why));
    buf_str(answer, "ok");
    return OK;
}

static enum err ask_package(struct role *role, struct span rest, struct buf *answer, struct why *why)
{
    const struct fold *fold = role->shop.fold;
    (void)rest;
    if (role->shop.published_last) {
        return why_set(why, ERR_REFUSED, "the last cut is made, and its package with it");
    }
    role->shop.package_wanted = true;
    buf_printf(answer, "ok %" PRIu32, fold->last_cut_entry == ENTRY_NONE ? 1 : fold->last_cut.number + 1);
    return OK;
}

static enum err ask_release(struct role *role, struct span rest, struct buf *answer, struct why *why)
{
    struct shop *shop = &role->shop;
    struct span key = span_cut(&rest, ' ');
    char name[ACTA_KEY_MAX + 1];
    uint64_t index;
    enum err err = shop_follow(shop, why);
    TRY(err == ERR_AGAIN ? OK : err);
    const struct fold *fold = shop->fold;
    uint32_t acta = election_acta(fold->election, key);
    uint32_t outside = map_get(&fold->outside_by_key, key);
    if (!span_copy(key, name, sizeof name) || (acta == UINT32_MAX && outside == MAP_NONE)) {
        return why_set(why, ERR_MISSING, "there is no record of that key");
    }
    const struct record *record = acta != UINT32_MAX ? fold->records[acta] : &fold->outsides[outside].record;
    if (!record->in_review) {
        return why_set(why, ERR_REFUSED, "the record of %s is not in review", name);
    }
    if (!reason_good(rest)) {
        return why_set(why, ERR_SYNTAX, "a reason is 1 to 40 of a-z, 0-9 and -");
    }
    TRY(append_review(shop, name, record, false, rest, &index, why));
    buf_printf(answer, "ok %" PRIu64, index);
    return OK;
}

static const struct {
    const char *verb;
    enum err (*ask)(struct role *role, struct span rest, struct buf *answer, struct why *why);
} verbs[] = {{"cut", ask_cut}, {"close", ask_close}, {"package", ask_package}, {"release", ask_release}};

static void on_request(void *arg, struct span request, struct buf *answer)
{
    struct role *role = arg;
    struct why why = {{0}};
    struct span rest = span_trim(request);
    struct span verb = span_cut(&rest, ' ');
    enum err err = why_set(&why, ERR_SYNTAX, "a request is cut, close, package or release");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (span_is(verb, verbs[i].verb)) {
            why = (struct why){{0}};
            err = verbs[i].ask(role, rest.at == NULL ? SPAN("") : rest, answer, &why);
        }
    }
    if (err != OK) {
        buf_clear(answer);
        buf_printf(answer, "error %s", why.text[0] != '\0' ? why.text : err_name(err));
    }
}

/* A tree without its keys shows them from the start; one that has them, with the first cut that the key signs. */
static enum err keys_publish(struct shop *shop, struct why *why)
{
    char path[FILE_PATH_MAX];
    TRY(signer_keys(shop->signer, false, &shop->vkey, &shop->minisign, why));
    return file_exists(path_join(path, shop->public_dir, "log/cut.vkey")) ? OK : shop_key_show(shop, why);
}

static enum err jail(const struct cut_options *options, struct why *why)
{
    char election[FILE_PATH_MAX], ledger[FILE_PATH_MAX], public_dir[FILE_PATH_MAX], run[FILE_PATH_MAX];
    char images[FILE_PATH_MAX];
    const char *const read[] = {path_join(election, options->dir, "election"),
                                path_join(ledger, options->dir, "ledger"), NULL};
    /* Images get a second name below public/, and a name may only be given from where one may write. */
    const char *const write[] = {path_join(public_dir, options->dir, "public"),
                                 path_join(run, options->dir, "run"),
                                 path_join(images, options->dir, "images"), NULL};
    const struct jail rights = {.name = "cut",
                                .rights = JAIL_SERVE | JAIL_CONNECT | JAIL_LOCAL | JAIL_FILES | JAIL_SPAWN |
                                          JAIL_THREADS,
                                .read = read,
                                .write = write};
    TRY(folder_make(images, why));
    return jail_enter(&rights, why);
}

static enum err open_all(struct role *role, const struct role_options *options, struct why *why)
{
    char path[FILE_PATH_MAX];
    TRY(jail(options->options, why));
    TRY(shop_open(&role->shop, options->options, options->signer, why));
    TRY(keys_publish(&role->shop, why));
    state_init(&role->state, options->options->dir);
    shop_during(&role->shop, during, role);
    TRY(loop_new(&role->loop, why));
    TRY(loop_signals(role->loop, NULL, NULL, why));
    path_join(path, options->options->dir, "run/cut.sock");
    return control_serve(role->loop, path, on_request, role, &role->server, why);
}

int cut_role_main(void *arg)
{
    static struct role role;
    struct why why = {{0}};
    log_start("cut", LOG_INFO);
    if (open_all(&role, arg, &why) != OK) {
        log_line(LOG_ERROR, "cut_start_failed", "why=\"%s\"", why.text);
        return 2;
    }
    loop_after(role.loop, 0, on_turn, &role);
    int code = loop_run(role.loop);
    state_stop(&role.state, &role.shop);
    control_server_close(role.server);
    loop_free(role.loop);
    shop_close(&role.shop);
    return code;
}
