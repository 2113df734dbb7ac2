/* Who works in a night, with which arguments, in which order, and how we know that one is up. */
#include "night/night.h"

#include "formats/bound.h"

#include "os/control.h"
#include "os/file.h"
#include "os/sock.h"

#include <stdio.h>
#include <unistd.h>

void night_url(const char *address, char *out, size_t size)
{
    bool any_host = address[0] == ':';
    snprintf(out, size, "http://%s%s/", any_host ? "localhost" : "", address);
}

static void arg_path(struct night *night, struct crew_member *member, const char *name, const char *below)
{
    crew_arg(&night->crew, member, "%s", name);
    crew_arg(&night->crew, member, "%s/%s", night->dir, below);
}

static void arg_text(struct night *night, struct crew_member *member, const char *name, const char *value)
{
    crew_arg(&night->crew, member, "%s", name);
    crew_arg(&night->crew, member, "%s", value);
}

static void arg_number(struct night *night, struct crew_member *member, const char *name, uint32_t value)
{
    crew_arg(&night->crew, member, "%s", name);
    crew_arg(&night->crew, member, "%u", value);
}

/* Links that /estado gives: the results and both mirrors. */
static void arg_links(struct night *night, struct crew_member *member)
{
    char url[128];
    night_url(night->settings.results, url, sizeof url);
    arg_text(night, member, "--results", url);
    night_url(night->settings.mirror_1, url, sizeof url);
    crew_arg(&night->crew, member, "--mirror");
    crew_arg(&night->crew, member, "difusor-1=%s", url);
    night_url(night->settings.mirror_2, url, sizeof url);
    crew_arg(&night->crew, member, "--mirror");
    crew_arg(&night->crew, member, "difusor-2=%s", url);
}

static void intake(struct night *night)
{
    struct crew_member *member = crew_add(&night->crew, "intake", "atalaya-intake");
    arg_text(night, member, "--dir", night->dir);
    arg_text(night, member, "--listen", night->settings.intake);
    arg_text(night, member, "--copy", night->settings.copy);
}

static void cut(struct night *night)
{
    struct crew_member *member = crew_add(&night->crew, "cut", "atalaya-cut");
    arg_text(night, member, "--dir", night->dir);
    arg_number(night, member, "--cadence", night->settings.cut_s);
    arg_number(night, member, "--package", night->settings.package_s);
    arg_number(night, member, "--keep-cuts", night->settings.keep_cuts);
    arg_number(night, member, "--keep-every", night->settings.keep_every);
    arg_path(night, member, "--copied", "run/copy");
}

/* Checkpoints are of real time, whatever the night's clock does. */
static void tlog(struct night *night)
{
    struct crew_member *member = crew_add(&night->crew, "log", "atalaya-log");
    arg_text(night, member, "--dir", night->dir);
    arg_path(night, member, "--copied", "run/copy");
}

static void edge(struct night *night, const char *name, const char *role, const char *root,
                 const char *address)
{
    struct crew_member *member = crew_add(&night->crew, name, "atalaya-edge");
    char status[64];
    snprintf(status, sizeof status, "run/status/%s", name);
    arg_path(night, member, "--root", root);
    arg_text(night, member, "--listen", address);
    arg_text(night, member, "--role", role);
    arg_text(night, member, "--name", name);
    arg_path(night, member, "--status", status);
    arg_path(night, member, "--clock", "run/clock");
    char hits[64];
    snprintf(hits, sizeof hits, "run/hits/%s", name);
    arg_path(night, member, "--hits", hits);
    arg_path(night, member, "--incidents", "run/incidents");
    if (strcmp(role, "results") == 0) {
        arg_path(night, member, "--flow", "run/status");
    }
    char packs[64];
    snprintf(packs, sizeof packs, "run/packs/%s", name);
    arg_path(night, member, "--packs", packs);
    if (strcmp(role, "site") != 0) {
        arg_path(night, member, "--vkey", BOUND_PINS_FILE);
    } else {
        arg_path(night, member, "--notice", "public/log/notice.tlog-proof");
        arg_path(night, member, "--sealed", "site-guard");
        arg_path(night, member, "--vkey", "site-guard/keys/site.vkey");
    }
    if (strcmp(role, "results") == 0 && night->settings.health[0] != '\0') {
        arg_text(night, member, "--health", night->settings.health);
    }
    arg_links(night, member);
}

