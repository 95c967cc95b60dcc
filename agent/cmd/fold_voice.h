/*
 * fold_voice: what each table says about each part and item of one entity; the memory of a fold.
 *
 * Voices are kept sorted as people want to read them: by part, item (9 before 10), source, table.
 */
#ifndef TAILRACE_AGENT_CMD_FOLD_VOICE_H
#define TAILRACE_AGENT_CMD_FOLD_VOICE_H

#include <stdint.h>

#include "agent/cmd/fold.h"

/* What one table says about one field. */
struct entry {
    char *name;
    enum fold_state state;
    json_object *value; /* of VALUE and INVALID */
    json_object *truth; /* systems in order of trust, as the event had them; NULL: none */
    char *ts;
    uint64_t seq; /* of the event, counted by us: the later one wins where times are equal */
};

/* What one table says about one part (or item). */
struct voice {
    char *part, *item, *source, *table;
    unsigned stream; /* where it spoke last */
    char *ord;       /* of what it said last */
    bool removed;    /* it no longer says anything; kept because of `ord` */
    struct entry *entries;
    size_t count, cap;
};

/* Which voice: borrowed texts, "" where there is none. */
struct voice_name {
    const char *part, *item, *source, *table;
};

/* Starts zeroed. */
struct voices {
    struct voice **items;
    size_t count, cap;
};

/* The voice of that name, made when there is none yet. NULL when memory runs out. */
struct voice *voices_get(struct voices *all, const struct voice_name *name);

/* Frees everything; empty and usable again. */
void voices_release(struct voices *all);

/* What the voice says about a field, made (without state, *made) when it said nothing yet. NULL when memory
 * runs out. */
struct entry *voice_entry(struct voice *v, const char *name, bool *made);

/* Forgets everything it said. */
void voice_silence(struct voice *v);

#endif
