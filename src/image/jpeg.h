/* The one door to libjpeg-turbo. Private to this module. */
#ifndef IMAGE_JPEG_H
#define IMAGE_JPEG_H

#include "base/buf.h"
#include "image/canvas.h"

/* Appends the sheet as a baseline grayscale JPEG. */
void jpeg_encode(const struct canvas *canvas, int quality, struct buf *out);

#endif
