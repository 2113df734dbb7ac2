/* Two tables: what was tried, and what came of it. */
#include "os/said.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct deed {
    const char *en, *es;
} deeds[] = {
    {"append to", "añadir a"},
    {"bind for a connection to", "preparar la conexión con"},
    {"chmod", "dar sus permisos a"},
    {"close", "cerrar"},
    {"connect to", "conectar con"},
    {"create", "crear"},
    {"cut", "recortar"},
    {"keep", "conservar"},
    {"link", "enlazar"},
    {"listen on", "escuchar en"},
    {"make a file beside", "hacer un archivo junto a"},
    {"make folder", "hacer la carpeta"},
    {"map", "leer en memoria"},
    {"open", "abrir"},
    {"open below", "abrir algo dentro de"},
    {"open the folder of", "abrir la carpeta de"},
    {"put", "poner en su lugar"},
    {"read", "leer"},
    {"remove", "quitar"},
    {"remove below", "quitar algo de dentro de"},
    {"rename", "renombrar"},
    {"set the time of", "dar su hora a"},
    {"stat", "examinar"},
    {"start", "arrancar"},
    {"sync", "asentar en el disco"},
    {"sync the folder of", "asentar en el disco la carpeta de"},
    {"take away", "apartar"},
    {"truncate", "recortar"},
    {"write", "escribir"},
};

static const struct answer {
    int number;
    const char *es;
} answers[] = {
    {EACCES, "permiso negado"},
    {EADDRINUSE, "otro programa usa la dirección"},
    {EADDRNOTAVAIL, "la dirección no es de esta máquina"},
    {ECONNREFUSED, "nadie atiende ahí"},
    {EDQUOT, "la cuota de disco se agotó"},
    {EEXIST, "ya existe"},
    {EFBIG, "archivo demasiado grande"},
    {EIO, "el disco falla"},
    {EISDIR, "es una carpeta"},
    {ELOOP, "es un enlace, o enlaces en círculo"},
    {EMFILE, "demasiados archivos abiertos"},
    {ENAMETOOLONG, "ruta demasiado larga"},
    {ENFILE, "demasiados archivos abiertos en la máquina"},
    {ENOENT, "no existe"},
    {ENOMEM, "sin memoria"},
    {ENOSPC, "no queda espacio en el disco"},
    {ENOTDIR, "una parte de la ruta no es una carpeta"},
    {ENOTEMPTY, "la carpeta no está vacía"},
    {EPERM, "no está permitido"},
    {EROFS, "ahí sólo se puede leer"},
    {EXDEV, "es otro sistema de archivos"},
};

const char *said_es(int number)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (answers[i].number == number) {
            return answers[i].es;
        }
    }
    return strerror(number);
}

static const char *deed_es(const char *deed)
{
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        if (strcmp(deeds[i].en, deed) == 0) {
            return deeds[i].es;
        }
    }
    return deed;
}

enum err said(struct why *why, enum err err, const char *deed, const char *path, int number)
{
    return why_set(why, err, "no se pudo %s %.300s: %s / %s: %s", deed_es(deed), path, said_es(number), deed,
                   strerror(number));
}

enum err said_of(struct why *why, enum err err, const char *path, int number)
{
    return why_set(why, err, "%.300s: %s / %s", path, said_es(number), strerror(number));
}
