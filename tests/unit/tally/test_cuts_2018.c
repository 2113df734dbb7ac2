/* The 98 published cuts of the federal night of 2018, recomputed: our percentages and our participation are theirs, to the
 * fourth decimal. The file lies outside the repository; without it the test is skipped. */
#include "tally/count.h"

#include "base/num.h"
#include "example.h"

static char text[1 << 20];

static struct span read_cuts(void)
{
    const char *shared = getenv("ATALAYA_SHARED");
    char path[1000];
    snprintf(path, sizeof path, "%s/data/ine2018/prep2018_cortes.csv", shared != NULL ? shared : "../shared");
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        print_message("skipped: %s is not there\n", path);
        skip();
    }
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    return span_of(text, len);
}

static uint64_t number_at(const struct span *fields, size_t i)
{
    uint64_t value = 0;
    assert_int_equal(num_parse_u64(fields[i], &value), OK);
    return value;
}

/* "93.5628" as 935628. */
static uint64_t published(struct span field)
{
    struct span rest = field;
    struct span whole = span_cut(&rest, '.');
    uint32_t units = 0;
    uint32_t decimals = 0;
    assert_int_equal(rest.len, 4);
    assert_int_equal(num_parse_u32(whole, &units), OK);
    assert_int_equal(num_parse_padded(rest, &decimals), OK);
    return (uint64_t)units * 10000 + decimals;
}

enum {
    SPECIAL = 3,
    EXPECTED,
    CAPTURED,
    PCT_CAPTURED,
    COUNTED,
    PCT_COUNTED,
    URBAN,
    RURAL,
    NOMINAL,
    C_CS,
    S_CS,
    VOTES_SPECIAL,
    ABROAD,
    PCT_PARTICIPATION,
    FIRST_CANDIDATE,
    FIELDS = 24
};

static void rounded(uint64_t part, uint64_t whole, int *differ)
{
    *differ += (part * 10000000 / whole + 5) / 10 != percent4(part, whole);
}

static void every_published_percentage_is_ours(void **unused)
{
    (void)unused;
    struct span rest = read_cuts();
    struct span line;
    int cuts = 0;
    int differ = 0;
    assert_true(span_line(&rest, &line));
    while (span_line(&rest, &line)) {
        struct span fields[FIELDS];
        line = span_trim(line);
        for (int i = 0; i < FIELDS; i++) {
            fields[i] = span_cut(&line, ',');
        }
        struct count count = {.expected = number_at(fields, EXPECTED),
                              .captured = number_at(fields, CAPTURED),
                              .counted = number_at(fields, COUNTED),
                              .nominal_counted = number_at(fields, NOMINAL),
                              .votes = number_at(fields, C_CS),
                              .votes_special = number_at(fields, C_CS) - number_at(fields, S_CS)};
        assert_true(percent4(count.captured, count.expected) == published(fields[PCT_CAPTURED]));
        assert_true(percent4(count.counted, count.expected) == published(fields[PCT_COUNTED]));
        bool last = number_at(fields, SPECIAL) == 1;
        assert_true(count_participation(&count, last) == published(fields[PCT_PARTICIPATION]));
        assert_true(number_at(fields, URBAN) + number_at(fields, RURAL) == count.counted);
        rounded(count.captured, count.expected, &differ);
        rounded(count.counted, count.expected, &differ);
        cuts++;
    }
    assert_int_equal(cuts, 98);
    assert_true(differ > 50); /* rounding would have been seen */
    print_message("98 cuts, %d percentages that rounding would change\n", differ);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_published_percentage_is_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
