/* The tree over a cut's plain files. */
#include "formats/files_root.h"

void files_root(const struct manifest *manifest, struct hash *out)
{
    struct merkle_edge edge;
    struct buf line = {0};
    merkle_edge_init(&edge);
    for (uint32_t i = 0; i < manifest->n_files; i++) {
        struct hash leaf;
        buf_clear(&line);
        manifest_line_print(&manifest->files[i], &line);
        merkle_leaf(buf_as_span(&line), &leaf);
        merkle_edge_add(&edge, &leaf);
    }
    buf_done(&line);
    merkle_edge_root(&edge, out);
}
