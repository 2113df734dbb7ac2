/* The role that holds the private keys. It reads certificates and keys (and reads them again when the files change), tells the
 * workers the chains and the keys of session tickets, and answers their questions: a few bytes in, a signature out. It parses
 * nothing that a stranger sent and speaks with nobody but the workers (edge/keys_packet.h). */
#ifndef EDGE_KEYS_H
#define EDGE_KEYS_H

/* role_main; the argument is a struct role_gift. */
int keys_main(void *arg);
/* role_main; the argument is a struct edge_options. Reads every pair once, says which one does not do, and ends with 0 or 2. */
int keys_check_main(void *arg);

#endif
