#include "agent/cmd/fold.h"

#include <stdlib.h>
#include <string.h>

#include "agent/cmd/fold_voice.h"

/* A CLEAR that was seen: older events of its stream no longer count, also those of voices not heard yet. */
struct clear {
    char *part, *source, *table, *ord;
    unsigned stream;
};

struct fold {
    char *key;
    char *entity;
    struct voices voices;
    struct clear *clears;
    size_t nclears;
    uint64_t seq;
    struct fold_stats stats;
};

/* The members of an event that decide what becomes of it. */
struct said {
    const char *action, *ord, *ts;
    struct voice_name who;
    unsigned stream;
};

static int no_memory(struct err *e) {
    return err_memory(e, "folding events");
}

static int replace(char **text, const char *with, struct err *e) {
    char *copy = strdup(with);
    if (!copy) return no_memory(e);
    free(*text);
    *text = copy;
    return 0;
}

/* ---- SET ---- */

static json_object *member(json_object *o, const char *name, json_type type) {
    json_object *m;
    return json_object_object_get_ex(o, name, &m) && json_object_is_type(m, type) ? m : NULL;
}

/* The order of trust for a field: its own, or the part's. */
static json_object *truth_of(json_object *line, const char *name) {
    json_object *own = member(line, "field_truth", json_type_object);
    json_object *truth = own ? member(own, name, json_type_array) : NULL;
    return truth ? truth : member(line, "truth", json_type_array);
}

/* `keep`: what is said leaves a value that was heard before. */
static int say(struct fold *f, struct voice *v, json_object *line, const struct said *s, const char *name,
               enum fold_state state, json_object *value, bool keep, struct err *e) {
    bool made;
    struct entry *x = voice_entry(v, name, &made);
    if (!x) return no_memory(e);
    if (keep && !made) return 0;
    if (replace(&x->ts, s->ts, e)) return -1;
    json_object_put(x->value);
    json_object_put(x->truth);
    x->state = state;
    x->value = json_object_get(value);
    x->truth = json_object_get(truth_of(line, name));
    x->seq = f->seq;
    return 0;
}

static int say_members(struct fold *f, struct voice *v, json_object *line, const struct said *s,
                       const char *list, enum fold_state state, struct err *e) {
    json_object *o = member(line, list, json_type_object);
    if (!o) return 0;
    json_object_object_foreach(o, name, value) {
        if (say(f, v, line, s, name, state, value, false, e)) return -1;
    }
    return 0;
}

static int say_names(struct fold *f, struct voice *v, json_object *line, const struct said *s,
                     const char *list, enum fold_state state, bool keep, struct err *e) {
    json_object *names = member(line, list, json_type_array);
    for (size_t i = 0; names && i < json_object_array_length(names); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(names, i));
        if (name && say(f, v, line, s, name, state, NULL, keep, e)) return -1;
    }
    return 0;
}

static int apply_set(struct fold *f, struct voice *v, json_object *line, const struct said *s,
                     struct err *e) {
    if (say_members(f, v, line, s, "fields", FOLD_VALUE, e)) return -1;
    if (say_names(f, v, line, s, "null", FOLD_NULL, false, e)) return -1;
    if (say_members(f, v, line, s, "invalid", FOLD_INVALID, e)) return -1;
    if (say_names(f, v, line, s, "omitted", FOLD_OMITTED, false, e)) return -1;
    if (say_names(f, v, line, s, "unchanged", FOLD_UNCHANGED, true, e)) return -1;
    return say_names(f, v, line, s, "masked", FOLD_MASKED, true, e);
}

/* ---- Events ---- */

static struct clear *clear_of(struct fold *f, const struct said *s) {
    for (size_t i = 0; i < f->nclears; i++) {
        struct clear *c = &f->clears[i];
        if (c->stream == s->stream && strcmp(c->part, s->who.part) == 0 &&
            strcmp(c->source, s->who.source) == 0 && strcmp(c->table, s->who.table) == 0)
            return c;
    }
    return NULL;
}

static void clear_release(struct clear *c) {
    free(c->part);
    free(c->source);
    free(c->table);
    free(c->ord);
}

static int remember_clear(struct fold *f, const struct said *s, struct err *e) {
    struct clear *c = clear_of(f, s);
    if (c) return strcmp(s->ord, c->ord) > 0 ? replace(&c->ord, s->ord, e) : 0;
    struct clear *clears = realloc(f->clears, (f->nclears + 1) * sizeof(*clears));
    if (!clears) return no_memory(e);
    f->clears = clears;
    c = &clears[f->nclears];
    *c = (struct clear){.part = strdup(s->who.part),
                        .source = strdup(s->who.source),
                        .table = strdup(s->who.table),
                        .ord = strdup(s->ord),
                        .stream = s->stream};
    if (!c->part || !c->source || !c->table || !c->ord) {
        clear_release(c);
        return no_memory(e);
    }
    f->nclears++;
    return 0;
}

