#include "agent/source/pg_plan.h"

#include <stdlib.h>
#include <string.h>

#define SCHEMAS_MAX 64
#define DEPTH_MAX 64

/* Tables in the order found. */
struct list {
    const struct pg_table **items;
    size_t count;
};

/* What is to be added to and dropped from one publication, by us and by the owner. */
struct edit {
    struct list add_run, add_owner, drop_run, drop_owner;
};

struct planner {
    const struct pg_plan_input *in;
    struct pg_plan *out;
    struct arena arena;
    struct edit main, insert;
    bool failed; /* out of memory */
};

static void push(struct planner *p, struct list *l, const struct pg_table *t) {
    if (!l->items) l->items = arena_calloc(&p->arena, p->in->tables->count + 1, sizeof(struct pg_table *));
    if (l->items)
        l->items[l->count++] = t;
    else
        p->failed = true;
}

/* ---- Writing statements ---- */

/* ONLY: or the children of an inheritance parent would come along, whatever their identity. */
static void put_tables(struct buf *sql, const struct list *l) {
    for (size_t i = 0; i < l->count; i++) {
        buf_puts(sql, i == 0 ? "TABLE ONLY " : ", ONLY ");
        pg_put_table(sql, l->items[i]->schema, l->items[i]->name);
    }
}

static void put_options(struct buf *sql, const struct pg_server *s, bool insert_only) {
    buf_puts(sql, " WITH (publish_via_partition_root = true");
    if (insert_only) buf_puts(sql, ", publish = 'insert, truncate'");
    if (s->version >= 180000) buf_puts(sql, ", publish_generated_columns = stored");
    buf_puts(sql, ");\n");
}

static void put_mark(const struct planner *p, struct buf *sql, const char *name) {
    struct buf text = {0};

    pg_mark_put(&p->in->mark, p->in->source, &text);
    buf_puts(sql, "COMMENT ON PUBLICATION ");
    pg_put_ident(sql, name);
    buf_puts(sql, " IS ");
    pg_put_literal(sql, buf_cstr(&text));
    buf_puts(sql, ";\n");
    sql->failed = sql->failed || text.failed;
    buf_release(&text);
}

/* `scope`: the text behind the name, instead of tables; NULL: none. */
static void put_create(const struct planner *p, struct buf *sql, const struct pg_publication *pub,
                       const struct list *l, const char *scope) {
    buf_puts(sql, "CREATE PUBLICATION ");
    pg_put_ident(sql, pub->name);
    if (scope) {
        buf_puts(sql, scope);
    } else if (l->count > 0) {
        buf_puts(sql, " FOR ");
        put_tables(sql, l);
    }
    put_options(sql, p->in->server, pub == p->in->insert);
    put_mark(p, sql, pub->name);
}

static void put_alter(struct buf *sql, const struct pg_publication *pub, const char *verb,
                      const struct list *l) {
    if (l->count == 0) return;
    buf_puts(sql, "ALTER PUBLICATION ");
    pg_put_ident(sql, pub->name);
    buf_printf(sql, " %s ", verb);
    put_tables(sql, l);
    buf_puts(sql, ";\n");
}

/* ---- Scopes: all tables, or all of some schemas ---- */

static bool schema_exists(const struct pg_tables *t, const char *schema) {
    for (size_t i = 0; i < t->nschemas; i++)
        if (strcmp(t->schemas[i], schema) == 0) return true;
    return false;
}

/* Appends FOR ALL TABLES or FOR TABLES IN SCHEMA when the patterns mean that and it is allowed. */
static bool put_scope(const struct planner *p, struct buf *sql) {
    const struct pg_plan_input *in = p->in;
    const char *schemas[SCHEMAS_MAX];
    size_t n;

    if (!in->server->superuser) return false;
    if (pattern_list_is_all(in->patterns)) {
        buf_puts(sql, " FOR ALL TABLES");
        return true;
    }
    if (in->server->version < 150000 || !pattern_list_is_schemas(in->patterns, schemas, SCHEMAS_MAX, &n))
        return false;
    for (size_t i = 0; i < n; i++) /* one that is not there cannot be named */
        if (!schema_exists(in->tables, schemas[i])) return false;
    for (size_t i = 0; i < n; i++) {
        buf_puts(sql, i == 0 ? " FOR TABLES IN SCHEMA " : ", ");
        pg_put_ident(sql, schemas[i]);
    }
    return true;
}

