/* The loader's look at an institutional site: as it lies in its folder, or as it was sealed. */
#include "edge/loader.h"

#include "base/log.h"
#include "os/clock.h"
#include "os/file.h"

#include <stdio.h>

enum { LOOK_SITE_MS = 1000, LOOK_SEALED_MS = 150 };

/* A site has no tree: its notice comes as a file of the results' plane, which it may read and nothing else there. */
static void look_at_site_notice(struct loader *loader)
{
    const char *path = loader->gift->options->notice;
    struct buf bytes = {0};
    struct notice_text found = {0};
    if (path != NULL && file_read(path, NOTICE_FILE_MAX, &bytes, NULL) == OK &&
        notice_parse(buf_as_span(&bytes), &found) == OK) {
        loader->site.notice = found;
        loader->notice.public_notice = found;
    }
    buf_done(&bytes);
}

void look_at_site(void *arg)
{
    struct loader *loader = arg;
    struct why why = {0};
    look_at_site_notice(loader);
    int64_t started = monotonic_ms();
    enum err err = site_advance(&loader->site, &why);
    if (err == OK) {
        loader_publish(loader, started);
    } else if (err == ERR_EXISTS) {
        loader_all_well(loader);
    } else if (err != ERR_AGAIN) {
        loader_publish_first(loader, started);
        loader_complain(loader, &why);
    }
    loop_after(loader->loop, LOOK_SITE_MS, look_at_site, loader);
}

/* What is wrong with a sealed site is told, and what is served stays. */
static void tell_sealed(struct loader *loader, const char *alarm)
{
    struct sealed_site *sealed = &loader->sealed;
    struct loader_notice *notice = &loader->notice;
    struct loader_notice before = *notice;
    char safe[sizeof notice->alarm];
    notice->sealed_version = sealed->sealed.version > 0 ? sealed->sealed.version : sealed->least_version;
    notice->mode_serial = sealed->mode.serial > 0 ? sealed->mode.serial : sealed->least_serial;
    notice->site_down = sealed->mode.down;
    notice->differences = sealed->differences;
    (void)snprintf(notice->alarm, sizeof notice->alarm, "%s", alarm);
    if (strcmp(before.alarm, notice->alarm) != 0 && alarm[0] != '\0') {
        log_line(LOG_ERROR, "site_alarm", "why=\"%s\"", log_safe(span_str(alarm), safe, sizeof safe));
    }
    if (before.sealed_version != notice->sealed_version || before.mode_serial != notice->mode_serial ||
        before.site_down != notice->site_down || before.differences != notice->differences ||
        strcmp(before.alarm, notice->alarm) != 0) {
        loader_tell(loader);
    }
}

void look_at_sealed(void *arg)
{
    struct loader *loader = arg;
    struct sealed_site *sealed = &loader->sealed;
    struct why why = {0};
    char alarm[SEALED_ALARM_MAX];
    look_at_site_notice(loader);
    int64_t started = monotonic_ms();
    enum err err = sealed_site_advance(sealed, started, &why);
    if (err == OK) {
        loader_publish(loader, started);
    } else if (err != ERR_EXISTS && sealed->least_version == 0) {
        loader_publish_first(loader, started);
    }
    sealed_site_compare(sealed, started);
    (void)snprintf(alarm, sizeof alarm, "%.319s",
                   err != OK && err != ERR_EXISTS  ? why.text
                   : sealed->note_alarm[0] != '\0' ? sealed->note_alarm
                                                   : sealed->root_alarm);
    tell_sealed(loader, alarm);
    loop_after(loader->loop, LOOK_SEALED_MS, look_at_sealed, loader);
}