/* Health and figures of all programs, for a monitor: without it being told of anything. */
static void metrics(struct night *night)
{
    if (night->settings.metrics[0] != '\0') {
        struct crew_member *member = crew_add(&night->crew, "metrics", "atalaya-metrics");
        arg_text(night, member, "--listen", night->settings.metrics);
        arg_path(night, member, "--status", "run/status");
    }
}

/* The oldest version of the policy that the night knows is what its difusores pin: they walk on from there themselves. */
static bool first_policy(const struct night *night, char out[64])
{
    for (unsigned version = 1; version < 100; version++) {
        char path[FILE_PATH_MAX];
        snprintf(out, 64, "keys/policy.%u.note", version);
        if (file_exists(path_join(path, night->dir, out))) {
            return true;
        }
    }
    return false;
}

static void mirror(struct night *night, const char *name, const char *title, const char *address)
{
    struct crew_member *member = crew_add(&night->crew, name, "atalaya-mirror");
    char status[64], url[128];
    snprintf(status, sizeof status, "run/status/%s", name);
    night_url(night->settings.feed, url, sizeof url);
    arg_text(night, member, "--feed", url);
    char policy[64];
    if (first_policy(night, policy)) {
        arg_path(night, member, "--policy", policy);
    } else {
        arg_text(night, member, "--log-vkey", night->log_vkey);
    }
    arg_path(night, member, "--dir", name);
    arg_text(night, member, "--name", title);
    arg_text(night, member, "--listen", address);
    arg_path(night, member, "--status", status);
    arg_path(night, member, "--clock", "run/clock");
    arg_number(night, member, "--poll-ms", night->settings.speed == 1 ? 1000 : 200);
    arg_number(night, member, "--keep-cuts", night->settings.keep_cuts);
    arg_number(night, member, "--keep-every", night->settings.keep_every);
    arg_links(night, member);
}

static void feeder(struct night *night)
{
    if (night->settings.speed == 0) {
        crew_add_role(&night->crew, "feeder", night_stepper, night)->may_end = true;
        return;
    }
    struct crew_member *member = crew_add(&night->crew, "feeder", "atalaya-replay");
    member->may_end = true;
    arg_text(night, member, "--dir", night->dir);
    arg_text(night, member, "--intake", night->settings.intake);
}

void night_roles(struct night *night)
{
    const struct settings *settings = &night->settings;
    intake(night);
    tlog(night);
    cut(night);
    edge(night, "results", "results", "public", settings->results);
    edge(night, "feed", "feed", "public", settings->feed);
    mirror(night, "mirror-1", "difusor-1", settings->mirror_1);
    mirror(night, "mirror-2", "difusor-2", settings->mirror_2);
    edge(night, "site", "site", "site", settings->site);
    metrics(night);
    feeder(night);
}

static bool answers(const char *address)
{
    int fd = -1;
    struct why why = {{0}};
    if (sock_connect(span_str(address), &fd, &why) != OK) {
        return false;
    }
    close(fd);
    return true;
}

static bool controls(const struct night *night, const char *socket)
{
    char path[FILE_PATH_MAX];
    struct why why = {{0}};
    return control_ask(path_join(path, night->dir, socket), SPAN("size"), 5000, NULL, &why) == OK;
}

bool night_ready(const struct night *night, const struct crew_member *member)
{
    char path[FILE_PATH_MAX];
    const struct {
        const char *name, *address;
    } doors[] = {{"results", night->settings.results},   {"feed", night->settings.feed},
                 {"mirror-1", night->settings.mirror_1}, {"mirror-2", night->settings.mirror_2},
                 {"site", night->settings.site},         {"metrics", night->settings.metrics}};
    if (strcmp(member->name, "intake") == 0) {
        return controls(night, "run/intake.sock") && answers(night->settings.intake);
    }
    if (strcmp(member->name, "log") == 0) {
        return file_exists(path_join(path, night->dir, "public/log/checkpoint"));
    }
    if (strcmp(member->name, "cut") == 0) {
        return file_exists(path_join(path, night->dir, "run/cut.sock"));
    }
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
        if (strcmp(member->name, doors[i].name) == 0) {
            return answers(doors[i].address);
        }
    }
    return true;
}
