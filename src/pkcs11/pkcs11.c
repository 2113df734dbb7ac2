/* PKCS#11 by its table of functions, loaded from the module that the caller names. */
#include "pkcs11/pkcs11.h"

#include "seal/ed25519.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MAX = 64 };

struct token {
    void *library;
    CK_FUNCTION_LIST *calls;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE secret;
    uint8_t public[32];
    bool initialized, in_session;
};

static enum err said(struct why *why, enum err err, const char *what, CK_RV rv)
{
    return why_set(why, err, "PKCS#11: %s: 0x%lx", what, (unsigned long)rv);
}

static enum err load(const char *path, struct token *token, struct why *why)
{
    token->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (token->library == NULL) {
        return why_set(why, ERR_MISSING, "PKCS#11: %s", dlerror());
    }
    CK_C_GetFunctionList list = NULL;
    void *symbol = dlsym(token->library, "C_GetFunctionList");
    memcpy(&list, &symbol, sizeof list); /* ISO C has no cast from an object to a function */
    if (list == NULL || list(&token->calls) != CKR_OK) {
        return why_set(why, ERR_MISSING, "PKCS#11: %s is no such module", path);
    }
    CK_RV rv = token->calls->C_Initialize(NULL);
    if (rv != CKR_OK) {
        return said(why, ERR_IO, "the module does not start", rv);
    }
    token->initialized = true;
    return OK;
}

/* Labels in a token are 32 bytes, filled up with blanks. */
static bool label_is(const unsigned char label[32], const char *name)
{
    size_t len = 32;
    while (len > 0 && label[len - 1] == ' ') {
        len--;
    }
    return len == strlen(name) && memcmp(label, name, len) == 0;
}

static enum err find_slot(struct token *token, const char *name, CK_SLOT_ID *out, struct why *why)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG n = SLOTS_MAX;
    CK_RV rv = token->calls->C_GetSlotList(CK_TRUE, slots, &n);
    if (rv != CKR_OK) {
        return said(why, ERR_IO, "the slots cannot be listed", rv);
    }
    for (CK_ULONG i = 0; i < n; i++) {
        CK_TOKEN_INFO info;
        if (token->calls->C_GetTokenInfo(slots[i], &info) == CKR_OK && label_is(info.label, name)) {
            *out = slots[i];
            return OK;
        }
    }
    return why_set(why, ERR_MISSING, "PKCS#11: there is no token \"%s\"", name);
}

static enum err log_in(struct token *token, const struct token_place *place, bool write, struct why *why)
{
    CK_SLOT_ID slot = 0;
    TRY(find_slot(token, place->token, &slot, why));
    CK_FLAGS flags = CKF_SERIAL_SESSION | (write ? CKF_RW_SESSION : 0);
    CK_RV rv = token->calls->C_OpenSession(slot, flags, NULL, NULL, &token->session);
    if (rv != CKR_OK) {
        return said(why, ERR_IO, "no session", rv);
    }
    token->in_session = true;
    unsigned char pin[256];
    if (place->pin.len > sizeof pin) {
        return why_set(why, ERR_TOO_BIG, "PKCS#11: the PIN is too long");
    }
    memcpy(pin, place->pin.at, place->pin.len);
    rv = token->calls->C_Login(token->session, CKU_USER, pin, place->pin.len);
    explicit_bzero(pin, sizeof pin);
    return rv == CKR_OK ? OK : said(why, ERR_REFUSED, "the token does not take the PIN", rv);
}

/* The one object of a class and label. */
static enum err find_object(struct token *token, CK_OBJECT_CLASS class, const char *name,
                            CK_OBJECT_HANDLE *out, struct why *why)
{
    CK_KEY_TYPE type = CKK_EC_EDWARDS;
    char label[128];
    int len = snprintf(label, sizeof label, "%s", name);
    CK_ATTRIBUTE like[] = {{CKA_CLASS, &class, sizeof class},
                           {CKA_KEY_TYPE, &type, sizeof type},
                           {CKA_LABEL, label, (CK_ULONG)len}};
    CK_OBJECT_HANDLE found[2];
    CK_ULONG n = 0;
    CK_RV rv = token->calls->C_FindObjectsInit(token->session, like, 3);
    if (rv == CKR_OK) {
        rv = token->calls->C_FindObjects(token->session, found, 2, &n);
        (void)token->calls->C_FindObjectsFinal(token->session);
    }
    if (rv != CKR_OK) {
        return said(why, ERR_IO, "the token's objects cannot be listed", rv);
    }
    if (n != 1) {
        return why_set(why, n == 0 ? ERR_MISSING : ERR_CONFLICT,
                       "PKCS#11: %s Ed25519 key \"%s\" in the token",
                       n == 0 ? "there is no" : "there is more than one", name);
    }
    *out = found[0];
    return OK;
}

