/* The package's files. Everything in it is a function of the fold and the cut's facts. */
#include "cut/package_build.h"

#include "archive/archive.h"
#include "base/codec.h"
#include "cut/press.h"
#include "doors/manifest.h"
#include "os/append.h"
#include "os/file.h"
#include "render/package.h"
#include "seal/digest.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* Levels by measurement (bench/cut.py): databases shrink 5:1 at level 6 and little more beyond; of the
 * paquete de difusión the pages are most, and level 2 takes a third of the time for a tenth more bytes. */
enum { ZIP_LEVEL = 6, DIFFUSION_LEVEL = 2 };
enum { PACKED_FILE_MAX = 64 << 20 };

struct packing {
    const struct package_job *job;
    struct press press;
    char folder[FILE_PATH_MAX]; /* PUBLIC/package/.tmp-{n} */
    char stamp[32];             /* AAAAMMDD_HHMM, local */
    struct date date;
    struct zip_writer difusion;
    struct buf difusion_bytes;
    struct buf sums;
    struct why *why;
};

static void breathe(const struct packing *packing)
{
    if (packing->job->during != NULL) {
        packing->job->during(packing->job->during_arg);
    }
}

/* Writes a file of the package and notes its sum. */
static enum err put_file(struct packing *packing, const char *name, struct span bytes, bool text)
{
    struct pressed pressed;
    char path[FILE_PATH_MAX];
    char hex[65];
    breathe(packing);
    press_bytes(&packing->press, bytes, text ? PRESS_DATABASE : PRESS_PLAIN, &pressed);
    hex_print(hex, pressed.sha256[0], 32);
    buf_printf(&packing->sums, "%s  %s\n", hex, name);
    return press_write(&packing->press, path_join(path, packing->folder, name), bytes, &pressed,
                       packing->why);
}

/* The database of one contest: plain, and in its ZIP, which goes into the outer one. */
static enum err put_contest(struct packing *packing, uint32_t c, struct zip_writer *outer)
{
    const struct package_job *job = packing->job;
    const struct election *election = job->fold->election;
    const struct contest *contest = &election->contests[c];
    struct buf rows = {0}, candidacies = {0}, leeme = {0}, inner_bytes = {0};
    struct zip_writer inner;
    char names[4][200];
    snprintf(names[0], sizeof names[0], "%.*s_%.*s_%d.csv", SPAN_ARG(election->package_code),
             SPAN_ARG(contest->code), packing->date.year);
    snprintf(names[1], sizeof names[1], "%.*s_%.*s_CANDIDATURAS_%d.csv", SPAN_ARG(election->package_code),
             SPAN_ARG(contest->code), packing->date.year);
    snprintf(names[2], sizeof names[2], "%s_PREP_%.*s_%.*s.zip", packing->stamp, SPAN_ARG(contest->code),
             SPAN_ARG(election->package_code));
    snprintf(names[3], sizeof names[3], "package/%" PRIu32 "/%.160s", job->facts.number, names[0]);
    render_csv(job->fold, c, &job->facts, &rows);
    render_candidacies_csv(job->fold, c, &candidacies);
    render_leeme(job->fold, c, &leeme);
    breathe(packing);
    zip_writer_init(&inner, &inner_bytes, packing->date, ZIP_LEVEL);
    zip_writer_add(&inner, span_str(names[0]), buf_as_span(&rows));
    zip_writer_add(&inner, span_str(names[1]), buf_as_span(&candidacies));
    zip_writer_add(&inner, SPAN("leeme.txt"), buf_as_span(&leeme));
    zip_writer_done(&inner);
    zip_writer_add(outer, span_str(names[2]), buf_as_span(&inner_bytes));
    zip_writer_add(&packing->difusion, span_str(names[3]), buf_as_span(&rows));
    enum err err = put_file(packing, names[0], buf_as_span(&rows), true);
    err = err != OK ? err : put_file(packing, names[2], buf_as_span(&inner_bytes), false);
    buf_done(&rows), buf_done(&candidacies), buf_done(&leeme), buf_done(&inner_bytes);
    return err;
}

static enum err put_databases(struct packing *packing)
{
    const struct election *election = packing->job->fold->election;
    struct buf bytes = {0};
    struct zip_writer outer;
    char name[160];
    enum err err = OK;
    zip_writer_init(&outer, &bytes, packing->date, 0); /* what it holds is packed already */
    for (uint32_t c = 0; err == OK && c < election->n_contests; c++) {
        err = put_contest(packing, c, &outer);
    }
    zip_writer_done(&outer);
    snprintf(name, sizeof name, "%s_PREP_%.*s.zip", packing->stamp, SPAN_ARG(election->package_code));
    err = err != OK ? err : put_file(packing, name, buf_as_span(&bytes), false);
    buf_done(&bytes);
    return err;
}

