#include "decoders/binlog/statement_parser.h"

#include <string.h>

void parser_next(struct statement_parser *p) {
    if (sql_is_sign(&p->t, '(')) p->depth++;
    if (sql_is_sign(&p->t, ')') && p->depth) p->depth--;
    sql_next(&p->in, &p->t);
}

bool parser_word(struct statement_parser *p, const char *word) {
    if (!sql_is_word(&p->t, word)) return false;
    parser_next(p);
    return true;
}

bool parser_sign(struct statement_parser *p, char sign) {
    if (!sql_is_sign(&p->t, sign)) return false;
    parser_next(p);
    return true;
}

bool parser_any(struct statement_parser *p, const char *const *words) {
    for (; *words; words++)
        if (parser_word(p, *words)) return true;
    return false;
}

void parser_exists(struct statement_parser *p) {
    if (!parser_word(p, "IF")) return;
    parser_word(p, "NOT");
    parser_word(p, "EXISTS");
}

bool parser_name(struct statement_parser *p, struct text *out) {
    if (p->t.kind == SQL_WORD) {
        *out = p->t.text;
    } else if (p->t.kind != SQL_QUOTED) {
        return false;
    } else if (!sql_unquote(&p->in, &p->t, p->arena, out)) {
        p->no_memory = true;
        return false;
    }
    parser_next(p);
    return true;
}

bool parser_add(struct statement_parser *p, struct text database, struct text name) {
    struct statement *s = p->out;
    if (s->ntables == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 2;
        struct statement_table *tables = arena_calloc(p->arena, cap, sizeof(*tables));
        if (!tables) {
            p->no_memory = true;
            return false;
        }
        if (s->ntables) memcpy(tables, s->tables, s->ntables * sizeof(*tables));
        s->tables = tables;
        p->cap = cap;
    }
    s->tables[s->ntables++] = (struct statement_table){.database = database, .name = name};
    return true;
}

bool parser_table(struct statement_parser *p) {
    struct text first, second;
    bool of_default = parser_sign(p, '.'); /* .name, as ODBC writes it */
    if (!parser_name(p, &first)) return false;
    if (of_default || !parser_sign(p, '.')) return parser_add(p, p->database, first);
    return parser_name(p, &second) && parser_add(p, first, second);
}

bool parser_end(struct statement_parser *p) {
    while (parser_sign(p, ';')) {
    }
    return p->t.kind == SQL_END && !p->in.broken;
}
