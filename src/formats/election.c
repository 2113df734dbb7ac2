/* The definition's files as a whole: read, checked as text, cut into rows, digested. What the rows mean is in
 * election_ini.c, election_contest.c and election_place.c. */
#include "formats/election.h"

#include "base/codec.h"
#include "formats/election_def.h"
#include "os/file.h"
#include "os/team.h"
#include "seal/digest.h"
#include "wire/csv.h"

#include <assert.h>
#include <stdio.h>

const char *const election_file_names[ELECTION_FILES] = {
    "election.ini",    "areas.csv",    "columns.csv", "shares.csv",
    "candidacies.csv", "stations.csv", "actas.csv",   "signers.csv",
};

static const struct def_table *const tables[ELECTION_FILES] = {
    NULL, &def_areas, &def_columns, &def_shares, &def_candidacies, &def_stations, &def_actas, &def_signers,
};

/* A federal election (170,000 stations, 520,000 actas) takes about 100 MiB. */
static const size_t arena_budget = (size_t)1 << 30;

enum err def_array(struct def *def, size_t count, size_t size, void **out)
{
    void *room = arena_array(&def->election->arena, count == 0 ? 1 : count, size);
    if (room == NULL) {
        return def_fail(def, ERR_FULL, "la definición pide más de %zu MiB de memoria",
                        "the definition needs more than %zu MiB of memory", arena_budget >> 20);
    }
    *out = room;
    return OK;
}

/* The length of the UTF-8 character at `at`, 0 when it is none (Unicode 15, table 3-7). */
static size_t utf8_len(const unsigned char *at, size_t left)
{
    static const struct {
        unsigned char first_min, first_max, second_min, second_max, len;
    } forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (at[0] < forms[i].first_min || at[0] > forms[i].first_max) {
            continue;
        }
        if (forms[i].len > left || at[1] < forms[i].second_min || at[1] > forms[i].second_max) {
            return 0;
        }
        for (size_t k = 2; k < forms[i].len; k++) {
            if ((at[k] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return forms[i].len;
    }
    return 0;
}

/* Files of a country have some 15 MB: what is looked for in every byte is looked for in blocks, without a branch. */
enum { BLOCK = 64 };

static uint32_t count_lines(const char *at, size_t len)
{
    uint32_t lines = 0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        uint8_t n = 0;
        for (int k = 0; k < BLOCK; k++) {
            n = (uint8_t)(n + (at[i + (size_t)k] == '\n'));
        }
        lines += n;
    }
    for (; i < len; i++) {
        lines += at[i] == '\n';
    }
    return lines;
}

/* ASCII that can be seen, blanks and line ends alone. */
static bool block_is_plain(const unsigned char *at)
{
    uint8_t odd = 0;
    for (int k = 0; k < BLOCK; k++) {
        odd |= (uint8_t)(((at[k] < 0x20) & (at[k] != '\n')) | (at[k] > 0x7e));
    }
    return odd == 0;
}

/* The first byte of what may not stand in a file, or `len`. */
static size_t odd_byte(const unsigned char *at, size_t len)
{
    size_t i = 0;
    size_t looked = 0; /* so far: a block that is not plain is gone through byte by byte */
    while (i < len) {
        if (i >= looked && len - i >= BLOCK) {
            looked = i + BLOCK;
            if (block_is_plain(at + i)) {
                i = looked;
                continue;
            }
        }
        size_t step =
            at[i] >= 0x80 ? utf8_len(at + i, len - i) : at[i] == '\n' || (at[i] >= 0x20 && at[i] != 0x7f);
        if (step == 0) {
            return i;
        }
        i += step;
    }
    return len;
}

/* What all files have in common: UTF-8 without BOM and control characters, LF, the last line ended. */
static enum err check_text(struct def *def, struct span bytes)
{
    def->line = 1;
    if (span_starts(bytes, SPAN("\xef\xbb\xbf"))) {
        return def_fail(def, ERR_SYNTAX, "empieza con una marca de orden de bytes; guárdelo en UTF-8 sin BOM",
                        "begins with a byte order mark; save it as UTF-8 without BOM");
    }
    size_t at = odd_byte((const unsigned char *)bytes.at, bytes.len);
    def->line = 1 + count_lines(bytes.at, at);
    if (at < bytes.len) {
        unsigned char odd = (unsigned char)bytes.at[at];
        return odd >= 0x80
                   ? def_fail(def, ERR_SYNTAX, "el byte 0x%02x no es UTF-8", "byte 0x%02x is no UTF-8", odd)
               : odd == '\r'
                   ? def_fail(def, ERR_SYNTAX, "tiene retornos de carro; las líneas terminan sólo en LF",
                              "has a carriage return; lines end in LF alone")
                   : def_fail(def, ERR_SYNTAX, "carácter de control 0x%02x", "control character 0x%02x", odd);
    }
    if (bytes.len == 0 || bytes.at[bytes.len - 1] != '\n') {
        return def_fail(def, ERR_SYNTAX, "la última línea no termina en LF: el archivo está cortado",
                        "the last line does not end in LF: the file was cut off");
    }
    def->line = 0;
    return OK;
}

/* The first line names the columns, all of them, in the order of the page. */
static enum err check_names(struct def *def, const struct def_table *table, const struct span *fields,
                            size_t n_fields)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (i >= n_fields) {
            return def_fail(def, ERR_MISSING, "falta la columna \"%s\"", "column \"%s\" is missing",
                            table->columns[i]);
        }
        if (!span_is(fields[i], table->columns[i])) {
            return def_fail(def, ERR_SYNTAX, "la columna %zu es \"%.*s\" y debe ser \"%s\"",
                            "column %zu is \"%.*s\" and must be \"%s\"", i + 1, DEF_ARG(fields[i]),
                            table->columns[i]);
        }
    }
    if (n_fields > table->n_columns) {
        return def_fail(def, ERR_SYNTAX, "%zu columnas, el formato tiene %u",
                        "%zu columns, the format has %u", n_fields, table->n_columns);
    }
    return OK;
}

