/*
 * secret: reading passwords at the moment of use, and wiping them after it.
 */
#ifndef TAILRACE_AGENT_CONFIG_SECRET_H
#define TAILRACE_AGENT_CONFIG_SECRET_H

#include "agent/config/config.h"
#include "decoders/buf.h"

/*
 * Appends the password that `s` names (file, environment, or URL); nothing for passfile and service, which
 * libpq reads itself. A file that others may read is a warning on the log, a missing file or variable
 * ERR_CONFIG. Empty when no secret is named.
 */
int secret_read(const struct config_secret *s, struct buf *out, struct err *e);

/* Overwrites and frees. */
void secret_wipe(struct buf *b);

/*
 * Replaces the password in a URL that stands in `arg` (a command line argument) by x's of the same length, in
 * place: user:password@, and the query's password and sslpassword. Errs on the side of wiping too much when
 * the URL is malformed.
 */
void secret_wipe_url(char *arg);

/* Replaces all of a text by x's, in place. */
void secret_wipe_text(char *s);

#endif
