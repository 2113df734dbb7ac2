/* atalaya-mirror: a difusor. A puller role follows a feed and verifies; an edge beside it serves what is
 * verified. The parent starts both, starts them again when they die, and serves nobody. */
#include "base/log.h"
#include "mirror/puller.h"
#include "os/clock.h"
#include "os/crew.h"
#include "os/file.h"
#include "os/jail.h"
#include "os/loop.h"
#include "os/manager.h"
#include "os/options.h"

#include <stdio.h>

enum { GRACE_MS = 3000, WATCH_MS = 100 };

struct setup {
    struct puller_options puller;
    char feed[2048], feed_state[FILE_PATH_MAX], public[FILE_PATH_MAX], keys[FILE_PATH_MAX];
    const char *url, *listen, *name, *vkey, *log_vkey, *results;
    struct option_many others;
    char other_urls[OPTION_MANY_MAX][2048];
    const char *other_list[OPTION_MANY_MAX];
    struct option_many mirrors;
    int64_t poll_ms, keep_cuts, keep_every;
    bool once;
};

/* The key itself, or the first line of a file. */
static enum err read_key(const char *given, struct note_key *out, struct why *why)
{
    struct buf bytes = {0};
    struct span rest = span_str(given), line = rest;
    if (file_exists(given)) {
        TRY(file_read(given, 4096, &bytes, why));
        rest = buf_as_span(&bytes);
        (void)span_line(&rest, &line);
    }
    enum err err = note_key_parse(span_trim(line), out, why);
    buf_done(&bytes);
    return err;
}

static void with_slash(const char *url, char *out, size_t size)
{
    bool slashed = url[0] != '\0' && url[strlen(url) - 1] == '/';
    snprintf(out, size, "%s%s", url, slashed ? "" : "/");
}

/* The edge's list of keys is there before the log has said any; what it said before stays. */
static enum err prepare_keys(struct setup *setup, struct why *why)
{
    const struct pull_options *pull = &setup->puller.pull;
    struct cut_keys keys = {.n = 0};
    path_join(setup->keys, pull->dir, BOUND_PINS_FILE);
    if (file_exists(setup->keys)) {
        return OK;
    }
    if (setup->vkey != NULL) {
        TRY(cut_keys_add(&keys, 0, &pull->key, why));
    }
    return bound_pin(&keys, pull->dir, why);
}

static enum err prepare(struct setup *setup, struct why *why)
{
    struct puller_options *puller = &setup->puller;
    if (setup->vkey != NULL) {
        TRY(read_key(setup->vkey, &puller->pull.key, why));
    }
    if (puller->pull.policy == NULL && setup->log_vkey == NULL) {
        return why_set(why, ERR_MISSING, "falta --policy o --log-vkey / needs one of them");
    }
    if (puller->pull.policy == NULL) {
        TRY(read_key(setup->log_vkey, &puller->pull.log_key, why));
    }
    TRY(folder_make(puller->pull.dir, why));
    TRY(prepare_keys(setup, why));
    with_slash(setup->url, setup->feed, sizeof setup->feed);
    puller->pull.feed = setup->feed;
    for (size_t i = 0; i < setup->others.n; i++) {
        with_slash(setup->others.values[i], setup->other_urls[i], sizeof setup->other_urls[i]);
        setup->other_list[i] = setup->other_urls[i];
    }
    puller->pull.others = setup->other_list;
    puller->pull.n_others = (uint32_t)setup->others.n;
    puller->pull.keep_cuts = (uint32_t)setup->keep_cuts;
    puller->pull.keep_every = (uint32_t)setup->keep_every;
    puller->poll_ms = (int)setup->poll_ms;
    path_join(setup->feed_state, puller->pull.dir, "feed-state");
    path_join(setup->public, puller->pull.dir, "public");
    puller->feed_state = setup->feed_state;
    const char *slash = puller->status == NULL ? NULL : strrchr(puller->status, '/');
    puller->name = slash != NULL ? slash + 1 : "mirror";
    return folder_make(setup->public, why);
}

