/*
 * statement_parser: a statement being read, one token ahead. For statement.c and its parts.
 *
 * A reader of a kind of statement is called behind its first word and returns true when it understood all
 * that matters; false makes the statement a STATEMENT_WRITE.
 */
#ifndef TAILRACE_DECODERS_BINLOG_STATEMENT_PARSER_H
#define TAILRACE_DECODERS_BINLOG_STATEMENT_PARSER_H

#include "decoders/binlog/sql_token.h"
#include "decoders/binlog/statement.h"

struct statement_parser {
    struct sql_reader in;
    struct sql_token t; /* the next token */
    unsigned depth;     /* of parentheses, in front of it */
    struct text database;
    struct arena *arena;
    struct statement *out;
    size_t cap; /* of out->tables */
    bool no_memory;
};

/* Takes the next token. */
void parser_next(struct statement_parser *p);

/* Takes the next token when it is this word, or this sign; tells whether it was. */
bool parser_word(struct statement_parser *p, const char *word);
bool parser_sign(struct statement_parser *p, char sign);

/* Takes the next token when it is one of the words, a list closed by NULL. */
bool parser_any(struct statement_parser *p, const char *const *words);

/* Takes [IF [NOT] EXISTS]. */
void parser_exists(struct statement_parser *p);

/* Takes a name. */
bool parser_name(struct statement_parser *p, struct text *out);

/* Takes [database.]name and adds it to the statement's tables. */
bool parser_table(struct statement_parser *p);

/* Adds a table. */
bool parser_add(struct statement_parser *p, struct text database, struct text name);

/* True when nothing but a semicolon follows, and the text was whole. */
bool parser_end(struct statement_parser *p);

/* Readers in statement_ddl.c. */
bool statement_create(struct statement_parser *p);
bool statement_alter(struct statement_parser *p);
bool statement_drop(struct statement_parser *p);
bool statement_rename(struct statement_parser *p);
bool statement_truncate(struct statement_parser *p);

/* Reader in statement_xa.c. */
bool statement_xa(struct statement_parser *p);

#endif
