/* The sign role's process and the words exchanged with it: packets "sign <bytes>" followed by the text in
 * pieces, "keys", or "anew": the key's file is read again, and then as for "keys"; answers "ok <bytes> <bytes>" followed by two texts, or "error <sentence>". */
#include "cut/signer.h"

#include "base/log.h"
#include "base/num.h"
#include "doors/manifest.h"
#include "keys/keyfile.h"
#include "os/file.h"
#include "os/jail.h"
#include "os/packet.h"
#include "os/proc.h"
#include "seal/minisig.h"

#include <inttypes.h>
#include <stdio.h>

struct signer {
    const struct signer_options *options;
    struct signing_key key;
    struct signer_state state;
    struct buf text, note, minisig, answer;
};

static enum err state_load(struct signer *signer, struct why *why)
{
    struct buf bytes = {.limit = 4096};
    enum err err = file_read(signer->options->state_path, 4096, &bytes, NULL);
    if (err == ERR_MISSING) {
        err = OK;
    } else if (err != OK || signer_state_parse(buf_as_span(&bytes), &signer->state) != OK) {
        err = why_set(why, ERR_SYNTAX, "%s: the signer's memory cannot be read; it signs nothing",
                      signer->options->state_path);
    }
    buf_done(&bytes);
    return err;
}

/* The memory is on disk before the signature leaves. */
static enum err sign(struct signer *signer, struct why *why)
{
    struct signer_state next;
    struct buf line = {0};
    TRY(signer_allows(&signer->state, buf_as_span(&signer->text), signer->key.secret.key.name, &next, why));
    signer_state_print(&next, &line);
    enum err err = file_write_private(signer->options->state_path, buf_as_span(&line), why);
    buf_done(&line);
    TRY(err);
    signer->state = next;
    char comment[256];
    int n = snprintf(comment, sizeof comment, "%s cut %" PRIu32, signer->key.secret.key.name, next.cut);
    note_make(&signer->key.secret, buf_as_span(&signer->text), &signer->note);
    minisign_make(&signer->key.secret, buf_as_span(&signer->note), span_of(comment, (size_t)n),
                  &signer->minisig);
    return signer->note.err == OK && signer->minisig.err == OK
               ? OK
               : why_set(why, ERR_IO, "sign: the token that holds the key does not sign");
}

static void keys(struct signer *signer)
{
    note_key_print(&signer->key.secret.key, &signer->note);
    minisign_public(&signer->key.secret.key, &signer->minisig);
}

/* The key's file was replaced (atalaya keys rotate). What cannot be read now, as the module of another token from within this
 * jail, is read by the role that is started next. */
static enum err read_anew(struct signer *signer)
{
    struct signing_key fresh;
    struct why why = {{0}};
    if (keyfile_load(signer->options->key_path, NULL, NULL, &fresh, &why) != OK) {
        log_line(LOG_WARN, "sign_key_not_read", "why=\"%s\"", why.text);
        return ERR_IO;
    }
    signing_key_done(&signer->key);
    signer->key = fresh;
    return OK;
}

/* One request; ERR_IO when the other side is gone, or this role is to begin anew. */
static enum err serve(struct signer *signer)
{
    struct why why = {{0}};
    uint64_t len = 0;
    int fd = signer->options->fd;
    buf_clear(&signer->text), buf_clear(&signer->note), buf_clear(&signer->minisig),
        buf_clear(&signer->answer);
    TRY(packet_take(fd, &signer->answer, PACKET_FOREVER));
    struct span request = buf_as_span(&signer->answer);
    enum err err = OK;
    if (span_is(request, "keys") || span_is(request, "anew")) {
        TRY(span_is(request, "anew") ? read_anew(signer) : OK);
        keys(signer);
    } else if (span_starts(request, SPAN("sign ")) && num_parse_u64(span_from(request, 5), &len) == OK &&
               len <= MANIFEST_BYTES_MAX) {
        TRY(packet_take_long(fd, len, &signer->text, 10000));
        err = sign(signer, &why);
    } else {
        err = why_set(&why, ERR_SYNTAX, "sign: a request that is none");
    }
    buf_clear(&signer->answer);
    if (err != OK) {
        buf_printf(&signer->answer, "error %s", why.text);
        return packet_give(fd, buf_as_span(&signer->answer));
    }
    buf_printf(&signer->answer, "ok %zu %zu", signer->note.len, signer->minisig.len);
    TRY(packet_give(fd, buf_as_span(&signer->answer)));
    TRY(packet_give_long(fd, buf_as_span(&signer->note)));
    return packet_give_long(fd, buf_as_span(&signer->minisig));
}

