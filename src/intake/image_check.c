/* The walk through JPEG (ITU T.81 Annex B) and PNG (ISO 15948) structure. */
#include "intake/image_check.h"

static const struct span PNG_SIGNATURE = {"\x89PNG\r\n\x1a\n", 8};

static uint32_t be16(const char *at)
{
    return (uint32_t)(unsigned char)at[0] << 8 | (unsigned char)at[1];
}

static uint32_t be32(const char *at)
{
    return be16(at) << 16 | be16(at + 2);
}

static enum err check_size(uint32_t width, uint32_t height, struct image_about *out, struct why *why)
{
    if (width == 0 || height == 0 || width > IMAGE_SIDE_MAX || height > IMAGE_SIDE_MAX ||
        (uint64_t)width * height > IMAGE_PIXELS_MAX) {
        return why_set(why, ERR_RANGE, "the image has %u x %u points: at most %d a side and %d in all", width,
                       height, IMAGE_SIDE_MAX, IMAGE_PIXELS_MAX);
    }
    out->width = width;
    out->height = height;
    return OK;
}

static enum err broken(struct why *why, const char *rule)
{
    return why_set(why, ERR_SYNTAX, "the image is broken: %s", rule);
}

/* Skips entropy-coded bytes: up to a marker that is neither a stuffed 0xff nor a restart. */
static struct span skip_scan(struct span rest)
{
    while (rest.len > 1) {
        const char *mark = memchr(rest.at, 0xff, rest.len - 1);
        if (mark == NULL) {
            return span_from(rest, rest.len);
        }
        rest = span_from(rest, (size_t)(mark - rest.at));
        unsigned char code = (unsigned char)rest.at[1];
        if (code != 0 && code != 0xff && !(code >= 0xd0 && code <= 0xd7)) {
            return rest;
        }
        rest = span_from(rest, code == 0xff ? 1 : 2);
    }
    return span_from(rest, rest.len);
}

struct jpeg {
    bool frame, scan; /* seen */
};

/* A frame header: baseline, extended or progressive, 8 bits. */
static enum err jpeg_frame(struct span body, unsigned char code, struct jpeg *jpeg, struct image_about *out,
                           struct why *why)
{
    if (code > 0xc2 || jpeg->frame || body.len < 6) {
        return broken(why, "one frame, baseline or progressive, is allowed");
    }
    size_t components = (unsigned char)body.at[5];
    if (body.at[0] != 8 || components == 0 || components > 4 || body.len != 6 + 3 * components) {
        return broken(why, "a frame has 8 bits and 1 to 4 components");
    }
    jpeg->frame = true;
    return check_size(be16(body.at + 3), be16(body.at + 1), out, why);
}

static bool is_frame(unsigned char code)
{
    return code >= 0xc0 && code <= 0xcf && code != 0xc4 && code != 0xc8 && code != 0xcc;
}

/* One marker segment; `rest` begins after the marker. */
static enum err jpeg_segment(struct span *rest, unsigned char code, struct jpeg *jpeg,
                             struct image_about *out, struct why *why)
{
    if (code < 0xc0 || (code >= 0xd0 && code <= 0xd8)) {
        return broken(why, "a marker stands where none may");
    }
    if (rest->len < 2 || be16(rest->at) < 2 || be16(rest->at) > rest->len) {
        return broken(why, "a segment is longer than the file");
    }
    struct span body = span_of(rest->at + 2, be16(rest->at) - 2);
    *rest = span_from(*rest, 2 + body.len);
    if (is_frame(code)) {
        return jpeg_frame(body, code, jpeg, out, why);
    }
    if (code == 0xda) {
        if (!jpeg->frame) {
            return broken(why, "a scan before its frame");
        }
        jpeg->scan = true;
        *rest = skip_scan(*rest);
    }
    return OK;
}

