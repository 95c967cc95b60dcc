#include "agent/map/condition.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/map/condition_node.h"

void condition_free(struct condition *c) {
    if (!c) return;
    arena_release(&c->arena);
    free(c);
}

size_t condition_names(const struct condition *c) {
    return c->nnames;
}

const char *condition_name(const struct condition *c, size_t slot) {
    return c->names[slot];
}

/* ---- Checking literals against columns ---- */

static enum literal_kind wanted_literal(enum value_kind k) {
    switch (k) {
    case VALUE_BOOL: return LITERAL_BOOL;
    case VALUE_INT:
    case VALUE_UINT:
    case VALUE_FLOAT:
    case VALUE_DOUBLE:
    case VALUE_DECIMAL: return LITERAL_NUMBER;
    default: return LITERAL_TEXT;
    }
}

static int check_literal(const struct literal *l, const struct column *col, struct err *e) {
    static const char *const holds[] = {"is compared as text: write 'A'", "holds numbers: write 12.5",
                                        "holds booleans: write true or false"};
    enum literal_kind wanted = wanted_literal(col->kind);
    if (l->kind == wanted) return 0;
    return err_set(e, ERR_CONFIG, "character %zu: column %s (%s) %s", l->place, col->name, col->type,
                   holds[wanted]);
}

static int check_test(const struct node *n, const struct column *col, struct err *e) {
    for (const struct literal *l = n->literals; l; l = l->next)
        if (check_literal(l, col, e)) return -1;
    if (n->kind != NODE_COMPARE || n->compare == COMPARE_EQ || n->compare == COMPARE_NE) return 0;
    if (col->kind == VALUE_TEXT || wanted_literal(col->kind) == LITERAL_NUMBER) return 0;
    return err_set(e, ERR_CONFIG, "character %zu: column %s (%s) has no order here: only =, != and in",
                   n->literals->place, col->name, col->type);
}

static int check_node(const struct node *n, const struct column *const *columns, struct err *e) {
    if (!n->child) return check_test(n, columns[n->slot], e);
    for (n = n->child; n; n = n->next)
        if (check_node(n, columns, e)) return -1;
    return 0;
}

int condition_check(const struct condition *c, const struct column *const *columns, struct err *e) {
    return check_node(c->root, columns, e);
}

/* ---- Evaluating ---- */

struct eval {
    const struct condition *c;
    const struct value *const *values;
    struct buf *scratch;
    struct err *e;
};

static int sign(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

/* NaN is above all and equals itself; a literal is never NaN. */
static int compare_double(double a, double b) {
    if (isnan(a)) return 1;
    return (a > b) - (a < b);
}

static int compare_text(const char *a, size_t na, const char *b, size_t nb) {
    size_t shorter = na < nb ? na : nb;
    int rc = shorter ? memcmp(a, b, shorter) : 0;
    return rc ? rc : (na > nb) - (na < nb);
}

static int not_comparable(const struct eval *ev, const struct node *n) {
    return err_set(ev->e, ERR_DATA, "column %s holds a value that `when` cannot compare",
                   ev->c->names[n->slot]);
}

/* A number of any kind, by its text. */
static int compare_number(const struct eval *ev, const struct node *n, const struct value *v,
                          const struct literal *l, int *out) {
    struct decimal d;
    const char *text = v->text;
    size_t len = v->len;
    if (v->kind != VALUE_DECIMAL) {
        ev->scratch->len = 0;
        value_format(v, ev->scratch);
        if (buf_failed(ev->scratch)) return err_memory(ev->e, "evaluating a condition");
        text = (const char *)ev->scratch->data;
        len = ev->scratch->len;
    }
    if (!decimal_parse(text, len, &d)) return not_comparable(ev, n);
    *out = decimal_compare(&d, &l->number);
    return 0;
}

static int compare_as_text(const struct eval *ev, const struct value *v, const struct literal *l, int *out) {
    if (v->state == VALUE_INVALID || v->kind == VALUE_TEXT || v->kind == VALUE_ENUM) {
        *out = compare_text(v->text, v->len, l->text, l->len);
        return 0;
    }
    ev->scratch->len = 0;
    value_format(v, ev->scratch);
    if (buf_failed(ev->scratch)) return err_memory(ev->e, "evaluating a condition");
    *out = compare_text((const char *)ev->scratch->data, ev->scratch->len, l->text, l->len);
    return 0;
}

/* Where the value stands to the literal: negative, 0, positive. */
static int compare(const struct eval *ev, const struct node *n, const struct value *v,
                   const struct literal *l, int *out) {
    if (l->kind == LITERAL_TEXT) {
        if (v->state == VALUE_PRESENT && wanted_literal(v->kind) != LITERAL_TEXT)
            return not_comparable(ev, n);
        return compare_as_text(ev, v, l, out);
    }
    if (v->state != VALUE_PRESENT || wanted_literal(v->kind) != l->kind) return not_comparable(ev, n);
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL: *out = v->v.b - l->is_true; return 0;
    case VALUE_FLOAT: *out = compare_double(v->v.d, (double)(float)l->d); return 0;
    case VALUE_DOUBLE: *out = compare_double(v->v.d, l->d); return 0;
    case VALUE_INT:
        if (!l->is_int) break;
        *out = sign(v->v.i, l->i);
        return 0;
    default: break;
    }
    return compare_number(ev, n, v, l, out);
}

static enum condition_result truth(bool is) {
    return is ? CONDITION_TRUE : CONDITION_FALSE;
}

static bool holds(enum node_compare how, int order) {
    switch (how) {
    case COMPARE_EQ: return order == 0;
    case COMPARE_NE: return order != 0;
    case COMPARE_LT: return order < 0;
    case COMPARE_LE: return order <= 0;
    case COMPARE_GT: return order > 0;
    case COMPARE_GE: return order >= 0;
    }
    return false;
}

static int eval_test(const struct eval *ev, const struct node *n, enum condition_result *out) {
    const struct value *v = ev->values[n->slot];
    *out = v->state == VALUE_NULL ? CONDITION_UNKNOWN : CONDITION_FALSE;
    if (n->kind == NODE_NULL) {
        *out = truth(v->state == VALUE_NULL);
        return 0;
    }
    for (const struct literal *l = n->literals; l && *out == CONDITION_FALSE; l = l->next) {
        int order = 0;
        if (compare(ev, n, v, l, &order)) return -1;
        *out = truth(holds(n->compare, order));
    }
    return 0;
}

static int eval_node(const struct eval *ev, const struct node *n, enum condition_result *out) {
    enum condition_result r;
    if (!n->child) return eval_test(ev, n, out);
    if (n->kind == NODE_NOT) {
        if (eval_node(ev, n->child, &r)) return -1;
        *out = r == CONDITION_UNKNOWN ? r : truth(r == CONDITION_FALSE);
        return 0;
    }
    enum condition_result decides = truth(n->kind == NODE_OR);
    *out = truth(n->kind == NODE_AND);
    for (n = n->child; n && *out != decides; n = n->next) {
        if (eval_node(ev, n, &r)) return -1;
        if (r != truth(decides == CONDITION_FALSE)) *out = r;
    }
    return 0;
}

int condition_eval(const struct condition *c, const struct value *const *values, struct buf *scratch,
                   enum condition_result *out, struct err *e) {
    struct eval ev = {.c = c, .values = values, .scratch = scratch, .e = e};
    return eval_node(&ev, c->root, out);
}
