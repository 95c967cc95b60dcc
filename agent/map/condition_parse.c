#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/map/condition_node.h"

/* Recursive descent over one token of look-ahead. */

enum token {
    TOKEN_END,
    TOKEN_WORD,   /* column or word of the language */
    TOKEN_QUOTED, /* column in double quotes */
    TOKEN_TEXT,
    TOKEN_NUMBER,
    TOKEN_COMPARE,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
};

struct parser {
    struct condition *c;
    const char *text;
    const char *at; /* behind the token */
    enum token token;
    const char *start; /* of the token */
    size_t len;
    enum node_compare compare;
    int depth;
    struct err *e;
};

/* An error at the token: "character 12: expected a column, found 'and'". */
static int expected(struct parser *p, const char *what) {
    size_t place = (size_t)(p->start - p->text) + 1;
    if (p->token == TOKEN_END)
        return err_set(p->e, ERR_CONFIG, "character %zu: expected %s, but the condition ends", place, what);
    int len = p->len > 40 ? 40 : (int)p->len;
    return err_set(p->e, ERR_CONFIG, "character %zu: expected %s, found %.*s", place, what, len, p->start);
}

static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static int take(struct parser *p, enum token token, size_t len) {
    p->token = token;
    p->len = len;
    p->at = p->start + len;
    return 0;
}

static int take_quoted(struct parser *p, enum token token) {
    const char quote = *p->start;
    for (size_t n = 1; p->start[n]; n++) {
        if (p->start[n] != quote) continue;
        if (p->start[n + 1] != quote) return take(p, token, n + 1);
        n++;
    }
    return err_set(p->e, ERR_CONFIG, "character %zu: the quote %c is not closed",
                   (size_t)(p->start - p->text) + 1, quote);
}

static int take_number(struct parser *p) {
    size_t n = 0;
    while (p->start[n] == '-' || p->start[n] == '+' || p->start[n] == '.' || is_name(p->start[n])) n++;
    return take(p, TOKEN_NUMBER, n);
}

static int take_compare(struct parser *p) {
    static const struct {
        const char *text;
        enum node_compare compare;
    } signs[] = {
        {"!=", COMPARE_NE}, {"<>", COMPARE_NE}, {"<=", COMPARE_LE}, {">=", COMPARE_GE},
        {"=", COMPARE_EQ},  {"<", COMPARE_LT},  {">", COMPARE_GT},
    };
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        size_t len = strlen(signs[i].text);
        if (strncmp(p->start, signs[i].text, len) != 0) continue;
        p->compare = signs[i].compare;
        return take(p, TOKEN_COMPARE, len);
    }
    take(p, TOKEN_WORD, 1);
    return expected(p, "a column, a value or an operator");
}

static int next(struct parser *p) {
    p->start = p->at + strspn(p->at, " \t\r\n");
    char c = *p->start;
    if (!c) return take(p, TOKEN_END, 0);
    if (c == '(') return take(p, TOKEN_OPEN, 1);
    if (c == ')') return take(p, TOKEN_CLOSE, 1);
    if (c == ',') return take(p, TOKEN_COMMA, 1);
    if (c == '\'') return take_quoted(p, TOKEN_TEXT);
    if (c == '"') return take_quoted(p, TOKEN_QUOTED);
    if (is_digit(c) || c == '-' || c == '+' || c == '.') return take_number(p);
    if (!is_name(c)) return take_compare(p);
    size_t n = 1;
    while (is_name(p->start[n])) n++;
    return take(p, TOKEN_WORD, n);
}

static bool is_word(const struct parser *p, const char *word) {
    return p->token == TOKEN_WORD && p->len == strlen(word) && strncasecmp(p->start, word, p->len) == 0;
}

