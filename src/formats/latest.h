/* Moved to doors/latest.h, which knows nothing of votes; this name stays for those who use both. */
#ifndef FORMATS_LATEST_H
#define FORMATS_LATEST_H

#include "doors/latest.h"

#endif