static enum err parse_row(struct def *def, const struct def_table *table, const struct span *fields,
                          size_t n_fields)
{
    if (n_fields != table->n_columns) {
        return def_fail(def, ERR_SYNTAX, "%zu campos, la primera línea nombra %u",
                        "%zu fields, the first line names %u", n_fields, table->n_columns);
    }
    return table->row(def, fields);
}

/* A row of one line, as a quote may make it two; `text` is the row with its end. */
static enum err check_line(struct def *def, const struct def_table *table, struct span text,
                           const struct span *fields, size_t n_fields)
{
    if (memchr(text.at, '\n', text.len) == text.at + text.len - 1) {
        return OK;
    }
    for (size_t i = 0; i < n_fields && i < table->n_columns; i++) {
        if (fields[i].len > 0 && memchr(fields[i].at, '\n', fields[i].len) != NULL) {
            return def_fail(def, ERR_SYNTAX, "un salto de línea dentro de \"%s\"",
                            "a line break inside \"%s\"", table->columns[i]);
        }
    }
    return OK;
}

static enum err parse_rows(struct def *def, const struct def_table *table, struct csv_reader *reader)
{
    struct span fields[8] = {0};
    size_t n_fields = 0;
    enum err err = OK;
    struct span rest = reader->rest;
    while ((err = csv_read_row(reader, fields, 8, &n_fields)) == OK) {
        struct span text = span_of(rest.at, rest.len - reader->rest.len);
        rest = reader->rest;
        def->line = reader->row;
        if (reader->unterminated) {
            return def_fail(def, ERR_SYNTAX, "unas comillas no se cierran", "a quote is not closed");
        }
        if (reader->row == 1) {
            TRY(check_names(def, table, fields, n_fields));
            continue;
        }
        if (n_fields == table->n_columns) {
            TRY(check_line(def, table, text, fields, n_fields));
        }
        TRY(parse_row(def, table, fields, n_fields));
    }
    return err == ERR_AGAIN ? OK : def_fail(def, err, "no es CSV", "is no CSV");
}

static enum err parse_table(struct def *def, const struct def_table *table, struct span bytes)
{
    uint32_t lines = count_lines(bytes.at, bytes.len);
    if (lines > table->rows_max + 1) {
        return def_fail(def, ERR_TOO_BIG, "%u renglones, lo más es %u", "%u rows, the most is %u", lines - 1,
                        table->rows_max);
    }
    def->contest = -1;
    def->n = 0;
    TRY(table->start(def, lines - 1));
    struct csv_reader reader;
    csv_reader_init(&reader, bytes, ',');
    enum err err = parse_rows(def, table, &reader);
    csv_reader_done(&reader);
    TRY(err);
    def->line = 0;
    return table->end == NULL ? OK : table->end(def);
}

static enum err parse_files(struct def *def, const struct span bytes[ELECTION_FILES])
{
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        def->file = election_file_names[i];
        def->line = 0;
        if (def->team == NULL) {
            TRY(check_text(def, bytes[i]));
        }
        if (tables[i] == NULL) {
            TRY(election_ini_parse(def, bytes[i]));
        } else {
            TRY(parse_table(def, tables[i], bytes[i]));
        }
    }
    return OK;
}

static void digest_files(const struct span bytes[ELECTION_FILES], uint8_t out[DIGEST_LEN])
{
    struct buf list;
    buf_init(&list, 0);
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        char hex[DIGEST_HEX + 1];
        digest_hex(bytes[i], hex);
        buf_printf(&list, "%s %zu %s\n", election_file_names[i], bytes[i].len, hex);
    }
    digest_of(buf_as_span(&list), out);
    buf_done(&list);
}

