/* Compiled for x86-64-v3 (AVX2, BMI) with carry-less multiplication: half the instructions (src/wire/CMakeLists.txt). */
#define CSV_PLAIN_ROW csv_plain_row_v3
#include "wire/csv_plain.c" /* NOLINT(bugprone-suspicious-include) */