/* ---- What is wanted ---- */

static void split_wanted(struct planner *p, struct list *usable, struct list *others) {
    for (size_t i = 0; i < p->in->tables->count; i++) {
        const struct pg_table *t = &p->in->tables->items[i];
        if (t->wanted) push(p, t->usable ? usable : others, t);
    }
}

static bool all_owned(const struct list *l) {
    for (size_t i = 0; i < l->count; i++)
        if (!l->items[i]->owned) return false;
    return true;
}

static bool is_covered_by(const struct pg_plan_input *in, const struct pg_table *t) {
    for (int depth = 0; t && depth < DEPTH_MAX; depth++, t = pg_tables_find(in->tables, t->parent))
        if (pg_oids_has(&in->main->tables, t->oid) || pg_oids_has(&in->insert->tables, t->oid)) return true;
    return false;
}

static bool is_below(const struct pg_tables *tables, const struct pg_table *t, uint32_t above) {
    for (int depth = 0; t && depth < DEPTH_MAX; depth++, t = pg_tables_find(tables, t->parent))
        if (t->parent == above) return true;
    return false;
}

bool pg_plan_covered(const struct pg_plan_input *in, const struct pg_table *t) {
    size_t leaves = 0;

    if (is_covered_by(in, t)) return true;
    if (!t->partitioned) return false;
    for (size_t i = 0; i < in->tables->count; i++) {
        const struct pg_table *leaf = &in->tables->items[i];
        if (leaf->partitioned || !is_below(in->tables, leaf, t->oid)) continue;
        if (!is_covered_by(in, leaf)) return false;
        leaves++;
    }
    return leaves > 0;
}

/* ---- Creating ---- */

static bool may_create(const struct planner *p, const struct list *l) {
    return p->in->may_change && p->in->server->may_create && all_owned(l);
}

/* The second one; `sql` is for us or for the owner. */
static void create_insert(struct planner *p, struct buf *sql, const struct list *l) {
    struct buf scope = {0};
    bool whole = sql == &p->out->run && put_scope(p, &scope);

    put_create(p, sql, p->in->insert, l, whole ? buf_cstr(&scope) : NULL);
    sql->failed = sql->failed || scope.failed;
    buf_release(&scope);
}

static void create_both(struct planner *p, const struct list *usable, const struct list *others) {
    const struct pg_plan_input *in = p->in;
    bool allowed = may_create(p, usable) && (in->insert->exists || may_create(p, others));
    struct buf *sql = allowed ? &p->out->run : &p->out->owner;

    p->out->creates_main = true;
    put_create(p, sql, in->main, usable, NULL);
    if (!in->insert->exists && (allowed || others->count > 0)) create_insert(p, sql, others);
}

/* ---- Changing ---- */

static bool is_managed(const struct planner *p, const struct pg_publication *pub) {
    return pub->exists && pub->mark.ours && pub->may_alter && p->in->may_change;
}

/* We may put tables into it; one that is not there yet can be made, unless a stream runs that does not name
 * it. */
static bool is_open(const struct planner *p, const struct pg_publication *pub) {
    if (pub->exists) return is_managed(p, pub);
    return p->in->may_change && p->in->server->may_create && !p->in->streaming;
}

static void note(struct planner *p, enum pg_plan_step step, const struct pg_table *t) {
    if (!p->out->changes) p->out->changes = calloc(p->in->tables->count + 1, sizeof *p->out->changes);
    if (p->out->changes)
        p->out->changes[p->out->nchanges++] = (struct pg_plan_change){step, t};
    else
        p->failed = true;
}

/*
 * Puts a wanted table where it belongs. Moving it to the other publication is one step: without the right to
 * add it there it is not dropped here. Where NAME_insert takes in the table by its schema, nothing has to be
 * done to it.
 */
