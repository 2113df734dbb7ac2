/* Compiled for x86-64-v3 (src/prepdb/CMakeLists.txt). */
#define SHORT_NUMBERS_READ short_numbers_read_v3
#include "prepdb/short_numbers.c" /* NOLINT(bugprone-suspicious-include) */
