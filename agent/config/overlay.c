#include "agent/config/overlay.h"

#include <stdlib.h>
#include <string.h>

#include "agent/config/config.h"
#include "agent/config/url.h"
#include "agent/config/yaml.h"

/* One flag on its way into the tree. */
struct lay {
    const struct arg *arg;
    struct arena *a;
    struct err *e;
};

static int out_of_memory(struct lay *l) {
    return err_memory(l->e, "reading the command line");
}

static int refuse_twice(struct lay *l) {
    return err_set(l->e, ERR_CONFIG, "%s is given twice", l->arg->place);
}

/* Puts `n` under `key` (or at the end of a list), in the place of what is there. */
static void attach(struct node *parent, const char *key, struct node *old, struct node *n) {
    n->from_flag = true;
    n->key = key;
    n->key_place = n->place;
    if (old != NULL)
        node_replace(parent, old, n);
    else
        node_append(parent, n);
}

/* The child that a step leads to; *key is what a new one is called. NULL in *child: there is none yet. */
static int find_child(struct lay *l, struct node *parent, const char *step, struct node **child,
                      const char **key) {
    if (parent->kind == NODE_MAP) {
        *key = step;
        *child = node_get(parent, step);
        return 0;
    }
    char *end;
    unsigned long index = strtoul(step, &end, 10);
    *key = NULL;
    if (parent->kind != NODE_LIST || step[0] < '0' || step[0] > '9' || *end != '\0' || index > parent->count)
        return err_set(l->e, ERR_CONFIG,
                       "%s: \"%.40s\" is no entry; they count from 0, and the next free is %zu",
                       l->arg->place, step, parent->kind == NODE_LIST ? parent->count : 0);
    *child = node_at(parent, index);
    return 0;
}

/* One step down, making the container when it is missing. */
static struct node *descend(struct lay *l, struct node *parent, const char *step, bool list) {
    struct node *child;
    const char *key;
    if (find_child(l, parent, step, &child, &key) != 0) return NULL;
    if (child == NULL) {
        child = node_new(l->a, list ? NODE_LIST : NODE_MAP, l->arg->place);
        if (child == NULL) {
            out_of_memory(l);
            return NULL;
        }
        attach(parent, key, NULL, child);
    } else if (child->kind != (list ? NODE_LIST : NODE_MAP)) {
        err_set(l->e, ERR_CONFIG, "%s: %s, which %s goes into, is no %s", child->place, step, l->arg->place,
                list ? "list" : "section");
        return NULL;
    }
    return child;
}

/* Flags of a list gather in one that replaces the file's. */
static int put_item(struct lay *l, struct node *parent, const char *key, struct node *list) {
    struct node *item = node_scalar(l->a, l->arg->value, l->arg->place);
    if (item == NULL) return out_of_memory(l);
    item->from_flag = true;
    if (list == NULL || !list->from_flag) {
        struct node *fresh = node_new(l->a, NODE_LIST, l->arg->place);
        if (fresh == NULL) return out_of_memory(l);
        attach(parent, key, list, fresh);
        list = fresh;
    }
    node_append(list, item);
    return 0;
}

static int put(struct lay *l, struct node *parent, const char *step) {
    const struct option_path *p = &l->arg->path;
    bool nested = p->option->type == OPTION_FIELDS || (p->option->traits & OPTION_STEPS) != 0;
    bool yaml = p->inside ? nested && (l->arg->value[0] == '{' || l->arg->value[0] == '[')
                          : p->option->type >= OPTION_MAP;
    struct node *old;
    struct node *n;
    const char *key;
    if (find_child(l, parent, step, &old, &key) != 0) return -1;
    if (!p->inside && p->option->type == OPTION_LIST) return put_item(l, parent, key, old);
    if (old != NULL && old->from_flag) return refuse_twice(l);
    if (yaml) {
        if (yaml_parse_value(l->arg->value, l->arg->place, l->a, &n, l->e) != 0) return -1;
    } else {
        n = node_scalar(l->a, l->arg->value, l->arg->place);
        if (n == NULL) return out_of_memory(l);
    }
    attach(parent, key, old, n);
    return 0;
}