static int remove_voice(struct voice *v, const char *ord, struct err *e) {
    voice_silence(v);
    v->removed = true;
    return replace(&v->ord, ord, e);
}

static int apply_clear(struct fold *f, const struct said *s, struct err *e) {
    for (size_t i = 0; i < f->voices.count; i++) {
        struct voice *v = f->voices.items[i];
        if (v->stream != s->stream || strcmp(v->part, s->who.part) != 0 ||
            strcmp(v->source, s->who.source) != 0 || strcmp(v->table, s->who.table) != 0 ||
            strcmp(v->ord, s->ord) >= 0)
            continue;
        if (!v->removed) f->stats.events++;
        if (remove_voice(v, s->ord, e)) return -1;
    }
    return remember_clear(f, s, e);
}

static int apply_to_key(struct fold *f, json_object *line, const struct said *s, struct err *e) {
    const struct clear *c = clear_of(f, s);
    struct voice *v = voices_get(&f->voices, &s->who);
    if (!v) return no_memory(e);
    if (strcmp(s->ord, v->ord) <= 0 || (c && strcmp(s->ord, c->ord) <= 0)) {
        f->stats.replays++;
        return 0;
    }
    f->stats.events++;
    f->seq++;
    v->stream = s->stream;
    if (strcmp(s->action, "set") != 0) return remove_voice(v, s->ord, e);
    v->removed = false;
    return replace(&v->ord, s->ord, e) ? -1 : apply_set(f, v, line, s, e);
}

static const char *text(json_object *line, const char *name) {
    json_object *m = member(line, name, json_type_string);
    return m ? json_object_get_string(m) : "";
}

/* Keys are compared whole: they may hold U+0000. */
static bool is_key(const struct fold *f, json_object *line) {
    json_object *m = member(line, "key", json_type_string);
    return m && (size_t)json_object_get_string_len(m) == strlen(f->key) &&
           strcmp(json_object_get_string(m), f->key) == 0;
}

int fold_apply(struct fold *f, unsigned stream, json_object *line, struct err *e) {
    const char *entity = text(line, "entity");
    struct said s = {
        .action = text(line, "action"),
        .ord = text(line, "ord"),
        .ts = text(line, "ts"),
        .who = {text(line, "part"), text(line, "item"), text(line, "source"), text(line, "table")},
        .stream = stream,
    };
    if (!*entity) return 0;
    bool clear = strcmp(s.action, "clear") == 0;
    if (!clear && strcmp(s.action, "set") != 0 && strcmp(s.action, "remove") != 0)
        return err_set(e, ERR_DATA, "an entity event without an action that this version knows");
    if (!*s.who.part || strlen(s.ord) != 48)
        return err_set(e, ERR_DATA, "an entity event without a part, or without a whole ord");
    if (!clear && !is_key(f, line)) return 0;
    if (!clear && !*f->entity && replace(&f->entity, entity, e)) return -1;
    return clear ? apply_clear(f, &s, e) : apply_to_key(f, line, &s, e);
}

/* ---- The state ---- */

static int rank_in(json_object *truth, const char *source) {
    int n = truth ? (int)json_object_array_length(truth) : 0;
    for (int i = 0; i < n; i++) {
        const char *tag = json_object_get_string(json_object_array_get_idx(truth, (size_t)i));
        if (tag && strcmp(tag, source) == 0) return i;
    }
    return n;
}

/* A field that several voices speak about; pointers into the fold. */
struct answer {
    const struct voice *voice;
    const struct entry *entry;
};

static bool is_newer(const struct entry *a, const struct entry *b) {
    int c = strcmp(a->ts, b->ts);
    return c ? c > 0 : a->seq > b->seq;
}

/* True when `a` is to be believed rather than `b`: a value, then null, then anything; then the order of
 * truth; then time. */
static bool is_better(const struct answer *a, const struct answer *b, json_object *truth) {
    int a_class = a->entry->state < FOLD_UNCHANGED ? (int)a->entry->state : (int)FOLD_UNCHANGED;
    int b_class = b->entry->state < FOLD_UNCHANGED ? (int)b->entry->state : (int)FOLD_UNCHANGED;
    if (a_class != b_class) return a_class < b_class;
    int a_rank = rank_in(truth, a->voice->source), b_rank = rank_in(truth, b->voice->source);
    return a_rank != b_rank ? a_rank < b_rank : is_newer(a->entry, b->entry);
}

