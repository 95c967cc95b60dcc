/*
 * attend: what a running agent does when somebody asks it something: the words of a control socket
 * (agent/base/control.h), answered by the pipeline they are about.
 */
#ifndef TAILRACE_AGENT_CMD_ATTEND_H
#define TAILRACE_AGENT_CMD_ATTEND_H

#include "agent/pipeline/pipeline.h"

struct attend;

/* Listens for one source. ERR_FENCED: another agent does already. */
int attend_open(const char *state, const char *source, struct pipeline *p, struct attend **out,
                struct err *e);
/* NULL is fine. */
void attend_close(struct attend *a);

/* Readable when somebody asks. */
int attend_fd(const struct attend *a);
/* Answers one request; may take as long as the pipeline needs to come to it, some seconds at most. */
void attend_serve(struct attend *a);

#endif
