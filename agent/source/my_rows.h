/*
 * my_rows: the rows of a SELECT as they come from the server, never all in memory; and a statement that is
 * sent now and answered later. The part of my_client that snapshots need.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_ROWS_H
#define TAILRACE_AGENT_SOURCE_MY_ROWS_H

#include "agent/source/my_client.h"

struct my_rows;

/* Runs one SELECT. `what` opens the message of an error. NULL and `e` on failure. Until it is freed, nothing
 * else runs on the connection. */
struct my_rows *my_rows_open(struct my_client *c, const char *what, const char *sql, struct err *e);

/* The next row: a pointer (NULL: NULL) and a length for each column, valid until the next call. 1; 0: there
 * is none; -1. */
int my_rows_next(struct my_rows *r, const char *const **values, const unsigned long **lengths, struct err *e);

/* Reads what is left away; after my_client_abort() nothing is left. NULL is fine. */
void my_rows_free(struct my_rows *r);

/* Sends a statement without rows and does not wait for the answer. */
int my_client_send(struct my_client *c, const char *what, const char *sql, struct err *e);
/* Waits for the answer up to `timeout_ms`. False: it is not there yet. */
bool my_client_answered(const struct my_client *c, int timeout_ms);
/* Takes the answer, waiting for it. */
int my_client_answer(struct my_client *c, const char *what, struct err *e);

#endif