static void edge_member(struct setup *setup, struct crew *crew)
{
    struct crew_member *edge = crew_add(crew, "edge", "atalaya-edge");
    crew_arg(crew, edge, "--root");
    crew_arg(crew, edge, "%s", setup->public);
    crew_arg(crew, edge, "--listen");
    crew_arg(crew, edge, "%s", setup->listen);
    crew_arg(crew, edge, "--role");
    crew_arg(crew, edge, "mirror");
    crew_arg(crew, edge, "--name");
    crew_arg(crew, edge, "%s", setup->name);
    crew_arg(crew, edge, "--vkey");
    crew_arg(crew, edge, "%s", setup->keys);
    crew_arg(crew, edge, "--feed-state");
    crew_arg(crew, edge, "%s", setup->feed_state);
    if (setup->puller.status != NULL) {
        crew_arg(crew, edge, "--status");
        crew_arg(crew, edge, "%s-edge", setup->puller.status);
    }
    crew_arg(crew, edge, "--hits");
    crew_arg(crew, edge, "%s/run/hits/%s", setup->puller.pull.dir, setup->name);
    crew_arg(crew, edge, "--incidents");
    crew_arg(crew, edge, "%s/run/incidents", setup->puller.pull.dir);
    if (setup->puller.clock != NULL) {
        crew_arg(crew, edge, "--clock");
        crew_arg(crew, edge, "%s", setup->puller.clock);
    }
    if (setup->results != NULL) {
        crew_arg(crew, edge, "--results");
        crew_arg(crew, edge, "%s", setup->results);
    }
    for (size_t i = 0; i < setup->mirrors.n; i++) {
        crew_arg(crew, edge, "--mirror");
        crew_arg(crew, edge, "%s", setup->mirrors.values[i]);
    }
}

static void on_event(void *arg, const struct crew_member *member, bool back)
{
    (void)arg;
    if (!back) {
        log_line(LOG_WARN, "role_died", "name=%s code=%d", member->name, member->last_code);
    }
}

struct watch {
    struct loop *loop;
    struct crew *crew;
};

static void on_tick(void *arg)
{
    struct watch *watch = arg;
    crew_watch(watch->crew, monotonic_ms(), on_event, NULL);
    loop_after(watch->loop, WATCH_MS, on_tick, watch);
}

static enum err run(struct setup *setup, struct why *why)
{
    static struct crew crew;
    struct watch watch = {.crew = &crew};
    TRY(jail_possible(why));
    crew_init(&crew, "");
    crew_add_role(&crew, "puller", puller_role, &setup->puller);
    if (setup->listen != NULL) {
        edge_member(setup, &crew);
    }
    TRY(loop_new(&watch.loop, why));
    TRY(loop_signals(watch.loop, NULL, NULL, why));
    for (uint32_t i = 0; i < crew.n; i++) {
        TRY(crew_start(&crew, &crew.members[i], why));
    }
    loop_after(watch.loop, WATCH_MS, on_tick, &watch);
    manager_watch(watch.loop);
    manager_ready();
    (void)loop_run(watch.loop);
    manager_stopping();
    for (uint32_t i = crew.n; i-- > 0;) {
        crew_stop(&crew.members[i], GRACE_MS); /* the edge first: it is the one that somebody talks to */
    }
    loop_free(watch.loop);
    crew_done(&crew);
    return OK;
}

static int once(const struct setup *setup)
{
    struct pull pull;
    struct why why = {{0}};
    if (pull_open(&pull, &setup->puller.pull, &why) != OK) {
        fprintf(stderr, "atalaya-mirror: %s\n", why.text);
        return 2;
    }
    enum pull_result result = pull_once(&pull, &why);
    if (result == PULL_NEW || result == PULL_SAME) {
        printf("corte %u verificado: %llu archivos, %llu bytes / cut verified: files, bytes\n", pull.cut,
               (unsigned long long)pull.files_fetched, (unsigned long long)pull.bytes_fetched);
    } else {
        fprintf(stderr, "atalaya-mirror: %s\n", why.text);
    }
    pull_close(&pull);
    return result == PULL_REJECTED ? 1 : result == PULL_LOST ? 2 : 0;
}

