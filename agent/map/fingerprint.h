/*
 * fingerprint: one number that changes with everything that shapes the stream of a source.
 */
#ifndef TAILRACE_AGENT_MAP_FINGERPRINT_H
#define TAILRACE_AGENT_MAP_FINGERPRINT_H

#include <stdint.h>

#include "agent/map/rules.h"

/* Raised whenever the same configuration and the same log give other records than before. */
#define RULES_VERSION 1

/* 0 and the hash (never 0) in *out; -1 without memory. */
int fingerprint_of(const struct rules *r, uint64_t *out, struct err *e);

#endif
