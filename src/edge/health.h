/* The health role: answers /healthz, /readyz and /metrics on a listener of its own, from the notice board alone. It is another
 * process with other descriptors than the workers, so a flood on them does not reach it. */
#ifndef EDGE_HEALTH_H
#define EDGE_HEALTH_H

/* role_main; the argument is a struct role_gift. */
int health_main(void *arg);

#endif