static int parse(struct setup *setup, int argc, char **argv)
{
    struct puller_options *puller = &setup->puller;
    const struct option_row rows[] = {
        {"feed", "URL", OPTION_TEXT, &setup->url, 0, 0, true, "la fuente de los difusores",
         "the difusores' feed"},
        {"vkey", "CLAVE", OPTION_TEXT, &setup->vkey, 0, 0, false,
         "una clave de los cortes que el registro debe atar; sin ella basta el registro",
         "a key of the cuts that the log must bind; without it, the log alone says which"},
        {"policy", "NOTA", OPTION_TEXT, &puller->pull.policy, 0, 0, false,
         "la política fijada, firmada por sus raíces: de ella sale la clave del registro, y sigue sus versiones",
         "the pinned policy: gives the log's key, and its newer versions are followed"},
        {"log-vkey", "CLAVE", OPTION_TEXT, &setup->log_vkey, 0, 0, false,
         "clave pública del registro, o un archivo con ella", "the log's key, or a file with it"},
        {"from", "URL", OPTION_MANY, &setup->others, 0, 0, false,
         "otro difusor, para asientos que la fuente no dé",
         "another mirror, for entries that the feed does not give"},
        {"dir", "DIR", OPTION_TEXT, &puller->pull.dir, 0, 0, true, "carpeta propia; se sirve DIR/public",
         "its own folder; DIR/public is served"},
        {"listen", "DIR:PTO", OPTION_TEXT, &setup->listen, 0, 0, false, "dónde sirve; sin ella solo copia",
         "where it serves; without it, it only copies"},
        {"name", "NOMBRE", OPTION_TEXT, &setup->name, 0, 0, false, "nombre público: difusor-1",
         "public name"},
        {"status", "ARCHIVO", OPTION_TEXT, &puller->status, 0, 0, false,
         "archivo de estado; el de su sitio es ARCHIVO-edge", "status file; its edge's has -edge added"},
        {"clock", "ARCHIVO", OPTION_TEXT, &puller->clock, 0, 0, false,
         "reloj de la noche; sin él, el del sistema", "the night's clock; without it, the system's"},
        {"results", "URL", OPTION_TEXT, &setup->results, 0, 0, false, "sitio de resultados, para los enlaces",
         "results site, for links"},
        {"mirror", "NOMBRE=URL", OPTION_MANY, &setup->mirrors, 0, 0, false, "otro difusor, para los enlaces",
         "another mirror, for links"},
        {"poll-ms", "N", OPTION_NUMBER, &setup->poll_ms, 10, 600000, false,
         "cada cuánto mira, en tiempo real (500)", "how often it looks, in real time"},
        {"keep-cuts", "N", OPTION_NUMBER, &setup->keep_cuts, 1, 1000000, false,
         "cortes recientes que conserva enteros (12)", "recent cuts kept whole"},
        {"keep-every", "N", OPTION_NUMBER, &setup->keep_every, 1, 1000000, false,
         "y de los viejos, uno de cada N (30)", "and of older ones every N-th"},
        {"once", NULL, OPTION_FLAG, &setup->once, 0, 0, false, "copia una vez y termina",
         "copies once and ends"},
    };
    const struct command command = {
        .program = "atalaya-mirror",
        .usage = "--feed URL --policy NOTA --dir DIR [--listen DIR:PTO]",
        .es =
            "Un difusor: copia los resultados de una fuente, comprueba la firma de cada corte con la clave que el registro ata y el "
            "SHA-256 de cada archivo antes de que sea visible, y los sirve por su cuenta. Si la fuente calla, sigue "
            "sirviendo el último corte bueno y dice su edad.",
        .en =
            "A mirror: copies the results from a feed, checks each cut's signature by the key that the log binds and each file's "
            "SHA-256 before it is visible, and serves them itself. When the feed is silent it goes on serving the last "
            "good cut and says its age.",
        .more =
            "  atalaya mirror --feed http://127.0.0.1:8090/ --policy policy.1.note --dir DIR --listen 127.0.0.1:8082\n\n"
            "Con --once termina en 0 si el corte está verificado, 1 si la fuente miente, 2 si no contesta.\n"
            "With --once it ends in 0 when the cut is verified, 1 when the feed lies, 2 when it does not answer.\n",
        .rows = rows,
        .n_rows = sizeof rows / sizeof *rows,
    };
    return command_parse(&command, argc, argv, NULL, NULL);
}

int main(int argc, char **argv)
{
    static struct setup setup = {.name = "difusor",
                                 .poll_ms = 500,
                                 .keep_cuts = 12,
                                 .keep_every = 30,
                                 .puller = {.pull = {.image_ms = 2000}}};
    struct why why = {{0}};
    int code = parse(&setup, argc, argv);
    if (code >= 0) {
        return code;
    }
    log_start("atalaya-mirror", LOG_INFO);
    enum err err = prepare(&setup, &why);
    if (err == OK && setup.once) {
        return once(&setup);
    }
    err = err == OK ? run(&setup, &why) : err;
    if (err != OK) {
        fprintf(stderr, "atalaya-mirror: %s\n", why.text);
        return 2;
    }
    return 0;
}
