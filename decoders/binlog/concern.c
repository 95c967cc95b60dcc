#include "decoders/binlog/concern.h"

#include <string.h>

#include "decoders/binlog/sql_token.h"

/* What asking needs. */
struct asker {
    const struct tables *seen;
    const struct decoder_options *o;
    struct arena *arena;
    struct err *e;
};

char *concern_names(struct text database, struct text name, struct arena *a, struct err *e) {
    char *names = arena_alloc(a, database.len + name.len + 2);
    if (!names) {
        err_memory(e, "reading a statement");
        return NULL;
    }
    if (database.len) memcpy(names, database.ptr, database.len);
    names[database.len] = '\0';
    if (name.len) memcpy(names + database.len + 1, name.ptr, name.len);
    names[database.len + 1 + name.len] = '\0';
    return names;
}

static int table_wanted(const struct asker *ask, struct text database, struct text name, bool *out) {
    *out = true;
    if (!ask->o->wanted) return 0;
    char *names = concern_names(database, name, ask->arena, ask->e);
    if (!names) return -1;
    *out = ask->o->wanted(ask->o->wanted_ctx, names, names + database.len + 1);
    return 0;
}

static int space_wanted(const struct asker *ask, struct text database, bool *out) {
    *out = tables_space_wanted(ask->seen, database);
    return *out ? 0 : table_wanted(ask, database, (struct text){"*", 1}, out);
}

/* ---- Statements that may write rows ---- */

static bool is_number(struct text t) {
    for (size_t i = 0; i < t.len; i++)
        if (t.ptr[i] < '0' || t.ptr[i] > '9') return false;
    return true;
}

/* The next name in the text; false at the end. */
static bool next_name(struct sql_reader *r, struct sql_token *t) {
    do sql_next(r, t);
    while (t->kind != SQL_END && (t->kind == SQL_STRING || t->kind == SQL_SIGN || is_number(t->text)));
    return t->kind != SQL_END;
}

/* True, and `r` behind it, when the name goes on with a dot and another name. */
static bool qualified(struct sql_reader *r, struct sql_token *second) {
    struct sql_reader ahead = *r;
    struct sql_token t;
    sql_next(&ahead, &t);
    if (!sql_is_sign(&t, '.')) return false;
    sql_next(&ahead, second);
    if (second->kind != SQL_WORD && second->kind != SQL_QUOTED) return false;
    *r = ahead;
    return true;
}

static int name_wanted(const struct asker *ask, const struct query_event *q, struct sql_reader *r,
                       const struct sql_token *t, bool *named, bool *out) {
    struct sql_token second;
    struct text first, name;
    if (!sql_unquote(r, t, ask->arena, &first)) return err_memory(ask->e, "reading a statement");
    if (!qualified(r, &second)) return q->database.len ? table_wanted(ask, q->database, first, out) : 0;
    *named = true;
    if (!sql_unquote(r, &second, ask->arena, &name)) return err_memory(ask->e, "reading a statement");
    if (space_wanted(ask, first, out)) return -1;
    return *out ? 0 : table_wanted(ask, first, name, out);
}

static int write_wanted(const struct asker *ask, const struct query_event *q, const struct statement *s,
                        bool *out) {
    struct sql_reader r;
    struct sql_token t;
    bool named = false;
    *out = false;
    if (q->database.len && space_wanted(ask, q->database, out)) return -1;
    sql_reader_init(&r, s->text, q->sql_mode);
    while (!*out && next_name(&r, &t))
        if (name_wanted(ask, q, &r, &t, &named, out)) return -1;
    /* What cannot be read may name anything. */
    if (r.broken || (q->database.len == 0 && !named)) *out = true;
    return 0;
}

/* ---- Others ---- */

static bool text_equal(struct text a, struct text b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static bool named_before(const struct statement *s, size_t i) {
    for (size_t j = 0; j < i; j++)
        if (text_equal(s->tables[j].name, s->tables[i].name) &&
            text_equal(s->tables[j].database, s->tables[i].database))
            return true;
    return false;
}

static int one_wanted(const struct asker *ask, const struct statement *s, size_t i, struct concern *out) {
    const struct statement_table *t = &s->tables[i];
    bool wanted;
    if (s->kind == STATEMENT_DATABASE || t->name.len == 0) {
        if (space_wanted(ask, t->database, &wanted)) return -1;
    } else {
        if (table_wanted(ask, t->database, t->name, &wanted)) return -1;
        out->tables[i] = wanted && !named_before(s, i);
    }
    out->wanted = out->wanted || wanted;
    return 0;
}

int concern_read(const struct query_event *q, const struct statement *s, const struct tables *seen,
                 const struct decoder_options *o, struct arena *a, struct concern *out, struct err *e) {
    const struct asker ask = {seen, o, a, e};
    *out = (struct concern){0};
    if (s->kind == STATEMENT_WRITE) return write_wanted(&ask, q, s, &out->wanted);
    if (s->ntables == 0) return space_wanted(&ask, q->database, &out->wanted);
    out->tables = arena_calloc(a, s->ntables, sizeof(out->tables[0]));
    if (!out->tables) return err_memory(e, "reading a statement");
    for (size_t i = 0; i < s->ntables; i++)
        if (one_wanted(&ask, s, i, out)) return -1;
    return 0;
}
