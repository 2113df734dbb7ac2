/* RFC 7541, appendices A and B. The Huffman code is canonical: symbols by length of their code, then by code. Private to hpack. */
#ifndef WIRE_HPACK_TABLES_H
#define WIRE_HPACK_TABLES_H

#include "wire/hpack.h"

#define ROW(name, value)                                                                                     \
    {                                                                                                        \
        {name, sizeof(name) - 1},                                                                            \
        {                                                                                                    \
            value, sizeof(value) - 1                                                                         \
        }                                                                                                    \
    }
static const struct hpack_field hpack_static[HPACK_STATIC] = {
    ROW(":authority", ""),
    ROW(":method", "GET"),
    ROW(":method", "POST"),
    ROW(":path", "/"),
    ROW(":path", "/index.html"),
    ROW(":scheme", "http"),
    ROW(":scheme", "https"),
    ROW(":status", "200"),
    ROW(":status", "204"),
    ROW(":status", "206"),
    ROW(":status", "304"),
    ROW(":status", "400"),
    ROW(":status", "404"),
    ROW(":status", "500"),
    ROW("accept-charset", ""),
    ROW("accept-encoding", "gzip, deflate"),
    ROW("accept-language", ""),
    ROW("accept-ranges", ""),
    ROW("accept", ""),
    ROW("access-control-allow-origin", ""),
    ROW("age", ""),
    ROW("allow", ""),
    ROW("authorization", ""),
    ROW("cache-control", ""),
    ROW("content-disposition", ""),
    ROW("content-encoding", ""),
    ROW("content-language", ""),
    ROW("content-length", ""),
    ROW("content-location", ""),
    ROW("content-range", ""),
    ROW("content-type", ""),
    ROW("cookie", ""),
    ROW("date", ""),
    ROW("etag", ""),
    ROW("expect", ""),
    ROW("expires", ""),
    ROW("from", ""),
    ROW("host", ""),
    ROW("if-match", ""),
    ROW("if-modified-since", ""),
    ROW("if-none-match", ""),
    ROW("if-range", ""),
    ROW("if-unmodified-since", ""),
    ROW("last-modified", ""),
    ROW("link", ""),
    ROW("location", ""),
    ROW("max-forwards", ""),
    ROW("proxy-authenticate", ""),
    ROW("proxy-authorization", ""),
    ROW("range", ""),
    ROW("referer", ""),
    ROW("refresh", ""),
    ROW("retry-after", ""),
    ROW("server", ""),
    ROW("set-cookie", ""),
    ROW("strict-transport-security", ""),
    ROW("transfer-encoding", ""),
    ROW("user-agent", ""),
    ROW("vary", ""),
    ROW("via", ""),
    ROW("www-authenticate", ""),
};
#undef ROW

/* 256 is the end of string, which no string may hold. */
static const uint16_t hpack_symbols[257] = {
    48,  49,  50,  97,  99,  101, 105, 111, 115, 116, 32,  37,  45,  46,  47,  51,  52,  53,  54,  55,
    56,  57,  61,  65,  95,  98,  100, 102, 103, 104, 108, 109, 110, 112, 114, 117, 58,  66,  67,  68,
    69,  70,  71,  72,  73,  74,  75,  76,  77,  78,  79,  80,  81,  82,  83,  84,  85,  86,  87,  89,
    106, 107, 113, 118, 119, 120, 121, 122, 38,  42,  44,  59,  88,  90,  33,  34,  40,  41,  63,  39,
    43,  124, 35,  62,  0,   36,  64,  91,  93,  126, 94,  125, 60,  96,  123, 92,  195, 208, 128, 130,
    131, 162, 184, 194, 224, 226, 153, 161, 167, 172, 176, 177, 179, 209, 216, 217, 227, 229, 230, 129,
    132, 133, 134, 136, 146, 154, 156, 160, 163, 164, 169, 170, 173, 178, 181, 185, 186, 187, 189, 190,
    196, 198, 228, 232, 233, 1,   135, 137, 138, 139, 140, 141, 143, 147, 149, 150, 151, 152, 155, 157,
    158, 165, 166, 168, 174, 175, 180, 182, 183, 188, 191, 197, 231, 239, 9,   142, 144, 145, 148, 159,
    171, 206, 215, 225, 236, 237, 199, 207, 234, 235, 192, 193, 200, 201, 202, 205, 210, 213, 218, 219,
    238, 240, 242, 243, 255, 203, 204, 211, 212, 214, 221, 222, 223, 241, 244, 245, 246, 247, 248, 250,
    251, 252, 253, 254, 2,   3,   4,   5,   6,   7,   8,   11,  12,  14,  15,  16,  17,  18,  19,  20,
    21,  23,  24,  25,  26,  27,  28,  29,  30,  31,  127, 220, 249, 10,  13,  22,  256};

/* Codes of each length: how many, and the first of them. */
static const struct {
    uint8_t bits, n;
    uint32_t first;
} hpack_lengths[] = {
    {5, 10, 0x0},        {6, 26, 0x14},      {7, 32, 0x5c},       {8, 6, 0xf8},        {10, 5, 0x3f8},
    {11, 3, 0x7fa},      {12, 2, 0xffa},     {13, 6, 0x1ff8},     {14, 2, 0x3ffc},     {15, 3, 0x7ffc},
    {19, 3, 0x7fff0},    {20, 8, 0xfffe6},   {21, 13, 0x1fffdc},  {22, 26, 0x3fffd2},  {23, 29, 0x7fffd8},
    {24, 12, 0xffffea},  {25, 4, 0x1ffffec}, {26, 15, 0x3ffffe0}, {27, 19, 0x7ffffde}, {28, 29, 0xfffffe2},
    {30, 4, 0x3ffffffc},
};

#endif
