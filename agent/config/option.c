#include "agent/config/option.h"

#include <string.h>

#include "agent/config/suggest.h"

#define KEYS_MAX 48 /* options of one scope, or plain flags: more than there are */

const char *option_prefix(enum option_scope s) {
    static const char *const prefixes[SCOPES] = {
        [SCOPE_GLOBAL] = "",
        [SCOPE_COMMAND] = "",
        [SCOPE_SOURCE] = "sources.NAME.",
        [SCOPE_SINK] = "sink.",
        [SCOPE_TABLE] = "overrides.N.",
        [SCOPE_ENTITY] = "entities.NAME.",
        [SCOPE_MAPPING] = "entities.NAME.from.N.",
    };
    return prefixes[s];
}

static bool same(const char *a, const char *b, bool loose) {
    for (; *a != '\0' && *b != '\0'; a++, b++)
        if (*a != *b && !(loose && (*a == '-' || *a == '_') && (*b == '-' || *b == '_'))) return false;
    return *a == *b;
}

const struct option *option_find(enum option_scope s, const char *key, bool loose) {
    for (size_t i = 0; i < option_count; i++)
        if (option_table[i].scope == s && same(option_table[i].key, key, loose)) return &option_table[i];
    return NULL;
}

const char *option_nearest(enum option_scope s, const char *key) {
    const char *keys[KEYS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < option_count && n < KEYS_MAX; i++)
        if (option_table[i].scope == s) keys[n++] = option_table[i].key;
    return suggest_nearest(key, keys, n);
}

/* An option of a source or of the command alone, or of the whole run: its name without a path. */
static const char *plain_name(const struct option *o) {
    if (o->scope == SCOPE_SOURCE) return o->flag != NULL ? o->flag : o->key;
    return o->scope == SCOPE_COMMAND || o->scope == SCOPE_GLOBAL ? o->key : NULL;
}

void option_flag(const struct option *o, struct buf *out) {
    const char *name = plain_name(o);
    buf_puts(out, "--");
    if (name == NULL) {
        buf_printf(out, "%s%s", option_prefix(o->scope), o->key);
        return;
    }
    for (; *name != '\0'; name++) buf_putc(out, *name == '_' ? '-' : *name);
}

static int refuse_flag(const char *flag, const char *near, const char *prefix, size_t prefix_len,
                       struct err *e) {
    if (near == NULL)
        return err_set(e, ERR_CONFIG, "unknown option --%.120s; `tailrace run --help` lists them", flag);
    struct buf b = {0};
    buf_put(&b, prefix, prefix_len);
    for (const char *p = near; *p != '\0'; p++) buf_putc(&b, prefix_len == 0 && *p == '_' ? '-' : *p);
    err_set(e, ERR_CONFIG, "unknown option --%.120s; did you mean --%s?", flag, buf_cstr(&b));
    buf_release(&b);
    return -1;
}

static const struct option *find_plain(const char *name) {
    for (size_t i = 0; i < option_count; i++) {
        const char *plain = plain_name(&option_table[i]);
        if (plain != NULL && same(plain, name, true)) return &option_table[i];
    }
    return NULL;
}

static int refuse_plain(const char *flag, struct err *e) {
    const char *names[KEYS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < option_count && n < KEYS_MAX; i++) {
        const char *plain = plain_name(&option_table[i]);
        if (plain != NULL) names[n++] = plain;
    }
    return refuse_flag(flag, suggest_nearest(flag, names, n), "", 0, e);
}

/* Cuts the next step off `rest`; NULL when there is none left. */
static char *next_step(char **rest) {
    return *rest == NULL ? NULL : strsep(rest, ".");
}

static int push(struct option_path *p, const char *step, const char *flag, struct err *e) {
    if (step[0] == '\0' || p->nsteps == OPTION_PATH_MAX)
        return err_set(e, ERR_CONFIG, "unknown option --%.120s", flag);
    p->steps[p->nsteps++] = step;
    return 0;
}

/* Behind a map's name: all that is left, dots and all, is one name in it. */
static int resolve_inside(struct option_path *p, char *rest, const char *flag, struct err *e) {
    if (rest == NULL) return 0;
    if (p->option->type != OPTION_MAP && p->option->type != OPTION_FIELDS)
        return err_set(e, ERR_CONFIG, "unknown option --%.120s: %s has no options of its own", flag,
                       p->option->key);
    p->inside = true;
    return push(p, rest, flag, e);
}

/* Walks down from p->option, step by step. `text` is where `rest` and the steps are cut from. */
static int resolve_rest(struct option_path *p, char *text, char *rest, const char *flag, struct err *e) {
    while (p->option->type == OPTION_SECTION || p->option->type == OPTION_SECTIONS ||
           p->option->type == OPTION_ENTRIES) {
        enum option_scope inner = p->option->inner;
        if (rest == NULL) return 0;
        p->list[p->nsteps - 1] = p->option->type == OPTION_ENTRIES;
        if (p->option->type != OPTION_SECTION && push(p, next_step(&rest), flag, e) != 0) return -1;
        char *step = next_step(&rest);
        if (step == NULL)
            return err_set(e, ERR_CONFIG, "--%.120s names no option; put one behind it, as in --%.120s.%s",
                           flag, flag, inner == SCOPE_SOURCE ? "url" : "topic");
        p->option = option_find(inner, step, true);
        if (p->option == NULL)
            return refuse_flag(flag, option_nearest(inner, step), flag, (size_t)(step - text), e);
        if (push(p, p->option->key, flag, e) != 0) return -1;
    }
    return resolve_inside(p, rest, flag, e);
}

int option_resolve(const char *flag, struct arena *a, struct option_path *out, struct err *e) {
    *out = (struct option_path){0};
    char *text = arena_strndup(a, flag, strlen(flag));
    if (text == NULL) return err_memory(e, "reading the command line");
    char *rest = text;
    char *first = next_step(&rest);
    out->option = find_plain(first);
    if (out->option == NULL) return refuse_plain(flag, e);
    out->plain = out->option->scope == SCOPE_SOURCE;
    if (push(out, out->option->key, flag, e) != 0) return -1;
    return resolve_rest(out, text, rest, flag, e);
}
