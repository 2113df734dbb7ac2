/* What the night says about itself: cuts, reviews, notices and the close. */
#include "base/codec.h"
#include "base/date.h"
#include "tlog/entry_kinds.h"

#include <assert.h>

static const char REASON_RULE[] = "a reason is 1 to 40 of a-z0-9-";

void review_print(const struct entry *entry, struct buf *out)
{
    const struct entry_review *review = &entry->as.review;
    assert(acta_key_ok(span_str(review->key)) && text_is_id(review->reason, 1, 40));
    print_line(out, "acta", span_str(review->key));
    print_u64(out, "entry", review->entry);
    print_line(out, "action", review->hold ? SPAN("hold") : SPAN("release"));
    print_time(out, "time", review->time_ms);
    print_line(out, "reason", review->reason);
}

void review_parse(struct lines *lines, struct entry *out, struct buf *scratch)
{
    static const char *const actions[] = {"release", "hold", NULL};
    (void)scratch;
    struct entry_review *review = &out->as.review;
    acta_key_parse(lines, review->key);
    review->entry = lines_u64(lines, "entry", UINT64_MAX - 1);
    review->hold = lines_choice(lines, "action", actions) == 1;
    review->time_ms = lines_time(lines, "time", false);
    review->reason = lines_value(lines, "reason");
    lines_expect(lines, text_is_id(review->reason, 1, 40), REASON_RULE);
}

static void print_package(const struct entry_cut *cut, struct buf *out)
{
    if (cut->package_ms < 0) {
        buf_str(out, "package -\n");
        return;
    }
    char time[DATE_ISO_LEN + 1];
    date_print_iso(time, cut->package_ms);
    buf_printf(out, "package %u %s\n", cut->package, time);
}

void cut_print(const struct entry *entry, struct buf *out)
{
    const struct entry_cut *cut = &entry->as.cut;
    assert(cut->n_figures <= CONTESTS_MAX && cut->time_ms >= 0);
    print_u64(out, "number", cut->number);
    print_time(out, "time", cut->time_ms);
    print_time(out, "next", cut->next_ms);
    print_package(cut, out);
    print_u64(out, "log-size", cut->log_size);
    print_index(out, "previous", cut->previous);
    print_flag(out, "last", cut->last);
    print_digest(out, "manifest", cut->manifest);
    print_digest(out, "state-root", cut->state_root);
    print_digest(out, "totals-root", cut->totals_root);
    print_digest(out, "files-root", cut->files_root);
    print_u64(out, "contests", cut->n_figures);
    for (uint32_t i = 0; i < cut->n_figures; i++) {
        const struct entry_cut_figures *f = &cut->figures[i];
        assert(text_is_id(f->contest, 1, 8));
        buf_printf(out, "figures %.*s %llu %llu %llu %llu\n", SPAN_ARG(f->contest),
                   (unsigned long long)f->expected, (unsigned long long)f->captured,
                   (unsigned long long)f->counted, (unsigned long long)f->votes);
    }
}

static void parse_package(struct lines *lines, struct entry_cut *cut)
{
    struct span value = lines_value(lines, "package");
    cut->package_ms = -1;
    if (lines->err != OK || span_is(value, "-")) {
        return;
    }
    cut->package = (uint32_t)lines_number(lines, lines_word(lines, &value), UINT32_MAX);
    cut->package_ms = lines_moment(lines, lines_word(lines, &value), false);
    lines_expect(lines, value.at == NULL, "a package is a number and a moment");
}

static void parse_figures(struct lines *lines, struct entry_cut_figures *figures)
{
    struct span value = lines_value(lines, "figures");
    figures->contest = lines_word(lines, &value);
    lines_expect(lines, text_is_id(figures->contest, 1, 8), "a contest is named by 1 to 8 of a-z0-9-");
    figures->expected = lines_number(lines, lines_word(lines, &value), UINT64_MAX);
    figures->captured = lines_number(lines, lines_word(lines, &value), UINT64_MAX);
    figures->counted = lines_number(lines, lines_word(lines, &value), UINT64_MAX);
    figures->votes = lines_number(lines, lines_word(lines, &value), UINT64_MAX);
    lines_expect(lines, value.at == NULL, "figures are a contest and four numbers");
}

void cut_parse(struct lines *lines, struct entry *out, struct buf *scratch)
{
    (void)scratch;
    struct entry_cut *cut = &out->as.cut;
    cut->number = (uint32_t)lines_u64(lines, "number", UINT32_MAX);
    cut->time_ms = lines_time(lines, "time", false);
    cut->next_ms = lines_time(lines, "next", true);
    parse_package(lines, cut);
    cut->log_size = lines_u64(lines, "log-size", UINT64_MAX - 1);
    cut->previous = lines_index(lines, "previous");
    cut->last = lines_flag(lines, "last");
    lines_digest(lines, "manifest", cut->manifest);
    lines_digest(lines, "state-root", cut->state_root);
    lines_digest(lines, "totals-root", cut->totals_root);
    lines_digest(lines, "files-root", cut->files_root);
    cut->n_figures = (uint32_t)lines_u64(lines, "contests", CONTESTS_MAX);
    for (uint32_t i = 0; i < cut->n_figures && lines->err == OK; i++) {
        parse_figures(lines, &cut->figures[i]);
    }
}

void notice_print(const struct entry *entry, struct buf *out)
{
    const struct entry_notice *notice = &entry->as.notice;
    assert(notice->text.len > 0 && notice->text.len <= NOTICE_MAX);
    print_time(out, "time", notice->time_ms);
    buf_str(out, "text ");
    base64_print(out, notice->text.at, notice->text.len);
    buf_char(out, '\n');
}

void notice_parse(struct lines *lines, struct entry *out, struct buf *scratch)
{
    struct entry_notice *notice = &out->as.notice;
    notice->time_ms = lines_time(lines, "time", false);
    notice->text = base64_value(lines, lines_value(lines, "text"), NOTICE_MAX, scratch);
    lines_expect(lines, notice->text.len > 0, "a notice has words");
    lines_expect(lines, text_is_utf8(notice->text), "a notice is UTF-8 without control characters");
}

void close_print(const struct entry *entry, struct buf *out)
{
    const struct entry_close *close = &entry->as.close;
    assert(text_is_id(close->reason, 1, 40));
    print_time(out, "time", close->time_ms);
    print_line(out, "reason", close->reason);
}

void close_parse(struct lines *lines, struct entry *out, struct buf *scratch)
{
    (void)scratch;
    struct entry_close *close = &out->as.close;
    close->time_ms = lines_time(lines, "time", false);
    close->reason = lines_value(lines, "reason");
    lines_expect(lines, text_is_id(close->reason, 1, 40), REASON_RULE);
}
