/* Shared by the two sources of the roots and nobody else. */
#ifndef RENDER_ROOTS_OWN_H
#define RENDER_ROOTS_OWN_H

#include "render/roots.h"

/* The sums of a contest's actas in one section; cell = contest * n_sections + the section's place. */
void roots_section_sum(const struct roots *roots, const struct fold *fold, uint32_t cell, struct count *out);

#endif