static void place(struct planner *p, const struct pg_table *t) {
    const struct pg_publication *to = t->usable ? p->in->main : p->in->insert;
    const struct pg_publication *from = t->usable ? p->in->insert : p->in->main;
    struct edit *there = t->usable ? &p->main : &p->insert, *here = t->usable ? &p->insert : &p->main;
    bool is_there = pg_oids_has(t->usable ? &to->members : &to->tables, t->oid);
    bool is_here = pg_oids_has(&from->members, t->oid);
    bool by_schema = !is_here && pg_oids_has(&from->tables, t->oid);
    bool allowed = (is_there || (t->owned && is_open(p, to))) && (!is_here || is_managed(p, from));

    if (is_there && !is_here) return;
    if (!is_there) push(p, allowed ? &there->add_run : &there->add_owner, t);
    if (is_here) push(p, allowed ? &here->drop_run : &here->drop_owner, t);
    if (!allowed) return;
    if (is_here)
        note(p, t->usable ? PG_PLAN_TO_MAIN : PG_PLAN_TO_INSERT, t);
    else
        note(p, by_schema ? PG_PLAN_UPDATES : PG_PLAN_NEW, t);
}

/* Members that nobody wants any more. */
static void prune(struct planner *p, const struct pg_publication *pub, struct edit *edit) {
    if (!is_managed(p, pub)) return;
    for (size_t i = 0; i < p->in->tables->count; i++) {
        const struct pg_table *t = &p->in->tables->items[i];
        if (!t->wanted && pg_oids_has(&pub->members, t->oid)) push(p, &edit->drop_run, t);
    }
}

static void write_edit(struct planner *p, const struct pg_publication *pub, const struct edit *edit) {
    struct pg_plan *out = p->out;

    if (!pub->exists) {
        if (edit->add_run.count > 0 || (is_managed(p, p->in->main) && is_open(p, pub)))
            create_insert(p, &out->run, &edit->add_run);
        if (edit->add_owner.count > 0) create_insert(p, &out->owner, &edit->add_owner);
        return;
    }
    put_alter(&out->run, pub, "ADD", &edit->add_run);
    put_alter(&out->run, pub, "DROP", &edit->drop_run);
    put_alter(&out->owner, pub, "ADD", &edit->add_owner);
    put_alter(&out->owner, pub, "DROP", &edit->drop_owner);
}

/* Members one by one: the publication names exact tables, and is ours. */
static void edit_exact(struct planner *p) {
    for (size_t i = 0; i < p->in->tables->count; i++)
        if (p->in->tables->items[i].wanted) place(p, &p->in->tables->items[i]);
    prune(p, p->in->main, &p->main);
    prune(p, p->in->insert, &p->insert);
}

/* A publication of the user's: what it does not cover is for the owner to add. */
static void edit_given(struct planner *p) {
    for (size_t i = 0; i < p->in->tables->count; i++) {
        const struct pg_table *t = &p->in->tables->items[i];
        const struct pg_publication *pub = t->usable ? p->in->main : p->in->insert;
        struct edit *edit = t->usable ? &p->main : &p->insert;
        if (!t->wanted || pg_plan_covered(p->in, t)) continue;
        if (is_open(p, pub) && t->owned) {
            push(p, &edit->add_run, t);
            note(p, PG_PLAN_NEW, t);
        } else {
            push(p, &edit->add_owner, t);
        }
    }
}

static void change_both(struct planner *p) {
    if (is_managed(p, p->in->main) && !p->in->main->all_tables && !p->in->main->schemas)
        edit_exact(p);
    else
        edit_given(p);
    write_edit(p, p->in->main, &p->main);
    write_edit(p, p->in->insert, &p->insert);
}

int pg_plan_make(const struct pg_plan_input *in, struct pg_plan *out, struct err *e) {
    struct planner p = {.in = in, .out = out};
    struct list usable = {0}, others = {0};
    int rc;

    memset(out, 0, sizeof *out);
    arena_init(&p.arena, 0);
    split_wanted(&p, &usable, &others);
    if (!p.failed && in->main->exists) change_both(&p);
    if (!p.failed && !in->main->exists) create_both(&p, &usable, &others);
    rc = p.failed || buf_failed(&out->run) || buf_failed(&out->owner) ? err_memory(e, "planning publications")
                                                                      : 0;
    arena_release(&p.arena);
    return rc;
}

void pg_plan_release(struct pg_plan *p) {
    buf_release(&p->run);
    buf_release(&p->owner);
    free(p->changes);
    memset(p, 0, sizeof *p);
}
