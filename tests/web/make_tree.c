/* Makes a published tree for the browser tests out of a definition and invented, repeatable votes:
 *
 *   web_make_tree DEFINITION OUT CUTS
 *
 * OUT/cut/{n}/ and OUT/chunk/ are as in docs/formats/tree.md; what changes from cut to cut at the root (entry
 * pages, latest.json) lies in OUT/root-{n}/, so that the test's server decides which cut is the newest. Cut 0
 * is the one in zeros; the last one is declared so. */
#include "../unit/render/night.h"
#include "formats/election.h"
#include "render/pages.h"
#include "seal/digest.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum { MINUTE = 60000 };

static void write_file(const char *root, const char *path, struct span bytes)
{
    char full[512];
    snprintf(full, sizeof full, "%s/%s", root, path);
    for (char *slash = strchr(full + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(full, 0755);
        *slash = '/';
    }
    FILE *file = fopen(full, "wb");
    assert(file != NULL);
    assert(fwrite(bytes.at, 1, bytes.len, file) == bytes.len);
    assert(fclose(file) == 0);
}

static enum err emit(void *arg, const char *path, struct span bytes)
{
    write_file(arg, path, bytes);
    return OK;
}

static char (*write_chunks(const struct fold *fold, const struct chunk_plan *plan, const char *out))[65]
{
    uint32_t n = chunk_total(fold, plan);
    char(*names)[65] = calloc(n + 1, 65);
    struct buf bytes;
    buf_init(&bytes, 0);
    for (uint32_t i = 0; i < n; i++) {
        char path[96];
        buf_clear(&bytes);
        render_chunk(fold, plan, i, &bytes);
        digest_hex(buf_as_span(&bytes), names[i]);
        snprintf(path, sizeof path, "chunk/%s.html", names[i]);
        write_file(out, path, buf_as_span(&bytes));
    }
    buf_done(&bytes);
    return names;
}

static void publish(const struct fold *fold, const struct chunk_plan *plan, const char *out,
                    const struct cut_facts *facts)
{
    char folder[256];
    struct buf latest;
    uint8_t manifest[32] = {0};
    char(*names)[65] = write_chunks(fold, plan, out);
    clock_t start = clock();
    snprintf(folder, sizeof folder, "%s/cut/%u", out, facts->number);
    assert(render_cut(fold, plan, facts, (const char(*)[65])names, chunk_total(fold, plan), emit, folder) ==
           OK);
    snprintf(folder, sizeof folder, "%s/root-%u", out, facts->number);
    assert(render_entries(fold, plan, facts, (const char(*)[65])names, chunk_total(fold, plan), emit,
                          folder) == OK);
    fprintf(stderr, "cut %u in %ld ms\n", facts->number, (long)((clock() - start) * 1000 / CLOCKS_PER_SEC));
    buf_init(&latest, 0);
    render_latest(fold, facts, manifest, &latest);
    write_file(folder, "latest.json", buf_as_span(&latest));
    buf_done(&latest);
    free(names);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: web_make_tree DEFINITION OUT CUTS\n");
        return 2;
    }
    static struct election election;
    struct why why = {{0}};
    struct fold *fold;
    struct chunk_plan *plan;
    uint32_t cuts = (uint32_t)atoi(argv[3]), came = 0;
    if (election_load(argv[1], &election, &why) != OK) {
        fprintf(stderr, "%s\n", why.text);
        return 2;
    }
    assert(fold_new(&election, &fold) == OK && chunk_plan_new(&election, &plan) == OK);
    night_open(fold);
    for (uint32_t n = 0; n < cuts; n++) {
        bool last = n + 1 == cuts;
        int64_t now_ms = election.opening_ms + (n == 0 ? -30 : (int64_t)n * 60) * MINUTE;
        if (n > 0) {
            night_arrive(fold, &came, (uint32_t)((uint64_t)election.n_actas * n * 95 / (cuts - 1) / 100),
                         now_ms, n * 2 <= cuts);
        }
        if (n == 2) {
            night_notice(fold, now_ms - MINUTE);
        }
        struct cut_facts facts = {.number = n,
                                  .time_ms = now_ms,
                                  .next_ms = last ? -1 : now_ms + 60 * MINUTE,
                                  .package = n > 0 ? n - 1 : 0,
                                  .package_ms = n > 1 ? now_ms - 60 * MINUTE : -1,
                                  .last = last};
        publish(fold, plan, argv[2], &facts);
    }
    chunk_plan_free(plan);
    fold_free(fold);
    election_done(&election);
    return 0;
}