/* Puts the files in their order; each must be there once. */
static enum err sort_files(const struct election_file *files, size_t n_files,
                           struct span bytes[ELECTION_FILES], struct why *why)
{
    for (size_t i = 0; i < n_files; i++) {
        int at = name_index(election_file_names, ELECTION_FILES, files[i].name);
        if (at < 0) {
            return why_set(why, ERR_SYNTAX,
                           "\"%.*s\" no es un archivo de una definición / is no file of a definition",
                           DEF_ARG(files[i].name));
        }
        if (bytes[at].at != NULL) {
            return why_set(why, ERR_EXISTS, "%s: está dos veces / is there twice", election_file_names[at]);
        }
        if (files[i].bytes.len > ELECTION_FILE_MAX) {
            return why_set(why, ERR_TOO_BIG, "%s: pasa de %d bytes, que es el límite / is larger than that",
                           election_file_names[at], ELECTION_FILE_MAX);
        }
        bytes[at] = files[i].bytes.len == 0 ? SPAN("") : files[i].bytes;
    }
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        if (bytes[i].at == NULL) {
            return why_set(why, ERR_MISSING, "%s: falta el archivo / the file is missing",
                           election_file_names[i]);
        }
    }
    return OK;
}

/* What need not wait for the rows, nor they for it. */
struct look {
    const struct span *bytes; /* of each file */
    bool plain;               /* they are the text that they must be */
    uint8_t digest[DIGEST_LEN];
};

static void look_over(void *arg, void *piece, unsigned member)
{
    struct look *look = arg;
    (void)piece, (void)member;
    look->plain = true;
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        struct def def = {.file = election_file_names[i]};
        look->plain &= check_text(&def, look->bytes[i]) == OK;
    }
    digest_files(look->bytes, look->digest);
}

/* Without a team what is wrong has the place that comes first in the files. With one it is only known that something is. */
static enum err parse_sorted(const struct span bytes[ELECTION_FILES], struct team *team, struct election *out,
                             struct why *why)
{
    struct election election = {0};
    arena_init(&election.arena, arena_budget);
    /* The institute's own keys, not an outsider's: a fixed hash key is enough. */
    map_init(&election.station_by_key, 1, 2);
    struct def def = {.election = &election, .why = why, .team = team};
    map_init(&def.names, 5, 6);
    struct look look = {.bytes = bytes};
    if (team != NULL) {
        team_give(team, look_over, &look, NULL);
    }
    enum err err = parse_files(&def, bytes);
    map_done(&def.names);
    team_finish(team);
    if (err == OK && team == NULL) {
        digest_files(bytes, look.digest);
    } else if (err == OK && (!look.plain || def.repeated)) {
        err = ERR_CONFLICT;
    }
    if (err != OK) {
        election_done(&election);
        return err;
    }
    memcpy(election.digest, look.digest, sizeof election.digest);
    *out = election;
    return OK;
}

enum err election_parse(const struct election_file *files, size_t n_files, struct election *out,
                        struct why *why)
{
    struct span bytes[ELECTION_FILES] = {0};
    TRY(sort_files(files, n_files, bytes, why));
    return parse_sorted(bytes, NULL, out, why);
}

enum err election_parse_with(const struct election_file *files, size_t n_files, struct team *team,
                             struct election *out, struct why *why)
{
    struct span bytes[ELECTION_FILES] = {0};
    TRY(sort_files(files, n_files, bytes, why));
    if (team_members(team) > 1 && parse_sorted(bytes, team, out, NULL) == OK) {
        return OK;
    }
    return parse_sorted(bytes, NULL, out, why);
}

void election_files_init(struct election_files *files)
{
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        buf_init(&files->bytes[i], 0);
    }
}

void election_files_done(struct election_files *files)
{
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        buf_done(&files->bytes[i]);
    }
}

enum err election_files_read(const char *dir, struct election_files *files, struct why *why)
{
    char path[FILE_PATH_MAX];
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        buf_clear(&files->bytes[i]);
        TRY(file_read(path_join(path, dir, election_file_names[i]), ELECTION_FILE_MAX, &files->bytes[i],
                      why));
    }
    return OK;
}

enum err election_files_write(const char *dir, const struct election_files *files, struct why *why)
{
    char path[FILE_PATH_MAX];
    TRY(folder_make(dir, why));
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        TRY(file_write(path_join(path, dir, election_file_names[i]), buf_as_span(&files->bytes[i]), true,
                       why));
    }
    return OK;
}

static enum err parse_owned(const struct election_files *owned, struct election *out, struct why *why)
{
    struct election_file files[ELECTION_FILES];
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        files[i] = (struct election_file){span_str(election_file_names[i]), buf_as_span(&owned->bytes[i])};
    }
    return election_parse(files, ELECTION_FILES, out, why);
}

enum err election_load(const char *dir, struct election *out, struct why *why)
{
    struct election_files files;
    election_files_init(&files);
    enum err err = election_files_read(dir, &files, why);
    if (err == OK) {
        err = parse_owned(&files, out, why);
    }
    election_files_done(&files);
    return err == OK ? OK : why_prefix(why, err, "%s", dir);
}