static bool is_reserved(const struct parser *p) {
    static const char *const words[] = {"and", "or", "not", "in", "is", "null", "true", "false"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (is_word(p, words[i])) return true;
    return false;
}

static void *make(struct parser *p, size_t size) {
    void *it = arena_calloc(&p->c->arena, 1, size);
    if (!it) err_memory(p->e, "compiling a condition");
    return it;
}

/* The token without its quotes, doubled ones undoubled; NULL without memory. */
static char *unquote(struct parser *p, size_t *len) {
    char *out = make(p, p->len);
    if (!out) return NULL;
    size_t n = 0;
    for (size_t i = 1; i + 1 < p->len; i++) {
        out[n++] = p->start[i];
        if (p->start[i] == *p->start) i++;
    }
    *len = n;
    return out;
}

static int parse_column(struct parser *p, uint16_t *slot) {
    char *name;
    size_t len = p->len;
    if (p->token == TOKEN_QUOTED)
        name = unquote(p, &len);
    else if (p->token == TOKEN_WORD && !is_reserved(p))
        name = make(p, p->len + 1);
    else
        return expected(p, "a column");
    if (!name) return -1;
    if (p->token == TOKEN_WORD) memcpy(name, p->start, p->len);
    if (len == 0) return expected(p, "a column's name");
    struct condition *c = p->c;
    for (*slot = 0; *slot < c->nnames && strcmp(c->names[*slot], name) != 0;) ++*slot;
    if (*slot == c->nnames) c->names[c->nnames++] = name;
    return next(p);
}

static int parse_number(struct parser *p, struct literal *l) {
    char *text = make(p, p->len + 1);
    if (!text) return -1;
    memcpy(text, p->start, p->len);
    if (!decimal_parse(text, p->len, &l->number) || l->number.class != DECIMAL_FINITE)
        return expected(p, "a number such as -12.50");
    l->kind = LITERAL_NUMBER;
    l->text = text;
    l->len = p->len;
    l->d = strtod(text, NULL);
    errno = 0;
    l->i = strtoll(text, NULL, 10);
    l->is_int = errno == 0 && l->number.nfraction == 0;
    return 0;
}

static int parse_literal(struct parser *p, struct literal **out) {
    struct literal *l = make(p, sizeof(*l));
    if (!l) return -1;
    l->place = (size_t)(p->start - p->text) + 1;
    if (p->token == TOKEN_TEXT) {
        l->kind = LITERAL_TEXT;
        l->text = unquote(p, &l->len);
        if (!l->text) return -1;
    } else if (p->token == TOKEN_NUMBER) {
        if (parse_number(p, l)) return -1;
    } else if (is_word(p, "true") || is_word(p, "false")) {
        l->kind = LITERAL_BOOL;
        l->is_true = is_word(p, "true");
    } else if (is_word(p, "null")) {
        return expected(p, "a value ('text', a number, true or false; for null write \"is null\")");
    } else {
        return expected(p, "a value ('text', a number, true or false)");
    }
    *out = l;
    return next(p);
}

static int parse_is(struct parser *p, struct node *n, bool *negated) {
    if (next(p)) return -1;
    *negated = is_word(p, "not");
    if (*negated && next(p)) return -1;
    if (!is_word(p, "null")) return expected(p, *negated ? "null" : "null or not null");
    n->kind = NODE_NULL;
    return next(p);
}

static int parse_in(struct parser *p, struct node *n) {
    if (next(p)) return -1;
    if (p->token != TOKEN_OPEN) return expected(p, "( behind in");
    n->kind = NODE_IN;
    n->compare = COMPARE_EQ;
    struct literal **end = &n->literals;
    do {
        if (next(p) || parse_literal(p, end)) return -1;
        end = &(*end)->next;
    } while (p->token == TOKEN_COMMA);
    if (p->token != TOKEN_CLOSE) return expected(p, ", or )");
    return next(p);
}

static int parse_test(struct parser *p, struct node **out) {
    struct node *n = make(p, sizeof(*n));
    if (!n || parse_column(p, &n->slot)) return -1;
    bool negated = false;
    int rc;
    if (p->token == TOKEN_COMPARE) {
        n->kind = NODE_COMPARE;
        n->compare = p->compare;
        rc = next(p) || parse_literal(p, &n->literals);
    } else if (is_word(p, "is")) {
        rc = parse_is(p, n, &negated);
    } else {
        negated = is_word(p, "not");
        if (negated && next(p)) return -1;
        rc = is_word(p, "in") ? parse_in(p, n)
                              : expected(p, negated ? "in" : "an operator (=, !=, <, <=, >, >=, is, in)");
    }
    if (rc) return -1;
    *out = n;
    if (!negated) return 0;
    struct node *not = make(p, sizeof(*not ));
    if (!not ) return -1;
    not ->kind = NODE_NOT;
    not ->child = n;
    *out = not ;
    return 0;
}

static int parse_any(struct parser *p, struct node **out);

static int parse_negation(struct parser *p, struct node **out) {
    bool not = is_word(p, "not");
    if (!not &&p->token != TOKEN_OPEN) return parse_test(p, out);
    if (++p->depth > CONDITION_DEPTH)
        return err_set(p->e, ERR_CONFIG, "character %zu: more than %d parentheses and nots inside each other",
                       (size_t)(p->start - p->text) + 1, CONDITION_DEPTH);
    if (next(p)) return -1;
    if (not ) {
        struct node *n = make(p, sizeof(*n));
        if (!n || parse_negation(p, &n->child)) return -1;
        n->kind = NODE_NOT;
        *out = n;
    } else {
        if (parse_any(p, out)) return -1;
        if (p->token != TOKEN_CLOSE) return expected(p, "and, or, or )");
        if (next(p)) return -1;
    }
    p->depth--;
    return 0;
}

/* Operands joined by `word`; one alone stays as it is. */
static int parse_joined(struct parser *p, const char *word, enum node_kind kind,
                        int (*operand)(struct parser *, struct node **), struct node **out) {
    if (operand(p, out)) return -1;
    if (!is_word(p, word)) return 0;
    struct node *n = make(p, sizeof(*n));
    if (!n) return -1;
    n->kind = kind;
    n->child = *out;
    *out = n;
    struct node **end = &n->child;
    while (is_word(p, word)) {
        end = &(*end)->next;
        if (next(p) || operand(p, end)) return -1;
    }
    return 0;
}

static int parse_all(struct parser *p, struct node **out) {
    return parse_joined(p, "and", NODE_AND, parse_negation, out);
}

static int parse_any(struct parser *p, struct node **out) {
    return parse_joined(p, "or", NODE_OR, parse_all, out);
}

int condition_parse(const char *text, struct condition **out, struct err *e) {
    size_t len = strlen(text);
    if (len >= UINT16_MAX)
        return err_set(e, ERR_CONFIG, "the condition is longer than %d bytes", UINT16_MAX - 1);
    struct condition *c = calloc(1, sizeof(*c));
    if (!c) return err_memory(e, "compiling a condition");
    struct parser p = {.c = c, .text = text, .at = text, .e = e};
    c->names = arena_calloc(&c->arena, len + 1, sizeof(*c->names)); /* fewer names than characters */
    if (!c->names) {
        err_memory(e, "compiling a condition");
        goto fail;
    }
    if (next(&p) || parse_any(&p, &c->root)) goto fail;
    if (p.token != TOKEN_END) {
        expected(&p, "and, or, or the end");
        goto fail;
    }
    *out = c;
    return 0;
fail:
    condition_free(c);
    return -1;
}
