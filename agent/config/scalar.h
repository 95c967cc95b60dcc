/*
 * scalar: one value's text, read as its option's type wants it.
 *
 * Errors (ERR_CONFIG) say what is wrong with the value and what it may be, without the place: the caller puts
 * that in front.
 */
#ifndef TAILRACE_AGENT_CONFIG_SCALAR_H
#define TAILRACE_AGENT_CONFIG_SCALAR_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/config/option.h"
#include "decoders/buf.h"
#include "decoders/err.h"

/* true yes on, false no off, in any case. */
int scalar_bool(const char *text, bool *out, struct err *e);

/* True when the text is one of those words: whether a flag's next argument is its value. */
bool scalar_is_bool(const char *text);

/* A whole decimal number between o->min and o->max. */
int scalar_int(const struct option *o, const char *text, uint64_t *out, struct err *e);

/* Bytes: a number with B, KiB, MiB, GiB, kB, MB, GB, or none for bytes. */
int scalar_size(const struct option *o, const char *text, uint64_t *out, struct err *e);

/* Milliseconds: a number with ms, s, m or h. */
int scalar_duration(const struct option *o, const char *text, uint64_t *out, struct err *e);

/* One of o->choices; o->instead follows the message about a wrong one. */
int scalar_choice(const struct option *o, const char *text, int *out, struct err *e);

/* Appends a size or duration in its largest whole unit: 64MiB, 1s. */
void scalar_size_text(uint64_t bytes, struct buf *out);
void scalar_duration_text(uint64_t ms, struct buf *out);

#endif