static const struct entry *find_entry(const struct voice *v, const char *name) {
    for (size_t i = 0; i < v->count; i++)
        if (strcmp(v->entries[i].name, name) == 0) return &v->entries[i];
    return NULL;
}

/* Who is believed about a field among the voices [from, to), which speak about the same item. */
static struct answer decide(const struct fold *f, size_t from, size_t to, const char *name) {
    struct answer best = {0}, newest = {0};
    for (size_t i = from; i < to; i++) {
        struct answer a = {f->voices.items[i], find_entry(f->voices.items[i], name)};
        if (a.entry && (!newest.entry || is_newer(a.entry, newest.entry))) newest = a;
    }
    for (size_t i = from; i < to; i++) {
        struct answer a = {f->voices.items[i], find_entry(f->voices.items[i], name)};
        if (a.entry && (!best.entry || is_better(&a, &best, newest.entry->truth))) best = a;
    }
    return best;
}

static struct fold_field field_of(const struct answer *a) {
    bool has_value = a->entry->state == FOLD_VALUE || a->entry->state == FOLD_INVALID;
    return (struct fold_field){
        .part = a->voice->part,
        .item = a->voice->item,
        .name = a->entry->name,
        .state = a->entry->state,
        .value = has_value ? json_object_to_json_string_ext(
                                 a->entry->value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
                           : "",
        .source = a->voice->source,
        .table = a->voice->table,
        .ts = a->entry->ts,
    };
}

/* Tells about one field. `others` has room for what each of the voices [from, to) says. */
static int tell(const struct fold *f, size_t from, size_t to, const char *name, struct fold_field *others,
                int (*fn)(void *ctx, const struct fold_field *field), void *ctx) {
    struct answer best = decide(f, from, to, name);
    struct fold_field field = field_of(&best);
    for (size_t i = from; i < to; i++) {
        struct answer a = {f->voices.items[i], find_entry(f->voices.items[i], name)};
        if (!a.entry || a.entry == best.entry || a.entry->state != FOLD_VALUE) continue;
        struct fold_field other = field_of(&a); /* `field` is a value too: one is believed before all else */
        if (strcmp(other.value, field.value) != 0) others[field.nothers++] = other;
    }
    field.others = others;
    return fn(ctx, &field);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every field of the item that the voices [from, to) speak about. `names` and `others` have room for all. */
static int each_of_item(const struct fold *f, size_t from, size_t to, const char **names,
                        struct fold_field *others, int (*fn)(void *ctx, const struct fold_field *field),
                        void *ctx) {
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        for (size_t k = 0; k < f->voices.items[i]->count; k++)
            names[n++] = f->voices.items[i]->entries[k].name;
    qsort(names, n, sizeof(*names), by_name);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && strcmp(names[i], names[i - 1]) == 0) continue;
        int rc = tell(f, from, to, names[i], others, fn, ctx);
        if (rc) return rc;
    }
    return 0;
}

int fold_each(const struct fold *f, int (*fn)(void *ctx, const struct fold_field *field), void *ctx) {
    size_t total = 0, to;
    int rc = 0;
    for (size_t i = 0; i < f->voices.count; i++) total += f->voices.items[i]->count;
    const char **names = calloc(total + 1, sizeof(*names));
    struct fold_field *others = calloc(f->voices.count + 1, sizeof(*others));
    if (!names || !others) rc = -1;
    for (size_t from = 0; from < f->voices.count && rc == 0; from = to) {
        const struct voice *v = f->voices.items[from];
        for (to = from + 1; to < f->voices.count; to++)
            if (strcmp(f->voices.items[to]->part, v->part) != 0 ||
                strcmp(f->voices.items[to]->item, v->item) != 0)
                break;
        rc = each_of_item(f, from, to, names, others, fn, ctx);
    }
    free(names);
    free(others);
    return rc;
}

const char *fold_entity(const struct fold *f) {
    return f->entity;
}

void fold_stats(const struct fold *f, struct fold_stats *out) {
    *out = f->stats;
}

struct fold *fold_new(const char *key) {
    struct fold *f = calloc(1, sizeof(*f));
    if (!f) return NULL;
    f->key = strdup(key);
    f->entity = strdup("");
    if (f->key && f->entity) return f;
    fold_free(f);
    return NULL;
}

void fold_free(struct fold *f) {
    if (!f) return;
    voices_release(&f->voices);
    for (size_t i = 0; i < f->nclears; i++) clear_release(&f->clears[i]);
    free(f->clears);
    free(f->key);
    free(f->entity);
    free(f);
}