static enum err check_jpeg(struct span rest, struct image_about *out, struct why *why)
{
    struct jpeg jpeg = {0};
    out->extension = "jpg";
    rest = span_from(rest, 2);
    for (;;) {
        if (rest.len < 2 || (unsigned char)rest.at[0] != 0xff) {
            return broken(why, "it ends, or bytes stand, where a marker is due");
        }
        unsigned char code = (unsigned char)rest.at[1];
        if (code == 0xff) {
            rest = span_from(rest, 1); /* fill byte */
            continue;
        }
        rest = span_from(rest, 2);
        if (code == 0xd9) {
            break;
        }
        TRY(jpeg_segment(&rest, code, &jpeg, out, why));
    }
    if (!jpeg.scan) {
        return broken(why, "it has no picture");
    }
    return rest.len == 0 ? OK : broken(why, "bytes follow its end");
}

static uint32_t crc32_of(const char *at, size_t len)
{
    static uint32_t table[256];
    if (table[1] == 0) {
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t c = i;
            for (int k = 0; k < 8; k++) {
                c = (c & 1) != 0 ? 0xedb88320U ^ (c >> 1) : c >> 1;
            }
            table[i] = c;
        }
    }
    uint32_t crc = 0xffffffffU;
    for (size_t i = 0; i < len; i++) {
        crc = table[(crc ^ (unsigned char)at[i]) & 0xff] ^ (crc >> 8);
    }
    return ~crc;
}

/* Cuts a chunk off: its type and data. */
static enum err png_chunk(struct span *rest, struct span *type, struct span *data, struct why *why)
{
    if (rest->len < 12 || be32(rest->at) > rest->len - 12) {
        return broken(why, "a chunk is longer than the file");
    }
    *type = span_of(rest->at + 4, 4);
    *data = span_of(rest->at + 8, be32(rest->at));
    if (crc32_of(type->at, 4 + data->len) != be32(data->at + data->len)) {
        return broken(why, "the checksum of a chunk is wrong");
    }
    *rest = span_from(*rest, 12 + data->len);
    return OK;
}

static enum err png_header(struct span type, struct span data, struct image_about *out, struct why *why)
{
    if (!span_is(type, "IHDR") || data.len != 13 || data.at[10] != 0 || data.at[11] != 0 || data.at[12] > 1 ||
        data.at[12] < 0) {
        return broken(why, "it does not begin with its header");
    }
    static const char kinds[] = {0, 2, 3, 4, 6};
    if (memchr(kinds, data.at[9], sizeof kinds) == NULL) {
        return broken(why, "its colours are of no known kind");
    }
    return check_size(be32(data.at), be32(data.at + 4), out, why);
}

static enum err check_png(struct span rest, struct image_about *out, struct why *why)
{
    struct span type = {NULL, 0};
    struct span data = {NULL, 0};
    bool picture = false;
    out->extension = "png";
    rest = span_from(rest, PNG_SIGNATURE.len);
    TRY(png_chunk(&rest, &type, &data, why));
    TRY(png_header(type, data, out, why));
    do {
        TRY(png_chunk(&rest, &type, &data, why));
        if (span_is(type, "IHDR") || span_is(type, "acTL")) {
            return broken(why, "it holds more than one picture");
        }
        picture = picture || span_is(type, "IDAT");
    } while (!span_is(type, "IEND"));
    if (!picture || data.len != 0) {
        return broken(why, "it has no picture");
    }
    return rest.len == 0 ? OK : broken(why, "bytes follow its end");
}

enum err image_check(struct span bytes, struct image_about *out, struct why *why)
{
    struct image_about about = {0};
    if (span_starts(bytes, SPAN("\xff\xd8\xff"))) {
        TRY(check_jpeg(bytes, &about, why));
    } else if (span_starts(bytes, PNG_SIGNATURE)) {
        TRY(check_png(bytes, &about, why));
    } else {
        return why_set(why, ERR_SYNTAX, "it begins neither as JPEG nor as PNG");
    }
    *out = about;
    return OK;
}

const char *image_extension(struct span bytes)
{
    return span_starts(bytes, PNG_SIGNATURE) ? "png" : "jpg";
}
