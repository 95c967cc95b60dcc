/*
 * condition_node: what a condition is compiled to. For condition.c and condition_parse.c only.
 */
#ifndef TAILRACE_AGENT_MAP_CONDITION_NODE_H
#define TAILRACE_AGENT_MAP_CONDITION_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/map/condition.h"
#include "agent/map/decimal.h"
#include "decoders/arena.h"

/* How deep parentheses and `not` may nest: bounds the recursion of parsing and of evaluating. */
#define CONDITION_DEPTH 50

enum node_kind { NODE_OR, NODE_AND, NODE_NOT, NODE_COMPARE, NODE_NULL, NODE_IN };
enum node_compare { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE };
enum literal_kind { LITERAL_TEXT, LITERAL_NUMBER, LITERAL_BOOL };

struct literal {
    struct literal *next; /* in a list of IN */
    enum literal_kind kind;
    size_t place;     /* character in the text, from 1 */
    const char *text; /* undoubled text, or the number as written; NUL-terminated */
    size_t len;
    bool is_true;
    struct decimal number;
    bool is_int; /* the number fits `i` */
    int64_t i;
    double d;
};

struct node {
    enum node_kind kind;
    enum node_compare compare; /* COMPARE; IN: EQ */
    uint16_t slot;             /* column of a test */
    struct literal *literals;  /* COMPARE: one, IN: a list */
    struct node *child;        /* OR, AND, NOT: first operand */
    struct node *next;         /* next operand of the same OR or AND */
};

struct condition {
    struct arena arena; /* nodes, literals, names */
    struct node *root;
    const char **names;
    uint16_t nnames;
};

#endif
