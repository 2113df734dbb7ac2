/* The official database of one contest as CSV (docs/formats/package.md), pure. */
#ifndef RENDER_PACKAGE_H
#define RENDER_PACKAGE_H

#include "render/pages.h"

void render_csv(const struct fold *fold, uint32_t contest, const struct cut_facts *facts, struct buf *out);
void render_candidacies_csv(const struct fold *fold, uint32_t contest, struct buf *out);
/* leeme.txt: the dictionary of the columns of this contest. */
void render_leeme(const struct fold *fold, uint32_t contest, struct buf *out);

#endif