/* CKA_EC_POINT is an OCTET STRING of 32 bytes; some tokens give the bytes bare. */
static enum err read_public(struct token *token, const char *name, struct why *why)
{
    CK_OBJECT_HANDLE key = 0;
    unsigned char point[64];
    CK_ATTRIBUTE want = {CKA_EC_POINT, point, sizeof point};
    TRY(find_object(token, CKO_PUBLIC_KEY, name, &key, why));
    CK_RV rv = token->calls->C_GetAttributeValue(token->session, key, &want, 1);
    if (rv != CKR_OK) {
        return said(why, ERR_IO, "the public key cannot be read", rv);
    }
    const unsigned char *bytes = want.ulValueLen == 34 && point[0] == 4 && point[1] == 32 ? point + 2 : point;
    if (want.ulValueLen != 32 && bytes == point) {
        return why_set(why, ERR_CONFLICT, "PKCS#11: the key \"%s\" is no Ed25519 key", name);
    }
    memcpy(token->public, bytes, 32);
    return ed25519_key_is_sound(token->public)
               ? OK
               : why_set(why, ERR_CONFLICT, "PKCS#11: the point of the key \"%s\" is not a sound one", name);
}

static enum err find_keys(struct token *token, const char *name, struct why *why)
{
    TRY(find_object(token, CKO_PRIVATE_KEY, name, &token->secret, why));
    TRY(read_public(token, name, why));
    uint8_t signature[64];
    return token_sign(token, SPAN("atalaya"), signature) == OK
               ? OK
               : why_set(why, ERR_CONFLICT, "PKCS#11: the key \"%s\" does not sign with Ed25519", name);
}

static enum err generate(struct token *token, const char *name, struct why *why)
{
    static unsigned char curve[] = {0x13, 0x0c, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9'};
    CK_OBJECT_HANDLE there = 0;
    if (find_object(token, CKO_PRIVATE_KEY, name, &there, NULL) != ERR_MISSING) {
        return why_set(why, ERR_EXISTS, "PKCS#11: there is a key \"%s\" in the token already", name);
    }
    CK_MECHANISM how = {CKM_EC_EDWARDS_KEY_PAIR_GEN, NULL, 0};
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    char label[128];
    CK_ULONG len = (CK_ULONG)snprintf(label, sizeof label, "%s", name);
    CK_ATTRIBUTE public[] = {{CKA_TOKEN, &yes, sizeof yes},
                             {CKA_VERIFY, &yes, sizeof yes},
                             {CKA_LABEL, label, len},
                             {CKA_EC_PARAMS, curve, sizeof curve}};
    CK_ATTRIBUTE secret[] = {{CKA_TOKEN, &yes, sizeof yes},     {CKA_SIGN, &yes, sizeof yes},
                             {CKA_PRIVATE, &yes, sizeof yes},   {CKA_SENSITIVE, &yes, sizeof yes},
                             {CKA_EXTRACTABLE, &no, sizeof no}, {CKA_LABEL, label, len}};
    CK_OBJECT_HANDLE handles[2];
    CK_RV rv =
        token->calls->C_GenerateKeyPair(token->session, &how, public, 4, secret, 6, &handles[0], &handles[1]);
    return rv == CKR_OK ? OK : said(why, ERR_IO, "the token makes no Ed25519 key", rv);
}

static enum err open_token(const struct token_place *place, bool make, struct token **out, struct why *why)
{
    struct token *token = calloc(1, sizeof *token);
    if (token == NULL) {
        abort();
    }
    enum err err = load(place->module, token, why);
    err = err != OK ? err : log_in(token, place, make, why);
    err = err != OK || !make ? err : generate(token, place->key, why);
    err = err != OK ? err : find_keys(token, place->key, why);
    if (err != OK) {
        token_close(token);
        return err;
    }
    *out = token;
    return OK;
}

enum err token_open(const struct token_place *place, struct token **out, struct why *why)
{
    return open_token(place, false, out, why);
}

enum err token_make_key(const struct token_place *place, struct token **out, struct why *why)
{
    return open_token(place, true, out, why);
}

void token_close(struct token *token)
{
    if (token == NULL) {
        return;
    }
    if (token->in_session) {
        (void)token->calls->C_CloseSession(token->session);
    }
    if (token->initialized) {
        (void)token->calls->C_Finalize(NULL);
    }
    if (token->library != NULL) {
        dlclose(token->library);
    }
    free(token);
}

void token_public(const struct token *token, uint8_t public[32])
{
    memcpy(public, token->public, 32);
}

enum err token_sign(void *arg, struct span message, uint8_t signature[64])
{
    struct token *token = arg;
    CK_MECHANISM how = {CKM_EDDSA, NULL, 0};
    CK_ULONG len = 64;
    CK_BYTE *bytes = (CK_BYTE *)(uintptr_t)message.at;
    CK_RV rv = token->calls->C_SignInit(token->session, &how, token->secret);
    if (rv == CKR_OK) {
        rv = token->calls->C_Sign(token->session, bytes, message.len, signature, &len);
    }
    return rv == CKR_OK && len == 64 && ed25519_verify(token->public, message, signature) ? OK : ERR_IO;
}
