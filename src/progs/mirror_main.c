/* atalaya-mirror: a difusor. A puller role follows a feed and verifies; an edge beside it serves what is
 * verified. The parent starts both, starts them again when they die, and serves nobody. */
#include "base/log.h"
#include "mirror/puller.h"
#include "os/clock.h"
#include "os/crew.h"
#include "os/file.h"
#include "os/loop.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "atalaya-mirror: un difusor / a mirror\n"
    "\n"
    "Copia los resultados de una fuente, comprueba la firma de cada corte con la clave fijada y el SHA-256 "
    "de cada\n"
    "archivo antes de que sea visible, y los sirve por su cuenta. Si la fuente calla, sigue sirviendo el "
    "último corte\n"
    "bueno y dice su edad.\n"
    "Copies the results from a feed, checks each cut's signature against the pinned key and each file's "
    "SHA-256 before\n"
    "it is visible, and serves them itself. When the feed is silent it goes on serving the last good cut and "
    "says its\n"
    "age.\n"
    "\n"
    "  atalaya-mirror --feed http://127.0.0.1:8090/ --vkey CLAVE --dir DIR --listen 127.0.0.1:8082\n"
    "\n"
    "  --feed URL          la fuente de los difusores / the difusores' feed\n"
    "  --vkey CLAVE        clave pública del firmante, o un archivo que la contiene / signer's key, or a "
    "file with it\n"
    "  --dir DIR           carpeta propia; se sirve DIR/public / its own folder; DIR/public is served\n"
    "  --listen DIR:PTO    dónde sirve / where it serves; sin ella solo copia / without it, it only copies\n"
    "  --name NOMBRE       difusor-1\n"
    "  --status ARCHIVO    archivo de estado; el de su sitio es ARCHIVO-edge / status file; its edge's has "
    "-edge added\n"
    "  --clock ARCHIVO     reloj de la noche (sin él, el del sistema) / the night's clock\n"
    "  --results URL       sitio de resultados, para los enlaces / results site, for links\n"
    "  --mirror N=URL      otro difusor, para los enlaces; repetible / another mirror, repeatable\n"
    "  --poll-ms N         cada cuánto mira, en tiempo real (500) / how often it looks, real time\n"
    "  --keep-cuts N       cortes recientes que conserva enteros (12) / recent cuts kept whole\n"
    "  --keep-every N      y de los viejos, uno de cada N (30) / and of older ones every N-th\n"
    "  --once              copia una vez y termina: 0 si el corte está verificado / copy once and end\n";

enum { GRACE_MS = 3000, WATCH_MS = 100, LINKS_MAX = 16 };

struct setup {
    struct puller_options puller;
    char feed[2048], feed_state[FILE_PATH_MAX], public[FILE_PATH_MAX];
    const char *listen, *name, *vkey, *results;
    const char *mirrors[LINKS_MAX];
    int n_mirrors;
    bool once;
};

enum {
    OPT_FEED = 256,
    OPT_VKEY,
    OPT_DIR,
    OPT_LISTEN,
    OPT_NAME,
    OPT_STATUS,
    OPT_CLOCK,
    OPT_RESULTS,
    OPT_MIRROR,
    OPT_POLL,
    OPT_KEEP_CUTS,
    OPT_KEEP_EVERY,
    OPT_ONCE,
    OPT_HELP
};

static const struct option options[] = {
    {"feed", required_argument, NULL, OPT_FEED},
    {"vkey", required_argument, NULL, OPT_VKEY},
    {"dir", required_argument, NULL, OPT_DIR},
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"name", required_argument, NULL, OPT_NAME},
    {"status", required_argument, NULL, OPT_STATUS},
    {"clock", required_argument, NULL, OPT_CLOCK},
    {"results", required_argument, NULL, OPT_RESULTS},
    {"mirror", required_argument, NULL, OPT_MIRROR},
    {"poll-ms", required_argument, NULL, OPT_POLL},
    {"keep-cuts", required_argument, NULL, OPT_KEEP_CUTS},
    {"keep-every", required_argument, NULL, OPT_KEEP_EVERY},
    {"once", no_argument, NULL, OPT_ONCE},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static uint32_t number(const char *text, uint32_t least)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value < least || value > 1000000) {
        fprintf(stderr, "atalaya-mirror: \"%s\" no es un número desde %u / not a number from there on\n",
                text, least);
        exit(2);
    }
    return (uint32_t)value;
}

static void take_option(struct setup *setup, int option, const char *value)
{
    switch (option) {
    case OPT_FEED:
        snprintf(setup->feed, sizeof setup->feed, "%s%s", value,
                 value[0] != '\0' && value[strlen(value) - 1] == '/' ? "" : "/");
        break;
    case OPT_VKEY:
        setup->vkey = value;
        break;
    case OPT_DIR:
        setup->puller.pull.dir = value;
        break;
    case OPT_LISTEN:
        setup->listen = value;
        break;
    case OPT_NAME:
        setup->name = value;
        break;
    case OPT_STATUS:
        setup->puller.status = value;
        break;
    case OPT_CLOCK:
        setup->puller.clock = value;
        break;
    case OPT_RESULTS:
        setup->results = value;
        break;
    case OPT_MIRROR:
        if (setup->n_mirrors < LINKS_MAX) {
            setup->mirrors[setup->n_mirrors++] = value;
        }
        break;
    case OPT_POLL:
        setup->puller.poll_ms = (int)number(value, 10);
        break;
    case OPT_KEEP_CUTS:
        setup->puller.pull.keep_cuts = number(value, 1);
        break;
    case OPT_KEEP_EVERY:
        setup->puller.pull.keep_every = number(value, 1);
        break;
    case OPT_ONCE:
        setup->once = true;
        break;
    case OPT_HELP:
        fputs(help, stdout);
        exit(0);
    default:
        fputs("atalaya-mirror --help\n", stderr);
        exit(2);
    }
}

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

static enum err prepare(struct setup *setup, struct why *why)
{
    struct puller_options *puller = &setup->puller;
    if (setup->feed[0] == '\0' || setup->vkey == NULL || puller->pull.dir == NULL) {
        return why_set(why, ERR_MISSING,
                       "hacen falta --feed, --vkey y --dir / --feed, --vkey and --dir are needed");
    }
    TRY(read_key(setup->vkey, &puller->pull.key, why));
    TRY(folder_make(puller->pull.dir, why));
    puller->pull.feed = setup->feed;
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
    crew_arg(crew, edge, "%s", setup->vkey);
    crew_arg(crew, edge, "--feed-state");
    crew_arg(crew, edge, "%s", setup->feed_state);
    if (setup->puller.status != NULL) {
        crew_arg(crew, edge, "--status");
        crew_arg(crew, edge, "%s-edge", setup->puller.status);
    }
    if (setup->puller.clock != NULL) {
        crew_arg(crew, edge, "--clock");
        crew_arg(crew, edge, "%s", setup->puller.clock);
    }
    if (setup->results != NULL) {
        crew_arg(crew, edge, "--results");
        crew_arg(crew, edge, "%s", setup->results);
    }
    for (int i = 0; i < setup->n_mirrors; i++) {
        crew_arg(crew, edge, "--mirror");
        crew_arg(crew, edge, "%s", setup->mirrors[i]);
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
    (void)loop_run(watch.loop);
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

int main(int argc, char **argv)
{
    static struct setup setup = {
        .name = "difusor",
        .puller = {.poll_ms = 500, .pull = {.keep_cuts = 12, .keep_every = 30, .image_ms = 2000}},
    };
    struct why why = {{0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        take_option(&setup, option, optarg);
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
