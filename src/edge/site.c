/* Walking, reading and compressing the files of a static folder. */
#include "edge/site.h"

#include "base/date.h"
#include "base/map.h"
#include "edge/banner.h"
#include "edge/below.h"
#include "edge/routes.h"
#include "os/file.h"
#include "seal/digest.h"
#include "wire/text.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>

enum { SQUEEZE_FROM = 200, GZIP_LEVEL = 6, BROTLI_QUALITY = 5 };

void site_init(struct site *site, int folder, const char *path, struct vault *vault)
{
    *site = (struct site){.folder = folder, .path = path, .vault = vault};
    site->squeezer = squeezer_new(GZIP_LEVEL, BROTLI_QUALITY);
    arena_init(&site->arena, 0);
}

void site_done(struct site *site)
{
    squeezer_free(site->squeezer);
    arena_done(&site->arena);
    free(site->files);
}

void site_fill_links(struct span page, const struct site_link *links, uint32_t n_links, struct buf *out)
{
    static const char mark[] = "<!-- atalaya:enlaces -->";
    for (;;) {
        const char *at = page.len == 0 ? NULL : memmem(page.at, page.len, mark, sizeof mark - 1);
        if (at == NULL) {
            buf_span(out, page);
            return;
        }
        buf_span(out, span_of(page.at, (size_t)(at - page.at)));
        buf_str(out, "<ul class=\"atalaya-enlaces\">");
        for (uint32_t i = 0; i < n_links; i++) {
            buf_str(out, "<li><a href=\"");
            html_text(out, span_str(links[i].url));
            buf_str(out, "\">");
            html_text(out, span_str(links[i].name));
            buf_str(out, "</a></li>");
        }
        buf_str(out, "</ul>");
        page = span_from(page, (size_t)(at - page.at) + sizeof mark - 1);
    }
}

static void put_notice(const struct notice_text *notice, struct buf *out)
{
    char time[DATE_ISO_LEN + 1];
    if (notice->len == 0) {
        return;
    }
    date_print_iso(time, notice->time_ms);
    buf_printf(out,
               "<section class=\"atalaya-aviso\" aria-label=\"Aviso\"><h2>Aviso <span lang=\"en\">/ "
               "Notice</span></h2><p><time datetime=\"%s\">%.10s %.5s UTC</time>: ",
               time, time, time + 11);
    html_text(out, span_of(notice->text, notice->len));
    buf_str(out, "</p></section>");
}

void site_fill_notice(struct span page, const struct notice_text *notice, struct buf *out)
{
    static const char mark[] = "<!-- atalaya:avisos -->";
    const char *at = page.len == 0 ? NULL : memmem(page.at, page.len, mark, sizeof mark - 1);
    if (at == NULL) {
        buf_span(out, page);
        return;
    }
    buf_span(out, span_of(page.at, (size_t)(at - page.at)));
    put_notice(notice, out);
    buf_span(out, span_from(page, (size_t)(at - page.at) + sizeof mark - 1));
}

bool site_hides(const char *path)
{
    static const char known[] = ".well-known/";
    const char *rest = strncmp(path, known, sizeof known - 1) == 0 ? path + sizeof known - 1 : path;
    return rest[0] == '.' || strstr(rest, "/.") != NULL;
}

struct walk {
    struct site *site;
    struct arena arena;
    struct site_file *files;
    uint32_t n;
    uint64_t look;
};

