/* The election as a whole: what it is called, when it is, who signs, and the catalogue of actas. */
#include "city/city.h"

#include "seal/digest.h"
#include "seal_secret/sign.h"

#include <assert.h>
#include <stdio.h>

/* TIPO_ACTA by kind of table and contest (LEEME-G/D/A, field CLAVE_ACTA); NULL: no such acta. */
static const struct {
    char type; /* 0: all others */
    const char *forms[3];
    const char *second[3]; /* a further acta of the same table: proportional representation */
} forms[] = {
    {'M', {"A01", "A02", NULL}, {NULL, NULL, NULL}},
    {'A', {"A01VA", "A02VA", "A03VA"}, {NULL, NULL, NULL}},
    {'P', {"A01PPP", "A02PPP", "A03PPP"}, {NULL, NULL, NULL}},
    {'S', {"A02E", "A03EMR", "A04E"}, {NULL, "A03ERP", NULL}},
    {0, {"A02", "A03", "A04"}, {NULL, NULL, NULL}},
};

static void add_acta(struct election *out, uint32_t station, uint8_t contest, const char *form)
{
    if (form == NULL) {
        return;
    }
    struct acta *acta = &out->actas[out->n_actas++];
    int len = snprintf(acta->key, sizeof acta->key, "%s%s", out->stations[station].key, form);
    assert(len > 0 && (size_t)len < sizeof acta->key);
    acta->contest = contest;
    acta->form_len = (uint8_t)strlen(form);
    acta->station = station;
    acta->proportional = span_is(out->contests[contest].proportional, form);
}

void city_make_catalogue(struct election *out)
{
    out->actas = arena_array(&out->arena, (size_t)out->n_stations * 4, sizeof *out->actas);
    assert(out->actas != NULL);
    for (uint32_t contest = 0; contest < out->n_contests; contest++) {
        for (uint32_t i = 0; i < out->n_stations; i++) {
            size_t row = 0;
            while (forms[row].type != 0 && forms[row].type != out->stations[i].type) {
                row++;
            }
            add_acta(out, i, (uint8_t)contest, forms[row].forms[contest]);
            add_acta(out, i, (uint8_t)contest, forms[row].second[contest]);
        }
    }
}

void city_make(const struct city_plan *plan, struct election *out)
{
    *out = (struct election){0};
    arena_init(&out->arena, 0);
    out->id = plan->scale == CITY_CDMX ? SPAN("simulacro-cdmx") : SPAN("simulacro-chico");
    out->name = SPAN("SIMULACRO: PROCESO ELECTORAL LOCAL DE UNA CIUDAD SINTÉTICA");
    out->name_en = SPAN("Drill: local election of a synthetic city");
    out->authority = SPAN("INSTITUTO ELECTORAL (SIMULACRO)");
    out->origin = SPAN("simulacro.atalaya.example/prep");
    out->entity_name = SPAN("CIUDAD DE MÉXICO");
    out->package_code = SPAN("CDMX");
    out->zone_label = SPAN("(UTC-6)");
    out->entity = 9;
    out->offset_min = -360;
    out->drill = true;
    out->opening_ms = plan->opening_ms;
    out->closing_ms = plan->closing_ms;
    city_make_places(plan, out);
    city_make_contests(plan, out);
    city_make_catalogue(out);
    uint16_t districts = plan->scale == CITY_CDMX ? 33 : 2;
    city_make_signers(plan->seed, districts, (uint16_t)(districts / 4 + 1), out);
}

void city_signer_key(uint64_t seed, struct span name, struct secret_key *out)
{
    char text[96];
    uint8_t secret[DIGEST_LEN];
    snprintf(text, sizeof text, "atalaya drill key %llu %.*s", (unsigned long long)seed, SPAN_ARG(name));
    digest_of(span_str(text), secret);
    enum err err = secret_key_from_seed(name, secret, out);
    assert(err == OK);
}

static void add_signer(struct election *out, uint64_t seed, enum signer_kind kind, unsigned number)
{
    static const char *const names[] = {"catd", "ccv", "device"};
    char name[32];
    struct secret_key secret;
    struct buf vkey = {0};
    snprintf(name, sizeof name, "%s-%02u", names[kind], number);
    city_signer_key(seed, span_str(name), &secret);
    note_key_print(&secret.key, &vkey);
    secret_key_wipe(&secret);
    out->signers[out->n_signers++] = (struct signer){
        .name = arena_copy(&out->arena, span_str(name)),
        .kind = kind,
        .vkey = arena_copy(&out->arena, span_trim(buf_as_span(&vkey))),
    };
    buf_done(&vkey);
}

void city_make_signers(uint64_t seed, uint16_t n_districts, uint16_t n_devices, struct election *out)
{
    out->signers = arena_array(&out->arena, n_districts + n_devices + 1u, sizeof *out->signers);
    assert(out->signers != NULL);
    add_signer(out, seed, SIGNER_CCV, 1);
    for (unsigned i = 1; i <= n_districts; i++) {
        add_signer(out, seed, SIGNER_CATD, i);
    }
    for (unsigned i = 1; i <= n_devices; i++) {
        add_signer(out, seed, SIGNER_DEVICE, i);
    }
}

static uint16_t count_signers(const struct election *election, enum signer_kind kind)
{
    uint16_t n = 0;
    for (uint32_t i = 0; i < election->n_signers; i++) {
        n += election->signers[i].kind == kind;
    }
    return n;
}

uint16_t city_signer_centre(const struct election *election, uint16_t district)
{
    return district <= count_signers(election, SIGNER_CATD) ? district : 0;
}

uint16_t city_signer_device(const struct election *election, uint32_t device)
{
    uint16_t n = count_signers(election, SIGNER_DEVICE);
    return n == 0 ? 0 : (uint16_t)(1u + count_signers(election, SIGNER_CATD) + device % n);
}
