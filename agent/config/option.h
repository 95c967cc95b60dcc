/*
 * option: the one table of options.
 *
 * Each row names an option, where its value goes, what it may be, its default, and one line of help. The YAML
 * file, the flags, the validation, `--help` and docs/reference.md all come out of it; a variable of the
 * environment would be one more way to name a row.
 *
 * An option's path is its scope's prefix and its key: "sources.NAME.tables", "sink.brokers",
 * "overrides.0.mask". Every path is a flag ("--sink.brokers"); the options of a source are plain flags too
 * ("--tables"), for runs with one source. In flags `-` and `_` are the same.
 */
#ifndef TAILRACE_AGENT_CONFIG_OPTION_H
#define TAILRACE_AGENT_CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/arena.h"
#include "decoders/buf.h"
#include "decoders/err.h"

/* Where an option stands, and which struct its value goes into. */
enum option_scope {
    SCOPE_GLOBAL,  /* struct config */
    SCOPE_COMMAND, /* struct config; on the command line only */
    SCOPE_SOURCE,  /* struct config_source */
    SCOPE_SINK,    /* struct config_sink */
    SCOPE_TABLE,   /* struct config_table */
    SCOPE_ENTITY,  /* struct config_entity */
    SCOPE_MAPPING, /* struct config_mapping */
    SCOPES,
};

enum option_type {
    OPTION_STRING,
    OPTION_BOOL,
    OPTION_INT,      /* min … max */
    OPTION_SIZE,     /* bytes: "64MiB"; min … max */
    OPTION_DURATION, /* milliseconds: "500ms", "5s", "1h"; min … max */
    OPTION_ENUM,     /* one of `choices` */
    OPTION_LIST,     /* strings; a single one may stand for itself */
    OPTION_MAP,      /* names to values, both free; a list becomes its items with commas between them */
    OPTION_FIELDS,   /* target fields to columns or { const: VALUE } */
    OPTION_SECTION,  /* the options of `inner` */
    OPTION_SECTIONS, /* names, and below each the options of `inner` */
    OPTION_ENTRIES,  /* a list, each with the options of `inner` */
};

struct option_choice {
    const char *word; /* NULL ends the list */
    int value;
};

/* How an option deviates from its type. */
enum option_trait {
    OPTION_REQUIRED = 1,
    OPTION_SPLIT = 2,    /* a list: commas separate items, too */
    OPTION_UNSTORED = 4, /* checked, but kept nowhere in struct config */
    OPTION_STEPS = 8,    /* of a map: a value may be a map itself, { a: b, c: d } for "a=b,c=d" */
};

struct option {
    enum option_scope scope;
    const char *key;
    enum option_type type;
    unsigned traits;
    const char *flag;        /* plain flag, without dashes, when it is not the key */
    const char *placeholder; /* of the value, for people: "URL" */
    const char *value;       /* default, as one would write it; NULL: none, or worked out */
    const char *value_text;  /* the default in words, when `value` does not say it */
    const char *help;        /* one line */
    const char *instead;     /* what to say besides about a wrong choice; NULL nothing */
    const struct option_choice *choices;
    uint64_t min;
    uint64_t max;
    size_t offset;       /* of the value, in the scope's struct */
    size_t count_offset; /* of the number of elements: maps, fields, sections, entries */
    size_t width;        /* of an integer member */
    enum option_scope inner;
};

/* The table. Rows of one scope stand together, in the order of help and reference. */
extern const struct option option_table[];
extern const size_t option_count;

/* "sources.NAME.", "sink.", "" … */
const char *option_prefix(enum option_scope s);

/* The row of a scope with that key, NULL none. `loose`: `-` and `_` are the same. */
const struct option *option_find(enum option_scope s, const char *key, bool loose);

/* The nearest key of a scope to a mistyped one, NULL when none is near. */
const char *option_nearest(enum option_scope s, const char *key);

/* Appends the flag as help shows it, with its dashes: "--tables", "--sink.brokers". */
void option_flag(const struct option *o, struct buf *out);

#define OPTION_PATH_MAX 8

/* A flag taken apart: "sink.kafka.linger.ms" is "sink", "kafka", "linger.ms". */
struct option_path {
    const struct option *option; /* what the last step means */
    size_t nsteps;
    const char *steps[OPTION_PATH_MAX]; /* keys as the table spells them; names and indexes as given */
    bool list[OPTION_PATH_MAX];         /* the node at this step is a list, and an index follows */
    bool plain;                         /* a plain flag of a source: the steps lack "sources" and its name */
    bool inside;                        /* the last step is a name in a map: one value of it */
};

/*
 * Finds out what a flag (without dashes) means. ERR_CONFIG says which flag was perhaps meant. Copies into the
 * arena what it needs.
 */
int option_resolve(const char *flag, struct arena *a, struct option_path *out, struct err *e);

#endif