static enum err visit(void *arg, const char *relative, int64_t size)
{
    struct walk *walk = arg;
    struct stat info;
    (void)size;
    if (site_hides(relative)) {
        return OK;
    }
    if (fstatat(walk->site->folder, relative, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) {
        return OK;
    }
    if (walk->n == SITE_FILES_MAX) {
        return ERR_TOO_BIG;
    }
    if (walk->n == 0 || (walk->n & (walk->n - 1)) == 0) {
        walk->files = realloc(walk->files, (walk->n == 0 ? 1 : (size_t)walk->n * 2) * sizeof *walk->files);
        assert(walk->files != NULL);
    }
    struct site_file *file = &walk->files[walk->n++];
    *file = (struct site_file){.path = arena_copy(&walk->arena, span_str(relative))};
    file->mtime_ns = info.st_mtim.tv_sec * INT64_C(1000000000) + info.st_mtim.tv_nsec;
    file->size = (uint64_t)info.st_size;
    file->inode = info.st_ino;
    uint64_t facts[3] = {(uint64_t)file->mtime_ns, file->size, file->inode};
    walk->look = siphash(walk->look, 1, facts, sizeof facts);
    walk->look = siphash(walk->look, 2, relative, strlen(relative));
    return OK;
}

static enum err hold(struct site *site, struct span bytes, struct body **out)
{
    uint8_t digest[32];
    digest_of(bytes, digest);
    return vault_put(site->vault, digest, bytes, out);
}

static enum err hold_twins(struct site *site, struct span bytes, struct body *bodies[ENC_COUNT])
{
    struct buf small;
    buf_init(&small, 0);
    squeeze_gzip(site->squeezer, bytes, &small);
    enum err err = small.len < bytes.len ? hold(site, buf_as_span(&small), &bodies[ENC_GZIP]) : OK;
    buf_clear(&small);
    squeeze_brotli(site->squeezer, bytes, &small);
    if (err == OK && small.len < bytes.len) {
        err = hold(site, buf_as_span(&small), &bodies[ENC_BR]);
    }
    buf_done(&small);
    return err;
}

/* The notice stands where the page says, the banner of a site that was taken down in front of all. */
static void fill_page(const struct site *site, struct span bytes, struct buf *page)
{
    struct buf linked = {0};
    struct buf noticed = {0};
    site_fill_links(bytes, site->links, site->n_links, &linked);
    site_fill_notice(buf_as_span(&linked), &site->notice, &noticed);
    struct span all = buf_as_span(&noticed);
    size_t place = site->banner.len > 0 ? banner_place(all) : 0;
    buf_span(page, span_of(all.at, place));
    buf_span(page, site->banner);
    buf_span(page, span_from(all, place));
    buf_done(&linked);
    buf_done(&noticed);
}

enum err site_hold_file(struct site *site, struct site_file *file, struct span bytes, struct why *why)
{
    struct buf page = {0};
    struct span content = bytes;
    if (span_ends(file->path, SPAN(".html"))) {
        fill_page(site, bytes, &page);
        content = buf_as_span(&page);
    }
    enum err err = hold(site, content, &file->bodies[ENC_IDENTITY]);
    if (err == OK && !site->plain && content.len >= SQUEEZE_FROM && media_is_text(media_type(file->path))) {
        err = hold_twins(site, content, file->bodies);
    }
    buf_done(&page);
    return err == ERR_FULL ? why_set(why, err, "%.*s: the memory budget is used up", SPAN_ARG(file->path))
                           : err;
}

static enum err read_file(struct site *site, struct site_file *file, struct why *why)
{
    struct buf bytes = {0};
    enum err err = below_read(site->folder, file->path.at, SITE_FILE_MAX, &bytes, why);
    err = err == OK ? site_hold_file(site, file, buf_as_span(&bytes), why) : err;
    buf_done(&bytes);
    return err;
}

uint64_t site_notice_mark(const struct site *site)
{
    uint64_t time = (uint64_t)site->notice.time_ms;
    return site->notice.len == 0 ? 0
                                 : siphash(time, site->notice.len, site->notice.text, site->notice.len) | 1;
}

/* Both lists are in byte order of the paths: what is unchanged keeps its bodies, the rest is read. */
static enum err read_changed(struct site *site, struct walk *walk, struct why *why)
{
    uint32_t old = 0;
    bool noticed = site->noticed == site_notice_mark(site);
    for (uint32_t i = 0; i < walk->n; i++) {
        struct site_file *file = &walk->files[i];
        while (old < site->n_files && span_compare(site->files[old].path, file->path) < 0) {
            old++;
        }
        const struct site_file *before = old < site->n_files ? &site->files[old] : NULL;
        if (before != NULL && span_equal(before->path, file->path) && before->mtime_ns == file->mtime_ns &&
            before->size == file->size && before->inode == file->inode &&
            (noticed || !span_ends(file->path, SPAN(".html")))) {
            memcpy(file->bodies, before->bodies, sizeof file->bodies);
            continue;
        }
        TRY(read_file(site, file, why));
    }
    return OK;
}

static enum err look(struct site *site, struct walk *walk, struct why *why)
{
    enum err err = folder_walk(site->path, visit, walk, why);
    if (err == ERR_TOO_BIG) {
        return why_set(why, err, "%s: more than %d files", site->path, SITE_FILES_MAX);
    }
    TRY(err);
    walk->look ^= site_notice_mark(site);
    bool settled = walk->look == site->walked || !site->any;
    site->walked = walk->look;
    if (site->any && walk->look == site->loaded) {
        return ERR_EXISTS;
    }
    return settled ? read_changed(site, walk, why) : ERR_AGAIN;
}

enum err site_advance(struct site *site, struct why *why)
{
    struct walk walk = {.site = site};
    arena_init(&walk.arena, 0);
    enum err err = look(site, &walk, why);
    if (err != OK) {
        arena_done(&walk.arena);
        free(walk.files);
        return err;
    }
    arena_done(&site->arena);
    free(site->files);
    site->arena = walk.arena;
    site->files = walk.files;
    site->n_files = walk.n;
    site->loaded = walk.look;
    site->noticed = site_notice_mark(site);
    site->any = true;
    return OK;
}

void site_want(struct site *site)
{
    for (uint32_t i = 0; i < site->n_files; i++) {
        for (int e = 0; e < ENC_COUNT; e++) {
            if (site->files[i].bodies[e] != NULL) {
                vault_want(site->vault, site->files[i].bodies[e]);
            }
        }
    }
}

void site_view(struct site *site, struct routes *routes)
{
    for (uint32_t i = 0; i < site->n_files; i++) {
        struct site_file *file = &site->files[i];
        routes_add(routes, file->path, file->bodies, KEEP_SITE);
        if (span_is(file->path, "404.html")) {
            routes_add_as(routes, VIEW_NOT_FOUND, media_type(file->path), file->bodies, KEEP_BRIEF);
        }
    }
}