/* Adds a file on disk to the paquete de difusión. */
static enum err diffuse(struct packing *packing, const char *disk, const char *name)
{
    struct mapped mapped;
    breathe(packing);
    TRY(file_map(disk, &mapped, packing->why));
    if (mapped.bytes.len <= PACKED_FILE_MAX) {
        zip_writer_add(&packing->difusion, span_str(name), mapped.bytes);
    }
    file_unmap(&mapped);
    return OK;
}

/* The pages and data of the cut; twins, signatures and second copies stay out, they belong to the site. */
static enum err diffuse_cut_file(void *arg, const char *relative, int64_t size)
{
    struct packing *packing = arg;
    struct span path = span_str(relative);
    char disk[FILE_PATH_MAX];
    char name[PAGE_PATH_MAX + 64];
    (void)size;
    if (manifest_path_twin(path) || span_starts(path, SPAN(MANIFEST_ENTRY_COPIES)) ||
        span_is(path, "manifest") || span_is(path, "manifest.minisig")) {
        return OK;
    }
    snprintf(name, sizeof name, "cut/%" PRIu32 "/%s", packing->job->facts.number, relative);
    return diffuse(packing, path_join(disk, packing->job->cut_folder, relative), name);
}

static enum err diffuse_entry(void *arg, const char *path, struct span bytes)
{
    struct packing *packing = arg;
    breathe(packing);
    zip_writer_add(&packing->difusion, span_str(path), bytes);
    return OK;
}

static enum err diffuse_chunks(struct packing *packing)
{
    const struct package_job *job = packing->job;
    for (uint32_t i = 0; i < job->n_chunks; i++) {
        char disk[FILE_PATH_MAX];
        char name[PAGE_PATH_MAX];
        snprintf(name, sizeof name, "chunk/%s.html", job->chunk_names[i]);
        TRY(diffuse(packing, path_join(disk, job->public_dir, name), name));
    }
    return OK;
}

static enum err put_difusion(struct packing *packing)
{
    const struct package_job *job = packing->job;
    TRY(render_entries(job->fold, job->plan, &job->facts, job->chunk_names, job->n_chunks, diffuse_entry,
                       packing));
    TRY(folder_walk(job->cut_folder, diffuse_cut_file, packing, packing->why));
    return diffuse_chunks(packing);
}

static enum err put_all(struct packing *packing)
{
    char name[64];
    char path[FILE_PATH_MAX];
    TRY(put_databases(packing));
    TRY(put_difusion(packing));
    zip_writer_done(&packing->difusion);
    snprintf(name, sizeof name, "difusion/%s_DIFUSION.zip", packing->stamp);
    TRY(put_file(packing, name, buf_as_span(&packing->difusion_bytes), false));
    return file_write_new(path_join(path, packing->folder, "SHA256SUMS"), buf_as_span(&packing->sums),
                          packing->why);
}

static void packing_init(struct packing *packing, const struct package_job *job, struct why *why)
{
    *packing = (struct packing){.job = job, .why = why};
    packing->date = date_at(job->facts.time_ms, job->fold->election->offset_min);
    snprintf(packing->stamp, sizeof packing->stamp, "%04d%02d%02d_%02d%02d", packing->date.year,
             packing->date.month, packing->date.day, packing->date.hour, packing->date.minute);
    snprintf(packing->folder, sizeof packing->folder, "%s/package/.tmp-%" PRIu32, job->public_dir,
             job->facts.number);
    press_init(&packing->press);
    zip_writer_init(&packing->difusion, &packing->difusion_bytes, packing->date, DIFFUSION_LEVEL);
}

static void packing_done(struct packing *packing)
{
    press_done(&packing->press);
    buf_done(&packing->difusion_bytes);
    buf_done(&packing->sums);
}

enum err package_build(const struct package_job *job, struct why *why)
{
    struct packing packing;
    char final[FILE_PATH_MAX];
    packing_init(&packing, job, why);
    snprintf(final, sizeof final, "%s/package/%" PRIu32, job->public_dir, job->facts.number);
    enum err err = folder_remove(packing.folder, why);
    err = err != OK ? err : folder_remove(final, why);
    err = err != OK ? err : folder_make(packing.folder, why);
    err = err != OK ? err : put_all(&packing);
    err = err != OK ? err : file_sync_all(packing.folder, why);
    err = err != OK ? err : file_rename(packing.folder, final, why);
    if (err != OK) {
        struct why ignored;
        (void)!folder_remove(packing.folder, &ignored);
    }
    packing_done(&packing);
    return err;
}
