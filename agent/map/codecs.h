/*
 * codecs: the conversions of one table's columns, applied to each of its rows before anything else sees it.
 */
#ifndef TAILRACE_AGENT_MAP_CODECS_H
#define TAILRACE_AGENT_MAP_CODECS_H

#include "agent/event/event.h"
#include "agent/map/codec.h"
#include "agent/map/map.h"
#include "agent/map/notices.h"
#include "agent/map/rules.h"

/* A codec at its column. */
struct column_codec {
    const struct codec *codec;
    const char *place; /* where the configuration says so */
    uint16_t column;
    bool said; /* a notice is given once per shape */
};

struct codecs {
    struct column_codec *items;
    size_t count; /* 0: nothing to do */
};

/*
 * Binds the conversions of an override to the table of `sel`, which becomes a copy of it whose columns have
 * the kinds that come out (names and types stay the database's). Allocates in `arena`. ERR_CONFIG with the
 * place: a column that is not there, or that the conversion cannot read.
 */
int codecs_bind(struct codecs *out, struct selection *sel, const struct override *o, struct arena *arena,
                struct err *e);

/* Converts both images of a change in place; what it makes lies in `arena`, cleared by the caller. Counts
 * what does not parse in `stats`, and says so once per column. */
int codecs_apply(struct codecs *c, const struct change *change, struct arena *arena, struct map_stats *stats,
                 struct notices *notices, struct err *e);

#endif
