/* Moved to doors/manifest.h, which knows nothing of votes; this name stays for those who use both. */
#ifndef FORMATS_MANIFEST_H
#define FORMATS_MANIFEST_H

#include "doors/manifest.h"

#endif
