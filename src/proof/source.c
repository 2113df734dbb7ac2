/* Reading by path, from the disk or over the wire. */
#include "proof/source.h"

#include "client/client.h"
#include "os/walk.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct source {
    char root[FILE_PATH_MAX];
    struct client *client; /* NULL: a folder */
    pthread_mutex_t lock;  /* of the client: one question at a time */
    _Atomic uint64_t reads, bytes;
};

static enum err open_folder(const char *where, struct source *source, struct why *why)
{
    char path[FILE_PATH_MAX];
    if (strlen(where) > FILE_PATH_MAX - 300) {
        return why_set(why, ERR_TOO_BIG, "ruta demasiado larga / the path is too long");
    }
    snprintf(source->root, sizeof source->root, "%s/public", where);
    if (file_exists(path_join(path, source->root, "latest.json"))) {
        return OK;
    }
    snprintf(source->root, sizeof source->root, "%s", where);
    return file_exists(where)
               ? OK
               : why_set(why, ERR_MISSING, "no existe %.300s / there is no such folder", where);
}

static enum err open_site(const char *where, struct source *source, struct why *why)
{
    size_t len = strlen(where);
    while (len > 0 && where[len - 1] == '/') {
        len--;
    }
    if (len > FILE_PATH_MAX - 300) {
        return why_set(why, ERR_TOO_BIG, "dirección demasiado larga / the address is too long");
    }
    snprintf(source->root, sizeof source->root, "%.*s", (int)len, where);
    const struct client_options options = {0};
    return client_new(&options, &source->client, why);
}

enum err source_open(const char *where, struct source **out, struct why *why)
{
    struct source *source = calloc(1, sizeof *source);
    if (source == NULL || pthread_mutex_init(&source->lock, NULL) != 0) {
        abort();
    }
    bool site =
        span_starts(span_str(where), SPAN("http://")) || span_starts(span_str(where), SPAN("https://"));
    enum err err = site ? open_site(where, source, why) : open_folder(where, source, why);
    if (err != OK) {
        source_close(source);
        return err;
    }
    *out = source;
    return OK;
}

void source_close(struct source *source)
{
    if (source != NULL) {
        client_free(source->client);
        pthread_mutex_destroy(&source->lock);
        free(source);
    }
}

uint64_t source_reads(const struct source *source)
{
    return source->reads;
}

uint64_t source_bytes(const struct source *source)
{
    return source->bytes;
}

bool source_is_folder(const struct source *source)
{
    return source->client == NULL;
}

enum err source_read(struct source *source, const char *path, size_t limit, struct buf *out, struct why *why)
{
    char full[FILE_PATH_MAX];
    struct client_answer answer;
    buf_clear(out);
    source->reads++;
    path_join(full, source->root, path);
    if (source->client == NULL) {
        return file_read(full, limit, out, why);
    }
    pthread_mutex_lock(&source->lock);
    enum err err = client_get(source->client, full, NULL, limit, out, &answer, why);
    pthread_mutex_unlock(&source->lock);
    TRY(err);
    source->bytes += out->len;
    if (answer.status == 404 || answer.status == 410) {
        return why_set(why, ERR_MISSING, "%.300s no está ahí (%d) / is not there", full, answer.status);
    }
    return answer.status == 200
               ? OK
               : why_set(why, ERR_IO, "%.300s contesta %d / answers so", full, answer.status);
}

struct others {
    file_visit each;
    void *arg;
};

static enum err if_other(void *arg, const struct walk_entry *entry)
{
    const struct others *others = arg;
    bool other = entry->kind == WALK_LINK || entry->kind == WALK_OTHER;
    return other ? others->each(others->arg, entry->path, 0) : OK;
}

enum err source_walk_others(struct source *source, file_visit each, void *arg, struct why *why)
{
    struct others others = {each, arg};
    int folder = open(source->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return why_set(why, ERR_IO, "%.300s no puede recorrerse / cannot be looked into", source->root);
    }
    enum err err = walk_all(folder, if_other, &others, why);
    close(folder);
    return err;
}

enum err source_walk(struct source *source, file_visit each, void *arg, struct why *why)
{
    return folder_walk(source->root, each, arg, why);
}