/* It reads the key, then may touch nothing but the folder of its memory, and what a token's module needs. */
static enum err signer_jail(const struct signer_options *options, const struct signing_key *key,
                            struct why *why)
{
    char folder[FILE_PATH_MAX];
    TRY(span_copy(span_str(options->state_path), folder, sizeof folder) ? OK : ERR_TOO_BIG);
    *strrchr(folder, '/') = '\0';
    const char *const write[] = {folder, key->path[0] != '\0' ? key->path : NULL, NULL};
    unsigned token = key->path[0] != '\0' ? (unsigned)JAIL_LOCAL : 0; /* its module may speak to its daemon */
    const struct jail jail = {
        .name = "sign", .rights = JAIL_SERVE | JAIL_FILES | token, .read = NULL, .write = write};
    return jail_enter(&jail, why);
}

int signer_main(void *arg)
{
    const struct signer_options *options = arg;
    struct signer signer = {.options = options};
    struct why why = {{0}};
    log_start("sign", LOG_INFO);
    enum err err = process_harden(&why);
    err = err != OK ? err : keyfile_load(options->key_path, NULL, NULL, &signer.key, &why);
    err = err != OK ? err : state_load(&signer, &why);
    err = err != OK ? err : signer_jail(options, &signer.key, &why);
    if (err != OK) {
        log_line(LOG_ERROR, "sign_start_failed", "why=\"%s\"", why.text);
        return 2;
    }
    while (serve(&signer) == OK) {
    }
    signing_key_done(&signer.key);
    buf_done(&signer.text), buf_done(&signer.note), buf_done(&signer.minisig), buf_done(&signer.answer);
    return 0;
}

static enum err answer_take(int fd, struct buf *first, struct buf *second, struct why *why)
{
    struct buf head = {0};
    uint64_t lens[2] = {0};
    enum err err = packet_take(fd, &head, 30000);
    if (err == OK && span_starts(buf_as_span(&head), SPAN("error "))) {
        struct span sentence = span_from(buf_as_span(&head), 6);
        err = why_set(why, ERR_REFUSED, "%.*s", SPAN_ARG(sentence));
    } else if (err == OK) {
        struct span rest = buf_as_span(&head);
        span_cut(&rest, ' ');
        err = num_parse_u64(span_cut(&rest, ' '), &lens[0]);
        err = err != OK ? err : num_parse_u64(rest, &lens[1]);
    }
    err = err != OK ? err : packet_take_long(fd, lens[0], first, 10000);
    err = err != OK ? err : packet_take_long(fd, lens[1], second, 10000);
    buf_done(&head);
    return err == OK ? OK : why_set(why, err, "the sign role does not answer");
}

enum err signer_ask(int fd, struct span text, struct buf *note, struct buf *minisig, struct why *why)
{
    char request[40];
    int n = snprintf(request, sizeof request, "sign %zu", text.len);
    if (packet_give(fd, span_of(request, (size_t)n)) != OK || packet_give_long(fd, text) != OK) {
        return why_set(why, ERR_IO, "the sign role is gone");
    }
    enum err err = answer_take(fd, note, minisig, why);
    if (err == OK && !span_starts(buf_as_span(note), text)) {
        err = why_set(why, ERR_CONFLICT, "the sign role answered with another text");
    }
    if (err != OK && err != ERR_REFUSED) {
        packet_end(fd); /* both roles end and are started again, in step */
    }
    return err;
}

enum err signer_keys(int fd, bool anew, struct buf *vkey, struct buf *minisign, struct why *why)
{
    buf_clear(vkey);
    buf_clear(minisign);
    if (packet_give(fd, anew ? SPAN("anew") : SPAN("keys")) != OK) {
        return why_set(why, ERR_IO, "the sign role is gone");
    }
    return answer_take(fd, vkey, minisign, why);
}
