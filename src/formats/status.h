/* Moved to doors/status.h, which knows nothing of votes; this name stays for those who use both. */
#ifndef FORMATS_STATUS_H
#define FORMATS_STATUS_H

#include "doors/status.h"

#endif
