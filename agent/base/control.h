/*
 * control: the ear of a running agent: a Unix socket DIR/NAME.control that only its owner can open.
 *
 * One request a connection: words in, an exit code and text out. Whoever may open the socket is the user the
 * agent runs as, or root; both sides check that by the other's credentials.
 *
 * Wire: the request is u32 length (big-endian, at most CONTROL_REQUEST_MAX), then the words, each closed by
 * NUL. The answer is u8 exit code, then text up to the end of the connection.
 */
#ifndef TAILRACE_AGENT_BASE_CONTROL_H
#define TAILRACE_AGENT_BASE_CONTROL_H

#include "decoders/buf.h"
#include "decoders/err.h"

#define CONTROL_REQUEST_MAX 65536
#define CONTROL_WORDS_MAX 256

struct control;

/*
 * Makes the socket; one that nobody listens on any more is replaced. ERR_FENCED: somebody listens. The path
 * may be longer than a socket's address takes.
 */
int control_open(const char *dir, const char *name, struct control **out, struct err *e);
/* Removes it. NULL is fine. */
void control_close(struct control *c);

/* Readable when somebody wants something. */
int control_fd(const struct control *c);

/* Answers one request: appends text and returns the exit code. Words are valid until it returns. */
typedef int (*control_fn)(void *ctx, int nwords, char **words, struct buf *answer);

/* Takes one connection and lets `fn` answer it. Waits for a slow client for a second at most. */
void control_serve(struct control *c, control_fn fn, void *ctx);

/*
 * The other side: asks, and waits for the answer, which is appended. Returns the exit code that the agent
 * gave, or -1: ERR_CONFIG when no agent listens there.
 */
int control_ask(const char *dir, const char *name, int nwords, const char *const *words, struct buf *answer,
                struct err *e);

#endif
