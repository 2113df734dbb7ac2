/* The files root of a cut (docs/formats/roots.md): a leaf for each line of the manifest's plain files. */
#ifndef FORMATS_FILES_ROOT_H
#define FORMATS_FILES_ROOT_H

#include "doors/manifest.h"
#include "tlog/merkle.h"

/* Of a sorted manifest. */
void files_root(const struct manifest *manifest, struct hash *out);

#endif
