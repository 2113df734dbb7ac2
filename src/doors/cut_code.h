/* The code of a cut: what is read out on television and radio, so that everybody can tell whether he is shown the same cut.
 *
 * It is the first 80 bits of the SHA-256 of exactly the file /log/cut-{n}.tlog-proof, as 16 characters of RFC 4648's base-32
 * alphabet (A-Z, 2-7) in four groups: "ABCD-EFGH-2345-WXYZ". The file holds the cut's entry, its place in the log and the
 * signatures of the log and its witnesses, so that nobody can make another one with the same code. */
#ifndef DOORS_CUT_CODE_H
#define DOORS_CUT_CODE_H

#include "base/span.h"

#include <stdint.h>

enum { CUT_CODE_LEN = 19, CUT_PROOF_PATH_MAX = 40, CUT_PROOF_BYTES_MAX = 262144 };

/* "log/cut-12.tlog-proof" */
void cut_proof_path(uint32_t cut, char out[CUT_PROOF_PATH_MAX]);
/* Of the file's bytes; terminated. */
void cut_code_print(struct span proof_file, char out[CUT_CODE_LEN + 1]);
/* As people write it down: any case, blanks and hyphens anywhere; 0, 1 and 8, which no code has, are the letters that they
 * look like (O, I, B). False: these are not 16 such characters. */
bool cut_code_read(struct span heard, char out[CUT_CODE_LEN + 1]);

#endif
