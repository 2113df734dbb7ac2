/* Making a package (docs/formats/package.md): the official databases, their ZIPs and the paquete de difusión.
 */
#ifndef CUT_PACKAGE_BUILD_H
#define CUT_PACKAGE_BUILD_H

#include "base/err.h"
#include "render/pages.h"

struct package_job {
    const char *public_dir;
    const char *cut_folder; /* where the cut's files lie: PUBLIC/cut/{n}, or unfinished */
    const struct fold *fold;
    const struct chunk_plan *plan;
    struct cut_facts facts; /* of the cut whose figures it holds */
    const char (*chunk_names)[65];
    uint32_t n_chunks;
    void (*during)(void *arg); /* called now and then while it is made; NULL */
    void *during_arg;
};

/* Builds PUBLIC/package/.tmp-{n}, brings it on disk and renames it into place. */
MUST_CHECK enum err package_build(const struct package_job *job, struct why *why);

#endif
