#include "agent/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "agent/config/args.h"
#include "agent/config/loader.h"
#include "agent/config/option.h"
#include "agent/config/overlay.h"
#include "agent/config/scalar.h"
#include "agent/config/yaml.h"

/*
 * One source's share of the memory: an eighth reads ahead, a sixteenth reads tables, a third waits to be
 * sent, the rest is for what is between them and for the client libraries' own buffers (librdkafka makes room
 * for all that waits in a partition when it builds a batch).
 */
#define SHARE_MIN ((size_t)8 << 20)
#define RING_PART 8
#define CHUNK_PART 16 /* over all connections that read tables */
#define RING_MAX ((size_t)256 << 20)
#define QUEUE_PART 3
#define QUEUE_MAX ((size_t)1 << 40)

/* What config_load() hands out, with all that it points to. */
struct loaded {
    struct config config;
    struct arena arena;
};

static size_t at_most(size_t v, size_t max) {
    return v < max ? v : max;
}

static int split_memory(struct loader *l) {
    struct config *c = l->config;
    size_t share = c->memory / c->nsources;
    if (share < SHARE_MIN)
        return load_refuse(l, node_place(l->root, "memory"), "memory",
                           "%zu sources need at least %zuMiB, 8MiB for each", c->nsources, c->nsources * 8);
    c->ring_bytes = at_most(share / RING_PART, RING_MAX);
    for (size_t i = 0; i < c->nsources; i++)
        c->sources[i].chunk_bytes =
            at_most(share / CHUNK_PART / c->sources[i].snapshot_connections, RING_MAX);
    c->sink.queue_bytes = at_most(share / QUEUE_PART, QUEUE_MAX);
    return 0;
}

static int check_until(struct loader *l) {
    static const struct option idle = {.min = 1, .max = 24 * 3600 * 1000};
    const char *until = l->config->until;
    struct err why;
    uint64_t ignored;
    if (until == NULL || strcmp(until, "end") == 0) return 0;
    if (strncmp(until, "idle:", 5) == 0) {
        if (scalar_duration(&idle, until + 5, &ignored, &why) == 0) return 0;
        return load_refuse(l, node_place(l->root, "until"), "", "idle: %s", why.text);
    }
    if (l->config->nsources == 1) return 0;
    return load_refuse(l, node_place(l->root, "until"), "",
                       "with several sources it is end or idle:TIME; a position belongs to one of them");
}

static int check_from(struct loader *l) {
    const char *from = l->config->from;
    if (from == NULL || strcmp(from, "now") == 0 || l->config->nsources == 1) return 0;
    return load_refuse(l, node_place(l->root, "from"), "",
                       "with several sources it is now; a position belongs to one of them");
}

static int read_tree(struct loader *l, const struct args *args) {
    if (args->file != NULL) {
        l->config->file = args->file;
        if (yaml_parse_file(args->file, l->arena, &l->root, l->e) != 0) return -1;
    } else {
        l->root = node_new(l->arena, NODE_MAP, "");
        if (l->root == NULL) return err_memory(l->e, "reading the configuration");
        l->root->from_flag = true;
    }
    return overlay_flags(args, l->root, l->arena, l->e);
}

static int load(struct loader *l, int argc, char **argv) {
    struct args args;
    if (args_read(argc, argv, l->arena, &args, l->e) != 0 || read_tree(l, &args) != 0) return -1;
    if (bind_config(l) != 0 || check_sources(l) != 0 || check_sink(l) != 0) return -1;
    if (check_overrides(l) != 0 || check_entities(l) != 0) return -1;
    return check_until(l) != 0 || check_from(l) != 0 ? -1 : split_memory(l);
}

int config_load(int argc, char **argv, struct config **out, struct err *e) {
    *out = NULL;
    struct loaded *box = calloc(1, sizeof *box);
    if (box == NULL) return err_memory(e, "reading the configuration");
    arena_init(&box->arena, 0);
    struct loader l = {.config = &box->config, .arena = &box->arena, .e = e};
    if (load(&l, argc, argv) != 0) {
        config_free(&box->config);
        return -1;
    }
    *out = &box->config;
    return 0;
}

void config_free(struct config *c) {
    if (c == NULL) return;
    struct loaded *box = (struct loaded *)c;
    for (size_t i = 0; c->sources != NULL && i < c->nsources; i++)
        pattern_list_free((struct pattern_list *)c->sources[i].table_patterns);
    for (size_t i = 0; c->tables != NULL && i < c->ntables; i++)
        pattern_list_free((struct pattern_list *)c->tables[i].pattern);
    arena_release(&box->arena);
    free(box);
}
