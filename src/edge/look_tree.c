/* The loader's look at a tree: a new cut, the older ones behind it, the cut's code and the newest notice. */
#include "edge/below.h"
#include "edge/key_list.h"
#include "edge/loader.h"

#include "edge/estado.h"

#include "doors/cut_code.h"
#include "os/clock.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { LOOK_TREE_MS = 200, LOOK_REFUSED_MS = 1000, LOOK_FLOW_MS = 1000 };

/* What latest.json looks like from outside: cheap, so it can be asked five times a second. */
static bool has_moved(struct loader *loader)
{
    struct stat info;
    if (fstatat(loader->gift->folder, "latest.json", &info, AT_SYMLINK_NOFOLLOW) != 0) {
        memset(&info, 0, sizeof info);
    }
    uint64_t look[4] = {(uint64_t)info.st_ino, (uint64_t)info.st_size, (uint64_t)info.st_mtim.tv_sec,
                        (uint64_t)info.st_mtim.tv_nsec};
    bool moved = memcmp(look, loader->seen, sizeof look) != 0;
    memcpy(loader->seen, look, sizeof look);
    return moved;
}

/* After the newest cut is up: one older cut a turn, until ten are held. */
static void reach_back(struct loader *loader, int64_t started_ms)
{
    if (loader->reach == 0) {
        return;
    }
    /* Each is published by itself: what it brings is sealed before the next is read, so memory has no peak. */
    if (tree_reach_back(&loader->tree) == OK) {
        loader->reach--;
        loader_publish(loader, started_ms);
    } else {
        loader->reach = 0;
    }
}

static void advance(struct loader *loader, int64_t started_ms)
{
    struct why why = {0};
    bool first = loader->tree.n_cuts == 0;
    enum err err = tree_advance(&loader->tree, &why);
    while (err == ERR_FULL && tree_shorten(&loader->tree)) {
        loader_publish(loader, started_ms); /* without the oldest cut there is room again */
        why = (struct why){0};
        err = tree_advance(&loader->tree, &why);
    }
    if (err == OK) {
        loader->reach = first ? TREE_CUTS - 1 : loader->reach;
        loader_publish(loader, started_ms);
    } else if (err == ERR_EXISTS) {
        loader_all_well(loader);
    } else {
        loader_publish_first(loader, started_ms);
        loader_complain(loader, &why);
    }
}

/* The newest cut's code, once its proof is there: a hash over the file, which is not looked into. It comes a moment after the cut,
 * when the log has signed a tree that holds the cut's entry. */
static void look_at_code(struct loader *loader)
{
    struct loader_notice *notice = &loader->notice;
    struct view_facts facts = {0};
    char path[CUT_PROOF_PATH_MAX];
    struct buf bytes = {0};
    struct why why = {0};
    tree_facts(&loader->tree, &facts);
    if (!facts.has_cut || (notice->code_cut == facts.cut && notice->code[0] != '\0')) {
        return;
    }
    notice->code_cut = facts.cut;
    notice->code[0] = '\0';
    cut_proof_path(facts.cut, path);
    if (below_read(loader->gift->folder, path, CUT_PROOF_BYTES_MAX, &bytes, &why) == OK && bytes.len > 0) {
        cut_code_print(buf_as_span(&bytes), notice->code);
        loader_tell(loader);
    }
    buf_done(&bytes);
}

static bool same_notice(const struct notice_text *a, const struct notice_text *b)
{
    return a->time_ms == b->time_ms && span_equal(span_of(a->text, a->len), span_of(b->text, b->len));
}

/* The newest notice, which is shown before any cut has it. */
static void look_at_notice(struct loader *loader)
{
    struct notice_text *shown = &loader->notice.public_notice;
    struct notice_text found = {0};
    struct buf bytes = {0};
    struct why why = {0};
    if (below_read(loader->gift->folder, NOTICE_PATH, NOTICE_FILE_MAX, &bytes, &why) == OK &&
        notice_parse(buf_as_span(&bytes), &found) == OK && !same_notice(&found, shown)) {
        *shown = found;
        loader_tell(loader);
    }
    buf_done(&bytes);
}

/* Another list of keys, while everything is served: what stands is looked at again with it, and what was refused too. */
static void look_at_keys(struct loader *loader, int64_t started_ms)
{
    struct cut_keys keys;
    if (!key_list_read(loader->gift->board, &loader->keys_round, &keys)) {
        return;
    }
    memset(loader->seen, 0, sizeof loader->seen);
    if (!tree_rekey(&loader->tree, &keys)) {
        loader->reach = 0;
        loader_publish(loader, started_ms);
    }
}

void look_at_tree(void *arg)
{
    struct loader *loader = arg;
    int64_t started = monotonic_ms();
    look_at_keys(loader, started);
    bool moved = has_moved(loader);
    bool nothing_yet = loader->tree.n_cuts == 0 && loader->seen[0] == 0;
    if (nothing_yet) {
        loader_publish_first(loader, started);
    } else if (moved || loader->failures > 0) {
        advance(loader, started);
    } else {
        reach_back(loader, started);
    }
    look_at_code(loader);
    look_at_notice(loader);
    int64_t next = loader->failures >= LOADER_PATIENCE ? LOOK_REFUSED_MS : LOOK_TREE_MS;
    loop_after(loader->loop, loader->reach > 0 ? 1 : next, look_at_tree, loader);
}

/* What /flow says: the cut that the workers have been given, the code, and how the ingest goes. */
void look_at_flow(void *arg)
{
    struct loader *loader = arg;
    const struct loader_notice *notice = &loader->notice;
    struct flow_facts facts = {.feed = (enum feed_state)atomic_load(&loader->gift->board->feed)};
    tree_facts(&loader->tree, &facts.cut);
    bool has_code = facts.cut.has_cut != 0 && notice->code_cut == facts.cut.cut;
    facts.code = has_code ? notice->code : "";
    facts.notice_ms = notice->public_notice.len > 0 ? notice->public_notice.time_ms : -1;
    facts.mode = estado_mode(loader->gift->options->kind, &facts.cut, facts.feed, notice);
    flow_source_look(&loader->flow, &facts);
    loop_after(loader->loop, LOOK_FLOW_MS, look_at_flow, loader);
}
