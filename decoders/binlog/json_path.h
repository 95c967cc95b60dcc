/*
 * json_path: the paths in JSON differences: $.name."any name"[2][last-1], without wildcards.
 */
#ifndef TAILRACE_DECODERS_BINLOG_JSON_PATH_H
#define TAILRACE_DECODERS_BINLOG_JSON_PATH_H

#include "decoders/arena.h"
#include "decoders/binlog/json_binary.h"
#include "decoders/change.h"

#define JSON_PATH_LEGS JSON_BINARY_DEPTH

struct json_leg {
    bool member;     /* else an element */
    struct text key; /* of a member */
    bool from_end;   /* `index` counts from the last element, which is 0 */
    uint32_t index;  /* of an element */
};

struct json_path {
    size_t count;
    struct json_leg legs[JSON_PATH_LEGS];
};

/* Reads a whole path. Keys point into it, or into `a` where something in them was escaped. ERR_DATA, without
 * the path. */
int json_path_read(const void *s, size_t len, struct arena *a, struct json_path *out, struct err *e);

#endif