static int lay_down(struct lay *l, struct node *from) {
    const struct option_path *p = &l->arg->path;
    struct node *n = from;
    for (size_t i = 0; i + 1 < p->nsteps; i++) {
        n = descend(l, n, p->steps[i], p->list[i]);
        if (n == NULL) return -1;
    }
    return put(l, n, p->steps[p->nsteps - 1]);
}

static const struct arg *find_arg(const struct args *args, enum option_scope scope, const char *key) {
    for (const struct arg *arg = args->first; arg != NULL; arg = arg->next)
        if (arg->path.option->scope == scope && strcmp(arg->path.option->key, key) == 0 &&
            (scope != SCOPE_SOURCE || arg->path.plain))
            return arg;
    return NULL;
}

static bool is_name(const struct arg *arg) {
    return arg->path.option->scope == SCOPE_COMMAND && strcmp(arg->path.option->key, "name") == 0;
}

/* What the source of --source is called. */
static int new_name(const struct args *args, struct arena *a, const char **out, struct err *e) {
    const struct arg *name = find_arg(args, SCOPE_COMMAND, "name");
    const struct arg *url = find_arg(args, SCOPE_SOURCE, "url");
    if (name != NULL) {
        *out = name->value;
        return 0;
    }
    *out = url_default_name(url != NULL ? url->value : "", a);
    return *out == NULL ? err_memory(e, "reading the command line") : 0;
}

/* The source that plain flags mean. */
static int the_source(const struct args *args, struct node *root, struct lay *l, struct node **out) {
    const struct arg *name = find_arg(args, SCOPE_COMMAND, "name");
    struct node *sources = descend(l, root, "sources", false);
    const char *fresh;
    if (sources == NULL) return -1;
    if (sources->count > 1)
        return err_set(l->e, ERR_CONFIG, "%s: there are several sources%s%s", l->arg->place,
                       is_name(l->arg) ? ", and each has a name already" : "; write --sources.NAME.",
                       is_name(l->arg) ? "" : l->arg->place + 2);
    if (sources->count == 1 && name != NULL)
        return err_set(l->e, ERR_CONFIG, "%s: the source has a name already: %s", name->place,
                       sources->first->key);
    if (sources->count == 0) {
        if (new_name(args, l->a, &fresh, l->e) != 0) return -1;
        *out = descend(l, sources, fresh, false);
        return *out == NULL ? -1 : 0;
    }
    *out = descend(l, sources, sources->first->key, false);
    return *out == NULL ? -1 : 0;
}

static int count_names(const struct args *args, struct err *e) {
    int names = 0;
    for (const struct arg *arg = args->first; arg != NULL; arg = arg->next)
        if (is_name(arg) && ++names > 1) return err_set(e, ERR_CONFIG, "%s is given twice", arg->place);
    return 0;
}

int overlay_flags(const struct args *args, struct node *root, struct arena *a, struct err *e) {
    struct node *source = NULL;
    if (count_names(args, e) != 0) return -1;
    for (const struct arg *arg = args->first; arg != NULL; arg = arg->next) {
        struct lay l = {.arg = arg, .a = a, .e = e};
        if (!arg->path.plain && !is_name(arg) && lay_down(&l, root) != 0) return -1;
    }
    for (const struct arg *arg = args->first; arg != NULL; arg = arg->next) {
        struct lay l = {.arg = arg, .a = a, .e = e};
        if (!arg->path.plain && !is_name(arg)) continue;
        if (source == NULL && the_source(args, root, &l, &source) != 0) return -1;
        if (arg->path.plain && lay_down(&l, source) != 0) return -1;
    }
    return 0;
}
